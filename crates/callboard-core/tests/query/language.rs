//! One table of what fits a record and what does not, and one of what cannot be read.

use crate::records::{NOW, record};
use callboard_core::{Query, QueryError};
use callboard_protocol::{Time, caps, error::ErrorCode, error::Rejection};
use serde_json::json;

fn query(text: &str) -> Query {
    Query::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> QueryError {
    Query::parse(text).expect_err(text)
}

#[test]
fn what_fits() {
    let job = record(json!({}));
    for text in [
        "",
        "  ",
        "state:failed",
        "state:running,failed",
        "state:finished",
        "-state:active",
        "-state:queued,running",
        "kind:render.page",
        "kind:render.*",
        "kind:*page",
        "kind:r*r.*e",
        "kind:*",
        "kind:a,render.page",
        "kind:/^render/",
        "kind~PAGE",
        "-kind:mail.*",
        "queue:gpu",
        "queue:\"gpu\"",
        "id:0198",
        "id:0198-a",
        "id:*-a",
        "id:\"0198-a\"",
        "tag:a",
        "tag:night*",
        "tag:b,a",
        "-tag:b",
        "by:operator:*",
        "schedule:hourly",
        "schedule:*",
        "-worker:*",
        "-workflow:*",
        "title:light",
        "title:LIGHT*",
        "title:/^A L/",
        "error:timeout",
        "error:\"limit of 90\"",
        "error:/TIMEOUT|crash/i",
        "error:*",
        "-error:/crash/",
        "priority:-5",
        "priority:<0",
        "priority:-10..0",
        "attempt:2",
        "attempt:>=2",
        "attempt:1,2",
        "attempt:..2",
        "attempt:2..",
        "attempt:=2",
        "age:>1h",
        "age:>=2h",
        "age:<=2h",
        "age:<1d",
        "age:1h..3h",
        "age:>1h59m59s",
        "took:>30s",
        "took:90s..91s",
        "took:<1.5m,>80s",
        "created:2026-11-21",
        "created:<now",
        "created:2026-11-20..2026-11-22",
        "created:2026-11-21T10:00",
        "created:2026-11-21T10:00Z",
        "created:2026-11-21T10:00:00Z",
        "created:2026-11-21T12:00+02:00",
        "created:>2026-11-20",
        "created:>=2026-11-21",
        "created:<=2026-11-21",
        "created:now-3h..now-1h",
        "finished:>now-1h",
        "finished:2026-11-21T11:01",
        "started:2026-11-21T11:00:00.000Z",
        "-due:*",
        "finished:*",
        "-due:>now",
        "args.prompt~\"light\"",
        "payload.prompt~LIGHT",
        "args.prompt:/dusk$/",
        "args.prompt:a*",
        "args.size:512",
        "args.size:>100",
        "args.size:512.0",
        "args.size:500..600",
        "args.ratio:1.5",
        "args.draft:false",
        "args.seed:null",
        "args.seed:*",
        "args.layers.1.name:sea",
        "args.words:two",
        "args.words:one,three",
        "-args.none:*",
        "result.pages:3",
        "args~lighthouse",
        "-args~hamster",
        "lighthouse",
        "\"A LIGHT\"",
        "dusk",
        "\"half way\"",
        "0198",
        "nightly",
        "-\"free text\"",
        "state:failed kind:render.* \"at dusk\" -tag:b",
    ] {
        assert!(query(text).fits(&job, NOW), "{text:?} must fit");
    }
    for text in [
        "state:running",
        "-state:failed",
        "state:active",
        "kind:render",
        "kind:Render.page",
        "kind:render.pag?",
        "kind:\"render.*\"",
        "-kind:*",
        "queue:g",
        "id:198",
        "id:\"0198\"",
        "tag:night",
        "-tag:a,b",
        "worker:*",
        "workflow:w",
        "schedule:hour",
        "error:crash",
        "-error:*",
        "error:/TIMEOUT/",
        "priority:5",
        "priority:>-5",
        "attempt:>2",
        "attempt:1,3",
        "attempt:..1",
        "age:<2h",
        "age:>2h",
        "took:<90s",
        "created:2026-11-20",
        "created:>2026-11-21",
        "created:<2026-11-21",
        "created:2026-11-21T10:01",
        "finished:<now-1h",
        "due:<now",
        "args.prompt~shed",
        "args.prompt:lighthouse",
        "args.size:51",
        "args.size:>512",
        "args.size:/51/",
        "args.draft:true",
        "args.draft:0",
        "args.none:*",
        "args.layers.2.name:sea",
        "args.words:three",
        "args:lighthouse",
        "hamster",
        "-lighthouse",
        "lighthouse hamster",
        "\"light house\"",
        "args.prompt.length:*",
    ] {
        assert!(!query(text).fits(&job, NOW), "{text:?} must not fit");
    }
}

#[test]
fn what_is_not_there_does_not_fit_and_ages_go_on() {
    let waiting = record(json!({ "state": "queued", "startedAt": null, "finishedAt": null, "error": null }));
    for text in ["took:>0s", "took:<1h", "started:<now", "finished:>1970-01-01", "error:*"] {
        assert!(!query(text).fits(&waiting, NOW), "{text}");
        assert!(query(&format!("-{text}")).fits(&waiting, NOW), "-{text}");
    }
    let running = record(json!({ "state": "running", "finishedAt": null }));
    let limit = query("took:>1h");
    assert!(!limit.fits(&running, NOW), "it has run for an hour");
    assert!(limit.fits(&running, NOW.plus_ms(1)));
    // A clock that was set back makes nothing negative.
    assert!(query("age:<1s").fits(&running, Time(0)));
}

#[test]
fn letters_and_signs_of_all_kinds_are_text() {
    let job = record(json!({ "title": "Köln \"am\" Rhein, 50% / a\\b", "args": { "a b": 1, "ü": "ÄRGER" } }));
    for text in [
        "KÖLN",
        "\"\\\"am\\\" rhein, 50%\"",
        "title:/50% \\/ a\\\\b$/",
        "a\\b",
        "\"a\\\\b\"",
        "args~ärger",
        "50%",
    ] {
        assert!(query(text).fits(&job, NOW), "{text}");
    }
}

#[test]
fn what_cannot_be_read_says_where_and_what_is_possible() {
    for (text, column, length, says) in [
        ("state:runing", 7, 6, "`runing` is no state; there are pending, scheduled, queued, running"),
        ("kind:a state:failed,done", 21, 4, "is no state"),
        ("state:/failed/", 7, 8, "is no state"),
        ("kid:a", 1, 3, "there is no field `kid`; there are state, kind, queue"),
        ("ä http://x", 3, 4, "put quotes around a text that has this sign"),
        ("-stat:failed", 2, 4, "there is no field `stat`"),
        ("state.x:failed", 1, 7, "there is no field `state.x`"),
        ("kind:", 6, 0, "`kind` wants a value here"),
        ("kind: a", 6, 0, "wants a value here"),
        ("kind:a, b", 8, 0, "wants a value here"),
        ("args.:1", 7, 1, "a dot without a name behind it"),
        ("args.a..b:1", 11, 1, "a dot without a name behind it"),
        ("\"never closed", 1, 13, "the closing `\"` is missing"),
        ("ü error:/never closed", 9, 13, "the closing `/` is missing"),
        ("kind:\"a\"b", 9, 1, "a space or a comma must follow"),
        ("error:/a/x", 10, 1, "`x` is no flag"),
        ("error:/a(b/", 7, 5, "no expression that can be used: unclosed group"),
        ("error:/(\\w{500}){500}/", 7, 16, "size limit"),
        ("attempt:two", 9, 3, "`attempt` wants a number, or >2"),
        ("attempt:>", 9, 1, "wants a number"),
        ("attempt:NaN", 9, 3, "wants a number"),
        ("priority:1..x", 10, 4, "wants a number"),
        ("age:1h", 5, 2, "with a sign in front: <1h"),
        ("age:<1y", 5, 3, "a length of time such as 90s"),
        ("age:<h", 5, 2, "a length of time"),
        ("age:<99999999w", 5, 10, "a length of time"),
        ("took:>", 6, 1, "a length of time"),
        ("created:yesterday", 9, 9, "a time such as 2026-11-21"),
        ("created:2026-13-01", 9, 10, "a time such as"),
        ("created:>9999-12-31", 9, 11, "a time such as"),
        ("created:now-", 9, 4, "a time such as"),
        ("created:\"2026-11-21\"", 9, 12, "a time such as"),
        ("state~fail", 1, 6, "`state` is no text"),
        ("args.size:>big", 11, 4, "a number must follow the sign"),
        ("-", 1, 1, "`-` wants a term"),
        ("a - b", 3, 1, "`-` wants a term"),
        ("a \"\"", 3, 2, "an empty text is everywhere"),
        (":x", 1, 0, "there is no field ``"),
        ("~x", 1, 0, "there is no field ``"),
    ] {
        let error = refused(text);
        assert_eq!((error.column, error.length), (column, length), "{text:?}: {error}");
        assert!(error.message.contains(says), "{text:?}: {error}");
    }
}

#[test]
fn length_and_values_are_limited() {
    assert!(Query::parse(&"x".repeat(caps::QUERY_BYTES)).is_ok());
    let error = refused(&"x".repeat(caps::QUERY_BYTES + 1));
    assert_eq!(error.column, caps::QUERY_BYTES + 1, "{error}");
    // The limit may fall within a character.
    assert!(refused(&"ü".repeat(caps::QUERY_BYTES)).message.contains("at most 2048 bytes"));
    let values = |count: usize| format!("tag:{}", vec!["a"; count].join(","));
    assert!(Query::parse(&values(caps::QUERY_VALUES)).is_ok());
    let error = refused(&format!("b {}", values(caps::QUERY_VALUES)));
    assert!(error.message.contains("at most 64 values"), "{error}");
}

#[test]
fn a_rejection_names_the_place() {
    let rejection = Rejection::from(refused("kind:a age:1h"));
    assert_eq!(rejection.code, ErrorCode::InvalidArgs);
    assert!(rejection.message.starts_with("the query cannot be read: column 12: "), "{}", rejection.message);
    assert_eq!(
        rejection.details.map(|facts| facts.to_string()).as_deref(),
        Some(r#"{"column":12,"length":2}"#)
    );
}

#[test]
fn the_examples_of_the_reference_can_be_read() {
    let page = include_str!("../../../../docs/reference/query.md");
    let examples = page.split("```query\n").skip(1).filter_map(|rest| rest.split("```").next());
    let examples: Vec<&str> = examples.flat_map(str::lines).collect();
    assert!(examples.len() >= 10, "{examples:?}");
    for example in examples {
        query(example);
    }
    // What the page says of mistakes is what is said: a text, a column, a sentence up to its ellipsis.
    let mistakes =
        page.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).expect("mistakes");
    for line in mistakes.lines() {
        let (text, error) = line.split_once(" column ").expect("two columns");
        let said = format!("column {}", error.trim_end_matches(", …"));
        let (start, end) = said
            .split_once('…')
            .map_or((said.as_str(), ""), |(start, end)| (start.trim_end_matches(", "), end));
        let error = refused(text.trim()).to_string();
        assert!(error.starts_with(start) && error.contains(end.trim_start_matches(", ")), "{error}");
    }
    // Every field is told of.
    let Err(error) = Query::parse("nothing:x") else { panic!("it is no field") };
    let names =
        error.message.split("there are ").nth(1).and_then(|rest| rest.split(';').next()).expect("names");
    for name in names.split(", ") {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}
