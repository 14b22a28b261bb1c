//! What people and scripts get wrong, and servers that are gone: a plain answer, the right exit code (design: ui 5.3),
//! and never more done than was meant.

use crate::{kit::*, terminal::Terminal};
use serde_json::json;

/// `cancel "$JOBS"` where nobody has set it: that is not every job.
#[tokio::test]
async fn nothing_named_is_never_everything() {
    let server = Server::start().await;
    let id = server.job(&["start", "sleep", r#"{"ms":100000}"#]).await;
    let verbs: [&[&str]; 6] = [
        &["cancel"],
        &["retry"],
        &["rm"],
        &["move", "--queue", "slow"],
        &["reprioritise", "--priority", "1"],
        &["tag", "--add", "x"],
    ];
    for verb in verbs {
        for nothing in ["", " ", "\t \n"] {
            for flag in ["--yes", "--dry-run"] {
                let said = server.callboard(&[verb, &[flag, nothing]].concat()).await;
                assert!(
                    said.code == 2 && said.err.contains("names no job"),
                    "{verb:?} {nothing:?}: {said:?}"
                );
                let said = server.callboard(&[verb, &[flag, &id, nothing]].concat()).await;
                assert_eq!(said.code, 2, "{verb:?} {nothing:?}: {said:?}");
            }
        }
    }
    let job = server.get(&id).await;
    assert_eq!((&job["state"], &job["queue"]), (&json!("running"), &json!("default")));
}

/// A dry run of what would be refused is refused in the same words, and does not say "0 jobs".
#[tokio::test]
async fn a_dry_run_says_what_would_happen() {
    let server = Server::start().await;
    let one = server.job(&["start", "sleep", r#"{"ms":100000}"#]).await;
    server.job(&["start", "sleep", r#"{"ms":100000}"#]).await;
    // Ids begin with the time.
    let both = &one[..6];
    for verb in ["cancel", "retry", "rm"] {
        for (text, code, words) in
            [("state:nope", 2, "^^^^"), ("absent", 3, "no job matches"), (both, 2, "2 jobs match")]
        {
            let dry = server.callboard(&[verb, "--dry-run", text]).await;
            assert!(dry.code == code && dry.err.contains(words), "{verb} {text}: {dry:?}");
            let real = server.callboard(&[verb, text]).await;
            assert_eq!((real.code, real.err), (dry.code, dry.err), "{verb} {text}");
        }
    }
    let dry = server.callboard(&["cancel", "--dry-run", &one]).await.succeeded();
    assert!(dry.out.starts_with("would cancel 1 job\n"), "{dry:?}");
}

/// Names that are longer than any are not there, and are not printed whole.
#[tokio::test]
async fn enormous_names_are_not_found() {
    let server = Server::start().await;
    for length in [129, 3000, 100_000] {
        let name = "x".repeat(length);
        for verb in ["get", "logs", "wait", "cancel", "retry", "rm", "follow"] {
            let said = server.callboard(&[verb, &name]).await;
            assert!(
                said.code == 3 && said.err.len() < 300,
                "{verb} {length}: {} {}",
                said.code,
                said.err.len()
            );
        }
    }
}

/// Programs hear all of what a person would.
#[tokio::test]
async fn an_error_in_json_says_what_is_missing() {
    let server = Server::start().await;
    let error = server.callboard(&["move", "x", "--json"]).await.error();
    assert_eq!(error["code"], "usage");
    assert!(error["message"].as_str().is_some_and(|message| message.contains("--queue <QUEUE>")), "{error}");
}

/// S3.16: empty means unset.
#[tokio::test]
async fn an_empty_variable_is_not_set() {
    let server = Server::start().await;
    let mut command = callboard(server.data.path());
    for name in ["CALLBOARD_URL", "CALLBOARD_TOKEN", "CALLBOARD_CONFIG", "CALLBOARD_PORT"] {
        command.env(name, "");
    }
    command.arg("ps");
    run(command).await.succeeded();
    let home = tempfile::tempdir().expect("a folder");
    let mut command = callboard(server.data.path());
    command.env("CALLBOARD_DATA", "").env("HOME", home.path()).env_remove("XDG_DATA_HOME").arg("ps");
    let said = run(command).await;
    let folder = home.path().to_str().expect("a name");
    assert!(said.code == 5 && said.err.contains(folder), "{said:?}");
    // Whoever writes it down means it.
    assert_eq!(server.callboard(&["--data", "", "ps"]).await.code, 2);
}

/// Whoever waits, watches or reads hears that the server is gone, and goes on when it is back.
#[tokio::test]
async fn a_server_that_dies_and_comes_back_is_told_and_waited_for() {
    let server = Server::start().await;
    let port = server.port();
    let id = server.job(&["start", "sleep", r#"{"ms":100000}"#]).await;
    server.callboard(&["wait", &id, "--for", "state=running"]).await.succeeded();
    server.callboard(&["run", "--", "echo", "before"]).await.succeeded();
    // Its bar says that it is there.
    let mut waiting = Terminal::start_whole(&server, &["wait", &id]);
    waiting.shows(&id[..13]).await;
    let mut watching = server.spawn(&["watch", "/summary/cancelled", "--json", "-n", "2"]);
    let mut reading = server.spawn(&["logs", "-f", "--raw"]);
    // What is fetched at the beginning has been.
    watching.line().await;
    while reading.line().await != "before" {}
    server.connected(3).await;
    let data = server.kill().await;
    let server = Server::start_in(data, &port).await;
    server.connected(3).await;
    let lines = server.job(&["run", "-d", "--", "echo", "after all"]).await;
    server.callboard(&["wait", &lines]).await.succeeded();
    while reading.line().await != "after all" {}
    reading.interrupt();
    server.callboard(&["cancel", &id]).await.succeeded();
    waiting.shows("connection to the server was lost").await;
    waiting.shows("connected again").await;
    assert_eq!(waiting.end().await.0, Some(130));
    for (name, command, code) in [("watch", watching, 0), ("logs", reading, 130)] {
        let said = command.end().await;
        assert_eq!(said.code, code, "{name}: {said:?}");
        let told =
            ["connection to the server was lost", "connected again"].map(|words| said.err.contains(words));
        assert_eq!(told, [true, true], "{name}: {said:?}");
    }
}

/// A terminal without sequences gets none.
#[tokio::test]
async fn top_is_not_for_a_dumb_terminal() {
    let server = Server::start().await;
    let terminal = Terminal::start_on(&server, &["top"], "dumb");
    let (code, rest) = terminal.end().await;
    assert!(code == Some(2) && rest.contains("TERM=dumb") && !rest.contains('\u{1b}'), "{code:?} {rest:?}");
}
