//! `callboard wait`.

use crate::{kit::*, terminal::Terminal};

#[tokio::test]
async fn it_ends_with_the_job() {
    let server = Server::start().await;
    let good = server.job(&["start", "sleep", r#"{"ms":300}"#]).await;
    let bad = server.job(&["run", "-d", "--", "sh", "-c", "sleep 0.2; exit 3"]).await;
    let said = server.callboard(&["wait", &good, "--json"]).await.succeeded();
    assert_eq!((&said.json()["id"], &said.json()["state"]), (&good.as_str().into(), &"succeeded".into()));
    let said = server.callboard(&["wait", &good, &bad]).await;
    assert_eq!(said.code, 1, "{said:?}");
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(lines.len() == 2 && lines[0].contains("succeeded in") && lines[1].contains("failed after"));
}

#[tokio::test]
async fn a_state_on_the_way_will_do() {
    let server = Server::start().await;
    let id = server.job(&["start", "sleep", r#"{"ms":100000}"#]).await;
    let said = server.callboard(&["wait", &id, "--for", "state=running"]).await.succeeded();
    assert!(said.out.contains("running"), "{said:?}");
    let waiting = server.spawn(&["wait", &id, "--for", "state=cancelled"]);
    let missed = server.spawn(&["wait", &id, "--for", "state=failed"]);
    server.callboard(&["cancel", &id]).await.succeeded();
    assert_eq!(waiting.end().await.code, 0);
    assert_eq!(missed.end().await.code, 130);
    // What was running once was running, also when nobody looked.
    let done = server.job(&["start", "echo"]).await;
    server.callboard(&["wait", &done, "--for", "state=running"]).await.succeeded();
}

#[tokio::test]
async fn it_can_give_up_and_be_left() {
    let server = Server::start().await;
    let id = server.job(&["start", "sleep", r#"{"ms":100000}"#]).await;
    let said = server.callboard(&["wait", &id, "--timeout", "100ms"]).await;
    assert_eq!(said.code, 6, "{said:?}");
    assert!(said.err.contains("is running and not over"), "{said:?}");
    let waiting = server.spawn(&["wait", &id]);
    // The handler is there before the connection is.
    server.connected(1).await;
    waiting.interrupt();
    assert_eq!(waiting.end().await.code, 130);
    assert_eq!(server.get(&id).await["state"], "running");
}

/// Many jobs are eight bars and a number beneath what is told of those that have ended (design: ui 5.3).
#[tokio::test]
async fn many_jobs_are_bars_before_a_person() {
    let server = Server::start().await;
    for n in 0..10 {
        let title = format!("sleeper {n}");
        server.job(&["start", "sleep", r#"{"ms":100000}"#, "--tag", "many", "--title", &title]).await;
    }
    let failing =
        server.job(&["start", "process.run", r#"{"argv":["sh","-c","sleep 0.3; exit 3"]}"#, "--tag", "many"]);
    let failing = failing.await;
    let mut terminal = Terminal::start_whole(&server, &["wait", "tag:many"]);
    // The one that failed is told of above the bars, although others are waited for.
    terminal.shows("failed after").await;
    terminal.shows("and 2 more running").await;
    terminal.shows("\u{1b}[1A\u{1b}[2K").await;
    server.callboard(&["cancel", "tag:many", "--yes", "--no-wait"]).await.succeeded();
    let (code, rest) = terminal.end().await;
    assert_eq!(rest.matches("cancelled after").count(), 10, "{rest:?}");
    assert!(!rest.contains("exited"), "told once: {rest:?}");
    assert_eq!(server.get(&failing).await["state"], "failed");
    assert!(matches!(code, Some(1 | 130)), "{code:?}");
}

/// Static text: asked for once and for all, and for one command (design: ui 5.3).
#[tokio::test]
async fn who_asks_for_static_text_gets_it() {
    let server = Server::start().await;
    let said = server.callboard(&["config", "accessible=true"]).await.succeeded();
    let line = said.out.lines().find(|line| line.starts_with("accessible")).expect("it is listed").to_owned();
    assert!(line.contains("true") && line.contains("cli-preferences.json"), "{line}");
    let mut terminal = Terminal::start_whole(&server, &["run", "--", "sh", "-c", "sleep 0.7; echo done"]);
    terminal.shows("done").await;
    let (code, rest) = terminal.end().await;
    assert!(code == Some(0) && rest.contains("succeeded"), "{rest:?}");
    let mut terminal = Terminal::start_whole(&server, &["wait", "kind:process.*"]);
    terminal.shows("succeeded").await;
    let (_, rest) = terminal.end().await;
    assert!(
        !rest.contains("\u{1b}[2K") && !rest.contains("\u{1b}[?2026h"),
        "nothing is drawn again: {rest:?}"
    );
    let mut terminal = Terminal::start_whole(&server, &["top"]);
    terminal.shows("static text was asked for").await;
    assert_eq!(terminal.end().await.0, Some(2));
    assert_eq!(server.callboard(&["config", "accessible=perhaps"]).await.code, 2);
    server.callboard(&["config", "accessible="]).await.succeeded();
    let mut terminal = Terminal::start(&server, &["top"]);
    terminal.shows("sort:newest").await;
    terminal.press("q");
    assert_eq!(terminal.end().await.0, Some(0));
}
