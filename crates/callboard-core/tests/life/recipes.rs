//! Recipes that cannot be, each told with its step and place before anything is started.

use crate::workflows::board;
use callboard_protocol::{Node, caps, error::ErrorCode};

/// The problems as `path message`.
fn problems(recipe: &str) -> Vec<String> {
    let mut board = board();
    let args = format!(r#"{{"id":"w","recipe":{recipe}}}"#);
    let refused = board.say("workflows.start", &args).expect_err(recipe);
    assert_eq!(refused.code, ErrorCode::InvalidArgs, "{recipe}");
    assert_eq!(board.at("/workflows"), Node::Null, "nothing is started");
    let Some(Node::Array(problems)) = refused.details.as_ref().and_then(|details| details.child("problems"))
    else {
        return vec![refused.message];
    };
    let text = |problem: &Node, name: &str| {
        problem.child(name).and_then(Node::as_str).unwrap_or_default().to_owned()
    };
    problems.iter().map(|problem| format!("{} {}", text(problem, "path"), text(problem, "message"))).collect()
}

fn with_steps(steps: &str) -> Vec<String> {
    problems(&format!(r#"{{"name":"n","steps":{steps}}}"#))
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (steps, told) in [
        ("[]", "/steps steps: there is none"),
        (
            r#"[{"id":"a","kind":"k","needs":["b"]},{"id":"b","kind":"k","needs":["c"]},{"id":"c","kind":"k","needs":["a"]}]"#,
            "/steps/0/needs needs: these steps need each other in a circle: a -> b -> c -> a",
        ),
        (
            r#"[{"id":"z","kind":"k"},{"id":"a","kind":"k","args":"${steps.a.result}"}]"#,
            "/steps/1/needs needs: these steps need each other in a circle: a -> a",
        ),
        (
            r#"[{"id":"a","kind":"k","needs":["x"]}]"#,
            "/steps/0/needs/0 needs: there is no step \"x\"; there are a",
        ),
        (r#"[{"id":"a","kind":"k"},{"id":"a","kind":"k"}]"#, "/steps/1/id another step has this id"),
        (r#"[{"id":"a b","kind":"k"}]"#, "/steps/0/id id: \"a b\" must be"),
        (r#"[{"id":"a.b","kind":"k"}]"#, "/steps/0/id id:"),
        (r#"[{"id":"","kind":"k"}]"#, "/steps/0/id id:"),
        (r#"[{"id":"a","kind":""}]"#, "/steps/0/kind kind:"),
        (
            r#"[{"id":"a","kind":"k","args":{"deep":["${steps.b.result}"]}}]"#,
            "/steps/0/args args: ${steps.b.result}: there is no step \"b\"",
        ),
        (
            r#"[{"id":"a","kind":"k","args":{"deep":[1,"${nope}"]}}]"#,
            "/steps/0/args/deep/1 args.deep.1: ${nope} names nothing",
        ),
        (r#"[{"id":"a","kind":"k","args":{"x":"${input.y"}}]"#, "/steps/0/args/x args.x: a ${ is not closed"),
        (
            r#"[{"id":"a","kind":"k","args":"${item}"}]"#,
            "/steps/0/args args: ${item}: the step has no forEach",
        ),
        (
            r#"[{"id":"a","kind":"k","args":"${result}"}]"#,
            "/steps/0/args args: ${result}: only a compensation",
        ),
        (
            r#"[{"id":"a","kind":"k","forEach":[1],"when":"${item} > 1"}]"#,
            "/steps/0/when when: ${item}: there is no item yet",
        ),
        (r#"[{"id":"a","kind":"k","when":"${input.x} >"}]"#, "/steps/0/when when: column 13:"),
        (r#"[{"id":"a","kind":"k","forEach":5}]"#, "/steps/0/forEach forEach: it must be a list"),
        (
            r#"[{"id":"a","kind":"k","forEach":"a ${input.x}"}]"#,
            "/steps/0/forEach forEach: it must be a list",
        ),
        (r#"[{"id":"a","kind":"k","maxAttempts":0}]"#, "/steps/0/maxAttempts maxAttempts:"),
        (r#"[{"id":"a","kind":"k","timeoutMs":0}]"#, "/steps/0/timeoutMs timeoutMs:"),
        (r#"[{"id":"a","kind":"k","retry":{"factor":0.5}}]"#, "/steps/0/retry retry:"),
        (r#"[{"id":"a","kind":"k","priority":99999999}]"#, "/steps/0/priority priority:"),
        (
            r#"[{"id":"a","kind":"k","compensate":{"kind":"k","args":"${steps.b.result}"}},{"id":"b","kind":"k"}]"#,
            "/steps/0/compensate/args compensate: ${steps.b.result} looks at a step that this one does not need",
        ),
        (
            r#"[{"id":"a","kind":"k","compensate":{"kind":"k","args":{"x":"${bad}"}}}]"#,
            "/steps/0/compensate/args/x compensate.args.x: ${bad} names nothing",
        ),
        (
            r#"[{"id":"a","kind":"k","compensate":{"kind":"a b"}}]"#,
            "/steps/0/compensate/kind compensate.kind:",
        ),
        (
            r#"[{"id":"a","kind":"k","typo":1}]"#,
            "the arguments of workflows.start do not fit: unknown field `typo`",
        ),
        (r#"[{"kind":"k"}]"#, "the arguments of workflows.start do not fit: missing field `id`"),
        ("5", "the arguments of workflows.start do not fit"),
    ] {
        let found = with_steps(steps);
        assert!(found.iter().any(|problem| problem.starts_with(told)), "{steps}: {found:#?}");
    }
}

#[test]
fn all_problems_are_told_at_once_and_bounded() {
    let two = with_steps(r#"[{"id":"a","kind":"k","needs":["x"]},{"id":"b","kind":"k","when":"&"}]"#);
    assert_eq!(two.len(), 2);
    let many: Vec<String> =
        (0..caps::STEPS).map(|n| format!(r#"{{"id":"s{n}","kind":"k","needs":["x"]}}"#)).collect();
    assert_eq!(with_steps(&format!("[{}]", many.join(","))).len(), caps::RECIPE_PROBLEMS);
    let steps: Vec<String> = (0..=caps::STEPS).map(|n| format!(r#"{{"id":"s{n}","kind":"k"}}"#)).collect();
    assert!(
        with_steps(&format!("[{}]", steps.join(",")))[0].starts_with("/steps steps: 201 are more than 200")
    );
    let list = vec!["1"; caps::STEP_ITEMS + 1].join(",");
    assert!(
        with_steps(&format!(r#"[{{"id":"a","kind":"k","forEach":[{list}]}}]"#))[0]
            .contains("at most 1000 items")
    );
    assert!(problems(r#"{"name":"","steps":[{"id":"a","kind":"k"}]}"#)[0].starts_with("/name"));
    assert!(problems(r#"{"name":"n","input":[],"steps":[{"id":"a","kind":"k"}]}"#)[0].starts_with("/input"));
}

#[test]
fn sizes_and_names_are_limited() {
    let mut board = board();
    let recipe = r#"{"name":"n","steps":[{"id":"a","kind":"k"}]}"#;
    let large = "x".repeat(caps::RECIPE_BYTES);
    for (args, code) in [
        (format!(r#"{{"id":"w","recipe":{recipe},"input":{{"x":"{large}"}}}}"#), ErrorCode::TooLarge),
        (
            format!(
                r#"{{"id":"w","recipe":{{"name":"n","steps":[{{"id":"a","kind":"k","args":"{large}"}}]}}}}"#
            ),
            ErrorCode::TooLarge,
        ),
        (format!(r#"{{"id":"w","recipe":{recipe},"input":[1]}}"#), ErrorCode::InvalidArgs),
        (format!(r#"{{"id":"a:b","recipe":{recipe}}}"#), ErrorCode::InvalidArgs),
        (format!(r#"{{"id":"{}","recipe":{recipe}}}"#, "x".repeat(65)), ErrorCode::InvalidArgs),
        (format!(r#"{{"id":"__proto__","recipe":{recipe}}}"#), ErrorCode::InvalidArgs),
    ] {
        assert_eq!(board.say("workflows.start", &args).expect_err("refused").code, code);
    }
    board.dispatch("w:a", |_| ());
    let taken = board.say("workflows.start", &format!(r#"{{"id":"w","recipe":{recipe}}}"#));
    assert_eq!(taken.expect_err("a job has the name").code, ErrorCode::Conflict);
}
