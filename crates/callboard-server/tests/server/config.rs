//! Settings that clients adopt: in the state, changed by command, followed live (S3.14, S3.17).

use crate::kit::{Stage, next, scripted, stage};
use callboard_protocol::{
    Node, Op,
    config::{Settings, Source},
    frame::ServerFrame,
    log::Level,
};
use callboard_testkit::{Socket, SocketOptions, TempServer, raw_http::Answer};
use serde_json::{Value, json};

async fn set(stage: &Stage, values: Value) -> Answer {
    let body = json!({ "values": values }).to_string();
    let request = stage.server.request("POST", "/api/commands/config.set").json(body);
    request.send(stage.server.address()).await.expect("an answer")
}

#[tokio::test]
async fn a_change_reaches_clients_and_the_connection_itself() {
    let stage = stage().await;
    let (mut socket, ..) = stage.socket(None).await;
    assert!(matches!(next(&mut socket).await, ServerFrame::StateSnapshot { .. }));
    assert_eq!(set(&stage, json!({ "ws.heartbeatIntervalMs": 50 })).await.status, 200);
    let ServerFrame::StatePatch { patch, .. } = next(&mut socket).await else { panic!("no patch") };
    let path = "/serverConfig/ws/heartbeatIntervalMs";
    assert!(
        patch.iter().any(|op| matches!(op, Op::Replace { path: at, value }
            if at.to_string() == path && *value == Node::from(50u32))),
        "{patch:?}"
    );
    // With the interval of the start, 10 s, the server would not ask for 20 s.
    assert!(matches!(next(&mut socket).await, ServerFrame::Ping { .. }));
    let (_, config) =
        (set(&stage, json!({ "ws.heartbeatIntervalMs": 0 })).await, stage.server.board.server_config());
    assert_eq!(config.borrow().ws.heartbeat_interval_ms, 50, "nonsense changed nothing");
}

#[tokio::test]
async fn the_servers_filter_is_in_force_at_once_and_history_is_cut_after_it() {
    // S3.20: the original cut first and filtered then, so it delivered fewer than it could.
    let stage = stage().await;
    let logs = stage.server.board.logs();
    for line in 0..30 {
        logs.write(if line % 3 == 0 { "app" } else { "Request:7" }, Level::Info, &line.to_string(), None);
    }
    assert_eq!(set(&stage, json!({ "logs.allowedChannels": ["app"], "logs.snapshot": 4 })).await.status, 200);
    let options = SocketOptions { subprotocol: false, ..stage.server.socket_options() };
    let mut socket = Socket::open(stage.server.address(), &options).await.expect("it opens");
    assert!(matches!(next(&mut socket).await, ServerFrame::StateSnapshot { .. }));
    let ServerFrame::LogsHistory { entries, .. } = next(&mut socket).await else { panic!("no history") };
    let lines: Vec<_> = entries.iter().map(|entry| &*entry.message).collect();
    assert_eq!(lines, ["18", "21", "24", "27"]);
    assert_eq!(
        set(&stage, json!({ "logs.allowedChannels": ["request"], "logs.minLevel": "warn" })).await.status,
        200
    );
    logs.write("Request:8", Level::Warn, "seen", None);
    logs.write("Request:8", Level::Info, "too quiet", None);
    let shown = stage.server.request("GET", "/api/logs").send(stage.server.address()).await.unwrap();
    let shown: Value = shown.json().unwrap();
    let lines: Vec<_> = shown["entries"].as_array().unwrap().iter().map(|entry| &entry["message"]).collect();
    assert_eq!(lines, ["seen"]);
}

#[tokio::test]
async fn a_server_starts_with_what_it_was_given() {
    let (mut options, ..) = scripted();
    let mut settings = Settings::default();
    settings.put_text("logs.capacity", "77", Source::Environment("CLIENT_LOGS_CAPACITY".into())).unwrap();
    options.settings = settings;
    let server = TempServer::with(options, "/").await.expect("it starts");
    let mut socket = server.socket(None).await.expect("it opens");
    let ServerFrame::Welcome { server_config, .. } = next(&mut socket).await else { panic!("no welcome") };
    assert_eq!(server_config.logs.capacity, 77);
    let sources = server.board.state().document.at("/config/sources").map(Node::to_string);
    assert_eq!(sources.as_deref(), Some(r#"{"logs.capacity":"environment CLIENT_LOGS_CAPACITY"}"#));
}

/// S3.13: changes come together after a patch, not before one. A client of an idle board would see each of its clicks late.
#[tokio::test]
async fn the_first_change_after_a_silence_waits_for_no_other() {
    let (mut options, ..) = scripted();
    let mut settings = Settings::default();
    settings.put_text("state.debounceMs", "10000", Source::Environment("STATE_DEBOUNCE_MS".into())).unwrap();
    options.settings = settings;
    let server = TempServer::with(options, "/").await.expect("it starts");
    let mut socket = server.socket(None).await.expect("it opens");
    assert!(matches!(next(&mut socket).await, ServerFrame::Welcome { .. }));
    assert!(matches!(next(&mut socket).await, ServerFrame::StateSnapshot { .. }));
    server.board.set("/app.n", &json!({ "value": 1 })).await.expect("a write is taken");
    let half_of_the_window = std::time::Duration::from_secs(5);
    let patch = tokio::time::timeout(half_of_the_window, next(&mut socket)).await.expect("it has not waited");
    assert!(matches!(patch, ServerFrame::StatePatch { .. }), "{patch:?}");
    let accepted = server.board.set("/app.n", &json!({ "value": 2 })).await.expect("a write is taken");
    let early = tokio::time::timeout(half_of_the_window / 10, next(&mut socket)).await;
    assert!(early.is_err(), "version {} waits for others: {early:?}", accepted.version);
}
