//! Bad input of the policies: refused by name, and nothing is changed.

use crate::kit::Board;
use callboard_protocol::error::ErrorCode;

#[test]
fn enormous_negative_and_senseless_input_is_refused_by_name() {
    let mut board = Board::new(1);
    board.dispatch("a", |_| ());
    let before = board.core.document().clone();
    let long = "x".repeat(1_000_000);
    let year = 365u64 * 86_400_000 + 1;
    let mut cases: Vec<(String, String, &str)> = Vec::new();
    for field in ["timeoutMs", "deadlineMs", "ttlMs", "delayMs"] {
        cases.push((
            "jobs.dispatch".into(),
            format!(r#"{{"id":"n","kind":"echo","{field}":{year}}}"#),
            field,
        ));
        cases.push((
            "jobs.dispatch".into(),
            format!(r#"{{"id":"n","kind":"echo","{field}":-1}}"#),
            "jobs.dispatch",
        ));
        cases.push(("jobs.dispatch".into(), format!(r#"{{"id":"n","kind":"echo","{field}":1e400}}"#), ""));
    }
    for field in ["queue", "concurrencyKey", "uniqueKey", "idempotencyKey"] {
        cases.push((
            "jobs.dispatch".into(),
            format!(r#"{{"id":"n","kind":"echo","{field}":"{long}"}}"#),
            field,
        ));
        cases.push(("jobs.dispatch".into(), format!(r#"{{"id":"n","kind":"echo","{field}":""}}"#), field));
    }
    for (name, args, word) in [
        ("jobs.dispatch", r#"{"id":"n","kind":"echo","priority":2000000}"#, "priority"),
        ("jobs.dispatch", r#"{"id":"n","kind":"echo","maxRetries":100}"#, "maxRetries"),
        ("jobs.dispatch", r#"{"id":"n","kind":"echo","maxRetries":1,"maxAttempts":2}"#, "maxRetries"),
        ("jobs.dispatch", r#"{"id":"n","kind":"echo","dependsOn":["n"]}"#, "itself"),
        ("jobs.dispatch", r#"{"id":"n","kind":"echo","uniquePolicy":"replace"}"#, "uniqueKey"),
        ("jobs.dispatch", r#"{"id":"n","kind":"echo","uniqueKey":"k","debounceMs":5}"#, "debounce"),
        ("jobs.dispatch", r#"{"id":"n","kind":"echo","idempotencyTtlMs":5}"#, "idempotencyKey"),
        ("jobs.dispatch", r#"{"id":"n","kind":"echo","onDependencyFailure":"fail"}"#, "dependsOn"),
        (
            "jobs.dispatch",
            r#"{"id":"n","kind":"echo","deadlineMs":5,"deadline":"2030-01-01T00:00:00Z"}"#,
            "deadline",
        ),
        ("jobs.clear", "[]", "not a list"),
        ("jobs.cancel", r#"["a"]"#, "not a list"),
        ("jobs.update", r#"{"id":"a","priority":-2000000}"#, "priority"),
        ("jobs.update", r#"{"id":"a","queue":"__proto__"}"#, "queue"),
        ("queues.configure", r#"{"queue":"q","concurrency":0}"#, "concurrency"),
        ("queues.configure", r#"{"queue":"q","concurrency":99999999}"#, "concurrency"),
        ("queues.configure", r#"{"queue":"q","rate":{"limit":0,"perMs":1}}"#, "rate"),
        ("queues.configure", r#"{"queue":"q","rate":{"limit":1,"perMs":0}}"#, "rate"),
        ("queues.configure", r#"{"queue":"q","keyRate":{"limit":1,"perMs":-1}}"#, "queues.configure"),
        ("queues.configure", r#"{"queue":"*","rate":{"limit":1,"perMs":1}}"#, "queue"),
        ("queues.configure", r#"{"queue":"constructor"}"#, "queue"),
        ("queues.configure", r#"{"queue":"q","kinds":{"a b":1}}"#, "kinds"),
    ] {
        cases.push((name.into(), args.into(), word));
    }
    for (name, args, word) in cases {
        let shown: String = args.chars().take(90).collect();
        let Ok(parsed) = serde_json::from_str(&args) else { continue };
        let refused = callboard_protocol::command::Command::parse(&name, &parsed)
            .and_then(|command| board.send(command).map(drop))
            .expect_err(&shown);
        assert_eq!(refused.code, ErrorCode::InvalidArgs, "{shown}: {}", refused.message);
        assert!(refused.message.contains(word), "{shown}: {}", refused.message);
        assert!(refused.message.len() < 2_000, "{shown}");
        assert_eq!(board.core.document(), &before, "{shown}");
    }
}
