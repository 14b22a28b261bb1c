//! Every command has one name, on both ways in, and one role (protocol 6; security 3.5).

use crate::kit::{answer_to, next, scripted, stage};
use callboard_protocol::{
    Node,
    command::{Command, Role},
    frame::{ClientFrame, ServerFrame},
};
use callboard_server::Tokens;
use callboard_testkit::{Socket, SocketOptions, TempServer, hello};
use serde_json::Value;

/// A command's fitting arguments; `{}` where they are of no interest here.
fn fitting(name: &str) -> &'static str {
    match name {
        "jobs.dispatch" => r#"{"kind":"work"}"#,
        "jobs.cancel" | "jobs.retry" | "jobs.update" | "jobs.delete" | "results.delete" => r#"{"id":"none"}"#,
        "jobs.bulk" => r#"{"action":"cancel","query":"id:none"}"#,
        "queues.configure" | "queues.pause" | "queues.resume" => r#"{"queue":"q"}"#,
        "schedules.put" => r#"{"id":"s","everyMs":3600000,"job":{"kind":"work"}}"#,
        "schedules.delete" | "schedules.trigger" => r#"{"id":"s"}"#,
        "workflows.start" => r#"{"recipe":{"name":"n","steps":[{"id":"a","kind":"work"}]}}"#,
        "workflows.cancel" | "workflows.retry" | "workflows.delete" => r#"{"id":"w"}"#,
        "devices.delete" | "devices.seen" | "streams.delete" | "streams.seen" => r#"{"id":"d"}"#,
        "config.set" => r#"{"values":{}}"#,
        _ => "{}",
    }
}

/// What a command was answered with over HTTP: its code, or nothing when it was carried out.
async fn over_http(server: &TempServer, token: &str, name: &str, args: &str) -> (String, String) {
    let request = server.anonymous("POST", &format!("/api/commands/{name}")).bearer(token).json(args);
    let answer: Value = request.send(server.address()).await.expect("an answer").json().expect("JSON");
    let text = |member: &str| answer[member].as_str().unwrap_or_default().to_owned();
    (text("code"), text("message"))
}

/// The same over the WebSocket.
async fn over_ws(socket: &mut Socket, name: &str, args: &str) -> (String, String) {
    let args: Node = serde_json::from_str(args).expect("JSON");
    socket
        .send(&ClientFrame::Cmd { id: name.into(), name: name.into(), args, key: None })
        .await
        .expect("sent");
    match answer_to(socket, name).await {
        ServerFrame::Error { code, message, .. } => {
            let code = serde_json::to_value(code).expect("a word");
            (code.as_str().expect("a word").to_owned(), message)
        }
        _ => <_>::default(),
    }
}

#[tokio::test]
async fn both_ways_in_know_every_name() {
    let stage = stage().await;
    let (mut socket, ..) = stage.socket(None).await;
    for name in Command::NAMES {
        // No command takes a number, so this reaches its own arguments and no further.
        let (code, message) = over_http(&stage.server, stage.server.token(), name, "7").await;
        assert_eq!(code, "invalid_args", "{name}: {message}");
        assert!(message.contains(name), "{name}: {message}");
        assert_eq!(over_ws(&mut socket, name, "7").await, (code, message), "{name}");
        // Whatever becomes of fitting ones, there is such a command.
        for (code, message) in [
            over_http(&stage.server, stage.server.token(), name, fitting(name)).await,
            over_ws(&mut socket, name, fitting(name)).await,
        ] {
            assert!(!["unknown_command", "bad_message", "internal"].contains(&&*code), "{name}: {message}");
        }
    }
    let (code, message) = over_ws(&mut socket, "jobs.nothing", "{}").await;
    assert!(code == "unknown_command" && message.contains("jobs.dispatch"), "{message}");
}

/// A refusal names the role that is needed, and the one that is there.
#[tokio::test]
async fn the_needed_role_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let tokens = Tokens::open(&folder.path().join("tokens.json")).expect("none yet");
    let made = |role: Role| (role, tokens.create(role.as_str(), role, 60_000).expect("stored").token);
    let callers = [made(Role::Viewer), made(Role::Operator)];
    let (options, ..) = scripted();
    let server = TempServer::on(folder, options, "/").await.expect("it starts");
    for (role, token) in callers {
        let options = SocketOptions { token: Some(token.clone()), ..SocketOptions::default() };
        let mut socket = Socket::open(server.address(), &options).await.unwrap();
        socket.send(&hello(role.as_str(), None, None)).await.unwrap();
        assert!(matches!(next(&mut socket).await, ServerFrame::Welcome { .. }));
        for name in Command::NAMES {
            let args: Node = serde_json::from_str(fitting(name)).expect("JSON");
            let Ok(command) = Command::parse(name, &args) else { continue };
            let needed = command.role();
            let answers = [
                over_http(&server, &token, name, fitting(name)).await,
                over_ws(&mut socket, name, fitting(name)).await,
            ];
            for (code, message) in answers {
                let refused = code == "forbidden";
                assert_eq!(refused, role < needed, "{name} as {}: {message}", role.as_str());
                let words = format!("needs the role {}; this token is a {}", needed.as_str(), role.as_str());
                assert!(!refused || message.contains(&words), "{name}: {message}");
            }
        }
        let lines = server.anonymous("POST", "/api/logs/ingest").bearer(&token).json(r#"{"message":"x"}"#);
        let answer = lines.send(server.address()).await.unwrap();
        assert_eq!(answer.status == 403, role < Role::Operator);
        assert!(
            answer.status == 200 || answer.text().contains("needs the role operator"),
            "{}",
            answer.text()
        );
    }
}
