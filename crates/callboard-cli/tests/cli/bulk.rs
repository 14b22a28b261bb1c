//! `cancel`, `retry`, `rm`, `move`, `reprioritise` and `tag` of all jobs that a query means.

use crate::{kit::*, terminal::Terminal};
use serde_json::json;

#[tokio::test]
async fn a_query_is_counted_confirmed_and_carried_out() {
    let server = Server::start().await;
    for _ in 0..3 {
        server.job(&["start", "sleep", r#"{"ms":600000}"#]).await;
    }
    server.callboard(&["start", "echo", "{}", "--wait"]).await.succeeded();
    let dry = server.callboard(&["cancel", "kind:*", "-id:none", "--dry-run", "--json"]).await;
    assert_eq!(dry.code, 2, "what begins with - is a flag unless it stands behind --: {dry:?}");
    let dry = server.callboard(&["cancel", "--dry-run", "--json", "--", "-id:none"]).await.succeeded().json();
    assert_eq!((&dry["eligible"], &dry["skipped"]), (&json!(3), &json!({ "finished": 1 })));
    let dry = server.callboard(&["cancel", "kind:sleep", "--dry-run"]).await.succeeded();
    assert!(dry.out.starts_with("would cancel 3 jobs\n") && dry.out.lines().count() == 4, "{dry:?}");
    // Nobody is there to be asked, and nothing happens.
    let refused = server.callboard(&["cancel", "kind:sleep state:active", "--json"]).await;
    assert_eq!((refused.code, &refused.error()["code"]), (2, &json!("usage")));
    assert!(refused.error()["hint"].as_str().is_some_and(|hint| hint.contains("--yes")), "{refused:?}");
    let done =
        server.callboard(&["cancel", "kind:sleep", "state:active", "--yes", "--json"]).await.succeeded();
    assert_eq!(done.json()["result"], json!({ "done": 3, "failed": 0, "skipped": {} }));
    let stopped = async {
        while server.callboard(&["ps", "state:cancelled", "--json"]).await.json()["jobs"][2].is_null() {}
    };
    tokio::time::timeout(LIMIT, stopped).await.expect("they stop");
    let again = server.callboard(&["retry", "state:cancelled kind:sleep", "-y"]).await.succeeded();
    assert_eq!(again.out, "queued again: 3 jobs\n");
    server.callboard(&["cancel", "kind:sleep", "--yes"]).await.succeeded();
    // One job needs no word.
    let removed = server.callboard(&["rm", "kind:echo"]).await.succeeded();
    assert_eq!(removed.out, "removed 1 job\n");
    let none = server.callboard(&["rm", "kind:echo"]).await.succeeded();
    assert_eq!(none.out, "would remove 0 jobs\n");
}

#[tokio::test]
async fn a_dry_run_of_ids_does_nothing_and_a_mistake_is_underlined() {
    let server = Server::start().await;
    let id = server.job(&["start", "sleep", r#"{"ms":600000}"#]).await;
    let dry = server.callboard(&["cancel", &id, "--dry-run"]).await.succeeded();
    assert!(dry.out.starts_with("would cancel 1 job\n"), "{dry:?}");
    assert_eq!(server.get(&id).await["state"], "running");
    let wrong = server.callboard(&["cancel", "stat:running", "--yes"]).await;
    assert_eq!(wrong.code, 2, "{wrong:?}");
    assert!(wrong.err.contains("there is no field `stat`") && wrong.err.contains("^^^^"), "{wrong:?}");
    server.callboard(&["cancel", &id]).await.succeeded();
}

#[tokio::test]
async fn jobs_are_moved_reprioritised_and_tagged_by_query_and_by_id() {
    let server = Server::start().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(server.job(&["start", "echo", "{}", "--delay", "1h"]).await);
    }
    server.callboard(&["start", "echo", "{}", "--queue", "other", "--wait"]).await.succeeded();
    let dry = server.callboard(&["move", "kind:echo", "--queue", "slow", "--dry-run", "--json"]).await;
    let dry = dry.succeeded().json();
    assert_eq!((&dry["eligible"], &dry["skipped"]), (&json!(3), &json!({ "finished": 1 })));
    assert_eq!(server.get(&ids[0]).await["queue"], "default", "a dry run does nothing");
    let unsure = server.callboard(&["move", "kind:echo", "--queue", "slow"]).await;
    assert_eq!(unsure.code, 2, "{unsure:?}");
    let moved = server.callboard(&["move", "kind:echo", "state:scheduled", "--queue", "slow", "-y"]).await;
    assert_eq!(moved.succeeded().out, "moved 3 jobs\n");
    assert_eq!(server.get(&ids[0]).await["queue"], "slow");
    let same = server.callboard(&["move", "queue:slow", "--queue", "slow", "-y"]).await.succeeded();
    assert_eq!(same.out, "would move 0 jobs; passes over 3 unchanged\n");
    // Who names the jobs need not say yes.
    let two = server.callboard(&["reprioritise", &ids[0], &ids[1], "--priority", "-5", "--json"]).await;
    assert_eq!(two.succeeded().json()["result"], json!({ "done": 2, "failed": 0, "skipped": {} }));
    assert_eq!(server.get(&ids[1]).await["priority"], -5);
    assert_eq!(server.get(&ids[2]).await["priority"], 0);
    let tagged = server.callboard(&["tag", "queue:slow", "--add", "a,b", "-y"]).await.succeeded();
    assert_eq!(tagged.out, "tagged 3 jobs\n");
    server.callboard(&["tag", &ids[0], "--remove", "a", "--add", "c"]).await.succeeded();
    assert_eq!(server.get(&ids[0]).await["tags"], json!(["b", "c"]));
    for wrong in [
        &["tag", "queue:slow"][..],
        &["move", "queue:slow"],
        &["reprioritise", "queue:slow", "--priority", "high"],
        &["move", "stat:x", "--queue", "q", "-y"],
    ] {
        assert_eq!(server.callboard(wrong).await.code, 2, "{wrong:?}");
    }
    let refused = server.callboard(&["move", "queue:slow", "--queue", "not a name", "-y"]).await;
    assert_eq!(refused.code, 4, "{refused:?}");
    assert_eq!(server.callboard(&["move", "0000", "--queue", "q"]).await.code, 3);
}

#[tokio::test]
async fn who_does_not_wait_is_told_which_job_is_at_it() {
    let server = Server::start().await;
    for _ in 0..2 {
        server.job(&["start", "sleep", r#"{"ms":600000}"#]).await;
    }
    let said = server.callboard(&["cancel", "kind:sleep", "--yes", "--no-wait", "--json"]).await.succeeded();
    assert_eq!((said.json()["eligible"].as_u64(), &said.json()["result"]), (Some(2), &json!(null)));
    let id = said.json()["id"].as_str().expect("a job").to_owned();
    server.callboard(&["wait", &id]).await.succeeded();
    assert_eq!(server.get(&id).await["result"]["done"], 2);
}

/// Design: ui 5.3. Only y is a yes.
#[tokio::test]
async fn a_person_is_asked() {
    let server = Server::start().await;
    for _ in 0..2 {
        server.job(&["start", "sleep", r#"{"ms":600000}"#]).await;
    }
    for (answer, code) in [("\r", 130), ("n\r", 130), ("yes\r", 0)] {
        let mut terminal = Terminal::start(&server, &["cancel", "kind:sleep state:active"]);
        // Standard error is not that terminal; the question waits for the answer there.
        terminal.press(answer);
        let (ended, shown) = terminal.end().await;
        assert_eq!(ended, Some(code), "{answer:?}: {shown}");
        let active = server.callboard(&["ps", "state:active kind:sleep", "--json"]).await.json();
        let left = active["jobs"].as_array().map(Vec::len);
        assert!(left == Some(2) || code == 0, "{answer:?}: {active}");
        assert!(code != 0 || shown.contains("cancelled 2 jobs"), "{shown}");
    }
}
