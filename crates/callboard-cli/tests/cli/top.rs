//! `callboard top` in a real terminal (design: ui 5.4).

use crate::{kit::*, terminal::Terminal};

#[tokio::test]
async fn a_job_is_seen_and_stopped() {
    let server = Server::start().await;
    let id = server.job(&["run", "-d", "--", "sh", "-c", "echo hello; sleep 1000"]).await;
    server.callboard(&["wait", &id, "--for", "state=running"]).await.succeeded();
    let mut terminal = Terminal::start(&server, &["top"]);
    terminal.shows("\u{1b}[?1049h").await;
    terminal.shows("live").await;
    terminal.shows(&id[..13]).await;
    terminal.shows("hello").await;
    terminal.press("?");
    terminal.shows("leave").await;
    terminal.press("?c");
    terminal.shows("y / n").await;
    terminal.press("y");
    server.callboard(&["wait", &id]).await;
    assert_eq!(server.get(&id).await["state"], "cancelled");
    terminal.shows("cancelled:").await;
    // OSC 52: the terminal gets the id for its clipboard.
    terminal.press("y");
    terminal.shows("\u{1b}]52;c;").await;
    // The other sheets, with what is fetched for them.
    terminal.press("3");
    terminal.shows("hello").await;
    terminal.press("4");
    terminal.shows("process.run").await;
    terminal.press("5");
    terminal.shows("PER").await;
    terminal.press("6");
    terminal.shows("p95").await;
    terminal.press("7");
    terminal.shows("job.dispatched").await;
    terminal.press("2");
    terminal.shows("attempt").await;
    terminal.press("1");
    // Written over the job's id: an `e` that stands there already is not written again.
    terminal.shows("sort:n").await;
    terminal.press("s");
    terminal.shows("state").await;
    // What comes is shown without being asked for.
    let other = server.job(&["start", "sleep", r#"{"ms":100000}"#, "--title", "newcomer"]).await;
    terminal.shows(&other[..13]).await;
    terminal.press("/");
    terminal.shows("Enter").await;
    terminal.press("newcomer\rq");
    let (code, rest) = terminal.end().await;
    // The terminal is as it was: its own screen, with a cursor.
    assert!(
        code == Some(0) && rest.contains("\u{1b}[?1049l") && rest.contains("\u{1b}[?25h"),
        "{code:?} {rest:?}"
    );
    let mut terminal = Terminal::start(&server, &["top"]);
    terminal.shows("sort:state").await;
    terminal.press("q");
    assert_eq!(terminal.end().await.0, Some(0));
}

#[tokio::test]
async fn ctrl_c_leaves_and_a_pipe_is_refused() {
    let server = Server::start().await;
    let mut terminal = Terminal::start(&server, &["top", "state:running"]);
    terminal.shows("callboard run -- sleep 5").await;
    terminal.press("\u{3}");
    let (code, rest) = terminal.end().await;
    assert!(code == Some(130) && rest.contains("\u{1b}[?1049l"), "{code:?} {rest:?}");
    // The terminal is given back to whoever stops it from outside, too.
    let mut terminal = Terminal::start(&server, &["top"]);
    terminal.shows("callboard run -- sleep 5").await;
    signal(&terminal.child, rustix::process::Signal::TERM);
    let (code, rest) = terminal.end().await;
    assert!(code == Some(130) && rest.contains("\u{1b}[?1049l"), "{code:?} {rest:?}");
    let said = server.callboard(&["top"]).await;
    assert!(said.code == 2 && said.err.contains("needs a terminal"), "{said:?}");
}
