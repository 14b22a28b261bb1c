//! Lines of others, lines about pings, and what is counted (S3.19-S3.22, X14).

use crate::kit::{next, scripted, stage, work};
use callboard_exec::Outcome;
use callboard_protocol::{
    Node, caps,
    config::{Settings, Source},
    frame::{ClientFrame, ServerFrame},
    job::JobError,
};
use callboard_testkit::{TempServer, raw_http::Answer};
use serde_json::{Value, json};

async fn ingest(server: &TempServer, body: impl Into<Vec<u8>>) -> Answer {
    server.request("POST", "/api/logs/ingest").json(body).send(server.address()).await.expect("an answer")
}

fn shown(server: &TempServer) -> Vec<String> {
    let lines = server.board.board_log(None, 100).entries.into_iter();
    lines
        .map(|line| {
            format!("{} {:?} {} {} {}", line.channel, line.level, line.emoji, line.color, line.message)
        })
        .collect()
}

#[tokio::test]
async fn an_entry_a_list_and_a_wrapped_list_are_taken() {
    let server = stage().await.server;
    for (body, accepted) in [
        (json!({ "channel": "app", "message": "one" }), 1),
        (json!([{ "channel": "Request:7", "level": "warn", "message": "two" }, { "message": "three" }]), 2),
        (json!({ "entries": [{ "channel": "server", "message": "no server" }] }), 1),
        (json!([]), 0),
    ] {
        let answer = ingest(&server, body.to_string()).await;
        assert_eq!(answer.json::<Value>().unwrap(), json!({ "ok": true, "accepted": accepted }));
    }
    assert_eq!(
        shown(&server),
        [
            "app Info 📦 blue one",
            "Request:7 Warn 📨 white two",
            "sidecar Info 🛵 green three",
            // S3.21: nobody writes in the name of the server.
            "sidecar Info 🛵 green no server",
        ]
    );
}

#[tokio::test]
async fn one_mistake_keeps_all_out_and_is_named() {
    let server = stage().await.server;
    let many = vec![json!({ "message": "x" }); caps::INGEST_LINES + 1];
    for (body, status, says) in [
        (json!([{ "message": "x" }, { "message": 7 }]), 400, "entry 1: message"),
        (json!([{ "message": "x", "level": "loud" }]), 400, "entry 0: level"),
        (json!({ "message": "x", "channel": "" }), 400, "entry 0: channel"),
        (json!({ "message": "x", "fields": 7 }), 400, "entry 0: fields"),
        (json!({ "entries": {} }), 400, "entries: it must be a list"),
        (json!("x"), 400, "the body must be"),
        (json!(many), 413, "the limit is 1000"),
    ] {
        let answer = ingest(&server, body.to_string()).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(answer.text().contains(says), "{}", answer.text());
    }
    assert!(shown(&server).is_empty());
    let nobody =
        server.anonymous("POST", "/api/logs/ingest").json("[]").send(server.address()).await.unwrap();
    assert_eq!(nobody.status, 401);
}

#[tokio::test]
async fn a_secret_is_in_no_line_no_state_and_no_answer() {
    let mut stage = stage().await;
    let fields = json!({ "message": "?token=canary-0", "fields": { "headers": { "cookie": "canary-1" } } });
    assert_eq!(ingest(&stage.server, fields.to_string()).await.status, 200);
    let mut args = work("a", 1);
    args.args = Some(Node::from(&json!({ "url": "https://u:canary-2@host/" })));
    stage.dispatch(args).await.unwrap();
    let attempt = stage.attempts.next().await;
    attempt.context().reporter.log("stdout", Default::default(), "password=canary-3");
    let error = JobError::new("exit_code", "curl https://u:canary-4@host failed");
    attempt.finish(Outcome::Errored { error, retryable: false, after: None });
    let mut head = stage.server.board.head();
    while stage.server.board.live_job(&"a".into()).unwrap().child("state") != Some(&Node::from("failed")) {
        head.changed().await.unwrap();
    }
    let mut record = stage.server.board.live_job(&"a".into()).unwrap().to_string();
    // What the job is to work with stays.
    record = record.replace("https://u:canary-2@host/\"}", "");
    assert!(!record.contains("canary"), "{record}");
    let lines = format!("{:?}", stage.server.board.board_log(None, 100));
    assert!(lines.contains("██") && !lines.contains("canary"), "{lines}");
}

#[tokio::test]
async fn an_answered_ping_is_a_line_when_it_is_wanted() {
    let (mut options, ..) = scripted();
    let mut settings = Settings::default();
    settings.put_text("logs.heartbeat", "true", Source::Environment("WS_HEARTBEAT_LOG".into())).unwrap();
    settings.put_text("logs.keepLines", "2", Source::Environment("CLIENT_LOGS_TO_KEEP".into())).unwrap();
    options.settings = settings;
    let server = TempServer::with(options, "/").await.expect("it starts");
    let mut socket = server.socket(None).await.expect("it opens");
    for _ in 0..3 {
        socket.send(&ClientFrame::Ping { ts: 1.0, id: None }).await.unwrap();
        while !matches!(next(&mut socket).await, ServerFrame::Pong { .. }) {}
    }
    // S3.22, and S3.15: the ring keeps what it was told to.
    let line = "websocket Debug 💓 magenta heartbeat pong sent".to_owned();
    let mut head = server.board.logs().head();
    head.wait_for(|seq| *seq >= 3).await.unwrap();
    assert_eq!(shown(&server), [line.clone(), line]);
}

#[tokio::test]
async fn metrics_count_and_say_what_the_limits_are() {
    let server = stage().await.server;
    ingest(&server, r#"[{"message":"password=x"},{"message":"y"}]"#).await;
    let answer = server.request("GET", "/metrics").send(server.address()).await.unwrap();
    assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("text/plain; version=0.0.4")));
    let text = answer.text();
    for line in [
        "callboard_log_lines_total 2",
        "callboard_log_lines_ingested_total 2",
        "callboard_log_lines_redacted_total 1",
        "callboard_log_lines_dropped_total 0",
        "callboard_ready 1",
        "callboard_jobs{state=\"running\"} 0",
        "callboard_limit{name=\"connections\"} 16384",
    ] {
        assert!(text.lines().any(|own| own == line), "{line} is not in\n{text}");
    }
    let names = text.lines().filter(|line| !line.starts_with('#')).count();
    assert!(names > 20 && text.ends_with('\n'));
}
