//! Tokens, roles, launch codes, and the limit on guesses (security 3.2, 3.5, 5).

use crate::kit::{dispatch_frame, next, scripted, stage};
use callboard_protocol::{
    command::Role,
    error::ErrorCode,
    frame::{ClientFrame, ServerFrame, close},
};
use callboard_server::Tokens;
use callboard_testkit::{Socket, SocketOptions, TempServer, hello};
use serde_json::Value;

const WRONG: &str = "1111111111111111111111111111111111111111111111111111111111111111";

/// A server that knows a viewer and an operator, and their tokens.
async fn with_roles() -> (TempServer, String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let tokens = Tokens::open(&folder.path().join("tokens.json")).expect("none yet");
    let made = |name, role| tokens.create(name, role, 60_000).expect("stored").token;
    let (viewer, operator) = (made("looks", Role::Viewer), made("works", Role::Operator));
    let (options, ..) = scripted();
    (TempServer::on(folder, options, "/").await.expect("it starts"), viewer, operator)
}

#[tokio::test]
async fn a_viewer_sees_and_changes_nothing() {
    let (server, viewer, operator) = with_roles().await;
    let to = server.address();
    let cancel = |token: &str| {
        server.anonymous("POST", "/api/commands/jobs.cancel").bearer(token).json(r#"{"id":"none"}"#)
    };
    assert_eq!(server.anonymous("GET", "/api/state").bearer(&viewer).send(to).await.unwrap().status, 200);
    let refused = cancel(&viewer).send(to).await.unwrap();
    assert_eq!((refused.status, refused.json::<Value>().unwrap()["code"].as_str()), (403, Some("forbidden")));
    assert_eq!(cancel(&operator).send(to).await.unwrap().status, 404, "it may, but there is no such job");

    let mut socket =
        Socket::open(to, &SocketOptions { token: Some(viewer), ..SocketOptions::default() }).await.unwrap();
    socket.send(&hello("viewer", None, None)).await.unwrap();
    let ServerFrame::Welcome { role, .. } = next(&mut socket).await else { panic!("no welcome") };
    assert_eq!(role, Role::Viewer);
    socket.send(&dispatch_frame("1", "a", None)).await.unwrap();
    let ServerFrame::Error { code, .. } = crate::kit::answer_to(&mut socket, "1").await else {
        panic!("accepted")
    };
    assert_eq!(code, ErrorCode::Forbidden);

    let invite = server.anonymous("POST", "/api/auth/launch-code").bearer(&operator).send(to).await.unwrap();
    assert_eq!(invite.status, 403, "only an admin lets others in");
}

#[tokio::test]
async fn a_token_may_come_with_the_first_message() {
    let stage = stage().await;
    let open = || async { Socket::open(stage.server.address(), &SocketOptions::default()).await.unwrap() };
    let mut socket = open().await;
    socket.send(&hello("late", Some(stage.server.token()), None)).await.unwrap();
    assert!(matches!(next(&mut socket).await, ServerFrame::Welcome { .. }));
    for token in [None, Some(WRONG)] {
        let mut socket = open().await;
        socket.send(&hello("nobody", token, None)).await.unwrap();
        assert_eq!(socket.close_code().await, Some(close::UNAUTHORIZED), "{token:?}");
    }
    // Whoever is not in yet cannot do anything but say hello.
    let mut socket = open().await;
    socket.send(&dispatch_frame("1", "a", None)).await.unwrap();
    assert_eq!(socket.close_code().await, Some(close::BAD_MESSAGE));
    assert_eq!(stage.server.board.state().document.at("/jobs/a"), None);
}

/// Security 3.2: ten guesses a minute; the owner is not locked out by them.
#[tokio::test]
async fn guesses_are_limited_and_the_owner_still_gets_in() {
    let stage = stage().await;
    let to = stage.server.address();
    let guess =
        || async { stage.server.anonymous("GET", "/api/whoami").bearer(WRONG).send(to).await.unwrap() };
    for _ in 0..10 {
        assert_eq!(guess().await.status, 401);
    }
    let limited = guess().await;
    assert_eq!(
        (limited.status, limited.json::<Value>().unwrap()["code"].as_str()),
        (429, Some("rate_limited"))
    );
    let code =
        stage.server.anonymous("POST", "/api/auth/launch").json(r#"{"code":"00"}"#).send(to).await.unwrap();
    assert_eq!(code.status, 429, "codes are guessed no better");
    let mut socket = Socket::open(to, &SocketOptions::default()).await.unwrap();
    socket.send(&hello("guess", Some(WRONG), None)).await.unwrap();
    assert_eq!(socket.close_code().await, Some(close::UNAUTHORIZED));
    assert_eq!(stage.server.request("GET", "/api/whoami").send(to).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_launch_code_is_good_once_and_leads_to_a_token() {
    let stage = stage().await;
    let to = stage.server.address();
    let (_, code) = stage.server.launch_url().split_once("#launch=").expect("a code in the fragment");
    let redeem = |code: &str| {
        let body = serde_json::json!({ "code": code }).to_string();
        stage.server.anonymous("POST", "/api/auth/launch").json(body).send(to)
    };
    assert_eq!(redeem("wrong").await.unwrap().status, 401);
    let made: Value = redeem(code).await.unwrap().json().unwrap();
    let token = made["token"].as_str().expect("a token");
    assert_eq!(made["role"], "admin");
    assert_eq!(
        stage.server.anonymous("GET", "/api/whoami").bearer(token).send(to).await.unwrap().status,
        200
    );
    assert_eq!(redeem(code).await.unwrap().status, 401, "once");

    let again: Value =
        stage.server.request("POST", "/api/auth/launch-code").send(to).await.unwrap().json().unwrap();
    let (_, code) = again["url"].as_str().and_then(|url| url.split_once("#launch=")).expect("another code");
    assert_eq!(redeem(code).await.unwrap().status, 200);
}

#[tokio::test]
async fn tokens_outlive_a_restart_and_are_not_written_down() {
    let stage = stage().await;
    let token = stage.server.token().to_owned();
    let (options, ..) = scripted();
    let server = stage.server.restart(options).await.unwrap();
    let answer = server.anonymous("GET", "/api/whoami").bearer(&token).send(server.address()).await.unwrap();
    assert_eq!(answer.status, 200);
    let kept = std::fs::read_to_string(server.data().join("tokens.json")).unwrap();
    assert!(!kept.contains(&token) && !kept.contains(server.token()));
}

#[tokio::test]
async fn a_ping_before_the_hello_is_no_way_in() {
    let stage = stage().await;
    let mut socket = Socket::open(stage.server.address(), &SocketOptions::default()).await.unwrap();
    socket.send(&ClientFrame::Ping { ts: 0.0, id: None }).await.unwrap();
    socket.send(&ClientFrame::StateResync { sub: None, have: None, reason: None }).await.unwrap();
    assert_eq!(socket.close_code().await, Some(close::BAD_MESSAGE));
}
