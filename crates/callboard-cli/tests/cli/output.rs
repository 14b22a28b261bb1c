//! The rules of output (issue 4, point 7; design: ui 5.3): data on one stream, one form for programs, exit codes.

use crate::kit::*;
use serde_json::json;

#[tokio::test]
async fn members_are_picked() {
    let server = Server::start().await;
    let id = server.job(&["start", "echo", r#"{"a":1}"#]).await;
    server.callboard(&["wait", &id]).await.succeeded();
    let jobs = server.callboard(&["ps", "--json=id,state,args.a,error.code"]).await.succeeded().json();
    let picked = json!({ "id": id, "state": "succeeded", "args": { "a": 1 }, "error": { "code": null } });
    assert_eq!(jobs, json!({ "v": 1, "jobs": [picked] }));
    let job = server.callboard(&["get", &id, "--json=kind"]).await.succeeded().json();
    assert_eq!(job, json!({ "kind": "echo" }));
    let id = server.job(&["run", "-d", "--", "echo", "hi"]).await;
    server.callboard(&["wait", &id]).await.succeeded();
    let members = ["logs", &id, "--json=channel,message", "--channel", "stdout"];
    let lines = server.callboard(&members).await.succeeded().json_lines();
    assert_eq!(lines, [json!({ "channel": "stdout", "message": "hi" })]);
    // Events of a stream are records too.
    let said = server.callboard(&["run", "--json=type,entry.message", "--", "echo", "hi"]).await.succeeded();
    assert!(said.json_lines().contains(&json!({ "type": "log", "entry": { "message": "hi" } })), "{said:?}");
    let bad = server.callboard(&["ps", "--json=a..b"]).await;
    assert_eq!((bad.code, &bad.error()["code"]), (2, &"usage".into()), "{bad:?}");
}

#[tokio::test]
async fn lines_follow_a_template() {
    let server = Server::start().await;
    let id = server.callboard(&["start", "echo", "--format", "new={id}"]).await.succeeded().out;
    let id = id.trim().strip_prefix("new=").expect("the template").to_owned();
    server.callboard(&["wait", &id]).await.succeeded();
    let format = r"{id}\t{state}\t{kind}{{}}\t{error.code}";
    let said = server.callboard(&["ps", "--format", format]).await.succeeded();
    assert_eq!(said.out, format!("{id}\tsucceeded\techo{{}}\t\n"));
    let waited = ["start", "echo", r#"{"n":5}"#, "--wait", "--format", "{state} {result.n}"];
    assert_eq!(server.callboard(&waited).await.succeeded().out, "succeeded 5\n");
    let said = server.callboard(&["cancel", &id, "--format", "{id}"]).await;
    assert_eq!((said.code, said.out.as_str()), (4, ""), "{said:?}");
    let bad = server.callboard(&["ps", "--format", "{id"]).await;
    assert!(bad.code == 2 && bad.err.contains("column 1"), "{bad:?}");
}

#[tokio::test]
async fn a_pipe_gets_everything_and_no_colours() {
    let server = Server::start().await;
    let title = "a long title ".repeat(30);
    let id = server.job(&["start", "sleep", r#"{"ms":100000}"#, "--title", title.trim()]).await;
    let table = server.callboard(&["ps"]).await.succeeded().out;
    assert!(table.contains(title.trim()) && table.contains(&id) && !table.contains('\u{1b}'), "{table}");
    let painted = server.callboard(&["ps", "--color", "always"]).await.succeeded().out;
    assert!(painted.contains('\u{1b}'), "{painted}");
    let mut command = callboard(server.data.path());
    command.args(["ps"]).env("CLICOLOR_FORCE", "1");
    assert!(run(command).await.succeeded().out.contains('\u{1b}'));
    let mut command = callboard(server.data.path());
    command.args(["ps"]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1");
    assert!(!run(command).await.succeeded().out.contains('\u{1b}'));
    assert!(table.contains("● running"), "{table}");
    let ascii = server.callboard(&["ps", "--ascii"]).await.succeeded().out;
    assert!(ascii.contains("[run] running") && ascii.is_ascii(), "{ascii}");
    let mut command = callboard(server.data.path());
    command.args(["ps"]).env("LC_ALL", "C");
    assert!(run(command).await.succeeded().out.is_ascii());
}

/// Each exit code of design ui 5.3 that is no job's own.
#[tokio::test]
async fn every_failure_has_its_code() {
    let server = Server::start().await;
    let failed = server.job(&["run", "-d", "--", "false"]).await;
    let sleeping = server.job(&["start", "sleep", r#"{"ms":100000}"#]).await;
    let cancelled = server.job(&["start", "sleep", r#"{"ms":100000}"#]).await;
    server.callboard(&["cancel", &cancelled]).await.succeeded();
    for (args, code, word) in [
        (&["wait", &failed][..], 1, None),
        (&["wait", &failed, "--for", "state=asleep"], 2, Some("usage")),
        (&["wait", "67x"], 3, Some("not_found")),
        (&["rm", &sleeping], 4, Some("conflict")),
        (&["ps", "--url", "http://127.0.0.1:1", "--token", "t"], 5, Some("not_connected")),
        (&["wait", &sleeping, "--timeout", "50ms"], 6, Some("timeout")),
        (&["ps", "--token", "wrong"], 7, Some("unauthorized")),
        (&["wait", &cancelled], 130, None),
    ] {
        let mut line = args.to_vec();
        line.push("--json");
        let said = server.callboard(&line).await;
        assert_eq!(said.code, code, "{args:?}: {said:?}");
        match word {
            Some(word) => assert_eq!(said.error()["code"], word, "{args:?}"),
            None => assert_eq!(said.err, "", "{args:?}"),
        }
    }
}

#[tokio::test]
async fn several_ids_are_done_whatever_happens_to_one() {
    let server = Server::start().await;
    let done = server.job(&["start", "echo"]).await;
    let other = server.job(&["start", "echo"]).await;
    server.callboard(&["wait", &done, &other]).await.succeeded();
    let said = server.callboard(&["retry", &done, "67x", &other]).await;
    assert_eq!((said.code, said.out), (3, format!("{done}\n{other}\n")), "{}", said.err);
    server.callboard(&["wait", &done, &other]).await.succeeded();
    let said = server.callboard(&["rm", "67x", &done, &other]).await;
    assert_eq!((said.code, said.out), (3, format!("{done}\n{other}\n")), "{}", said.err);
}
