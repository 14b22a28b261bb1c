//! `watch` before a person: lines of what changes, and bars of what runs (design: ui 5.3).

use crate::{kit::*, terminal::Terminal};
use serde_json::json;

/// A job of ten steps that does not end while somebody looks.
const STEPS: &str = r#"{"ms":100000,"steps":1000}"#;

#[tokio::test]
async fn a_person_sees_progress_as_bars_beneath_the_lines() {
    let server = Server::start().await;
    let mut terminal = Terminal::start_whole(&server, &["watch"]);
    terminal.shows("watching / from version").await;
    let id = server.job(&["start", "sleep", STEPS]).await;
    let short = id[..13].to_owned();
    terminal.shows(&format!("/jobs/{id}")).await;
    terminal.shows(&format!("sleep  {short}  ━")).await;
    // It is drawn where it stood, and its steps are no lines.
    terminal.shows("\u{1b}[2K").await;
    terminal.shows(&format!("sleep  {short}  ━━")).await;
    server.callboard(&["cancel", &id]).await.succeeded();
    terminal.shows("\"cancelled\"").await;
    terminal.press("\u{3}");
    let (code, rest) = terminal.end().await;
    assert_eq!(code, Some(130), "{rest:?}");
    assert!(!rest.contains("/progress/value"), "{rest:?}");
}

#[tokio::test]
async fn the_progress_of_one_job_is_its_bar() {
    let server = Server::start().await;
    let id = server.job(&["start", "sleep", STEPS]).await;
    server.callboard(&["wait", &id, "--for", "state=running"]).await.succeeded();
    let mut terminal = Terminal::start_whole(&server, &["watch", &format!("/jobs/{id}/progress")]);
    terminal.shows("━").await;
    terminal.press("\u{3}");
    let (code, rest) = terminal.end().await;
    assert_eq!(code, Some(130));
    assert!(!rest.contains("\"value\""), "{rest:?}");
    assert!(rest.contains("\r\u{1b}[2K"), "the bar is gone: {rest:?}");
}

/// Programs, and who asks for static text, get every change as a line of text.
#[tokio::test]
async fn elsewhere_progress_is_text() {
    let server = Server::start().await;
    let id = server.job(&["start", "sleep", STEPS]).await;
    server.callboard(&["wait", &id, "--for", "state=running"]).await.succeeded();
    let path = format!("/jobs/{id}");
    let mut piped = server.spawn(&["watch", &path, "--patch", "-n", "4"]);
    let line = piped.line().await;
    assert!(line.contains(&format!(" {path}/progress")), "{line:?}");
    let said = piped.end().await;
    assert!(said.code == 0 && !said.out.contains('━') && !said.out.contains('\u{1b}'), "{said:?}");
    let said = server.callboard(&["watch", &path, "--json", "-n", "2"]).await.succeeded();
    assert_eq!(said.json_lines()[1]["value"]["state"], json!("running"));
    server.callboard(&["config", "accessible=true"]).await.succeeded();
    let mut terminal = Terminal::start_whole(&server, &["watch", &path, "--patch"]);
    terminal.shows(&format!(" /jobs/{id}/progress/")).await;
    terminal.press("\u{3}");
    let (_, rest) = terminal.end().await;
    assert!(!rest.contains('━') && !rest.contains("\u{1b}[2K"), "{rest:?}");
}
