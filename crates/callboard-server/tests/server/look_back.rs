//! The state over plain HTTP: as it was, what changed, and as a stream (protocol 10; S0.35, X11).

use crate::kit::{Stage, stage, work};
use callboard_protocol::{Node, Op, apply, frame::ServerFrame};
use callboard_testkit::{Mirror, raw_http::Answer, soon};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

async fn get(stage: &Stage, path: &str) -> Answer {
    stage.server.request("GET", path).send(stage.server.address()).await.expect("an answer")
}

async fn get_json(stage: &Stage, path: &str) -> Value {
    let answer = get(stage, path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json().expect("JSON")
}

fn node(value: &Value) -> Node {
    Node::from(value)
}

#[tokio::test]
async fn every_version_can_be_seen_again_and_the_differences_lead_from_one_to_the_next() {
    // Invariant 4: fold(journal) = state, at every version.
    let stage = stage().await;
    let board = &stage.server.board;
    let mut seen = vec![board.state()];
    for number in 0..12 {
        stage.dispatch(work(&format!("job-{number}"), 10)).await.unwrap();
        seen.push(board.state());
    }
    for state in &seen {
        let then = get_json(&stage, &format!("/api/state?at={}", state.version)).await;
        assert_eq!(then["version"], state.version);
        assert_eq!(node(&then["data"]), state.document, "version {}", state.version);
    }
    let (first, last) = (&seen[0], board.state());
    let diff = get_json(&stage, &format!("/api/diff?from={}&to={}", first.version, last.version)).await;
    let ops: Vec<Op> = serde_json::from_value(diff["patch"].clone()).expect("operations");
    let mut document = first.document.clone();
    apply(&mut document, &ops).expect("they fit");
    assert_eq!(document, last.document);
    let part = get_json(&stage, &format!("/api/state?path=/jobs/job-0/kind&at={}", last.version)).await;
    assert_eq!(part["data"], "work");
}

#[tokio::test]
async fn history_says_who_did_what_and_goes_on_where_it_ended() {
    let stage = stage().await;
    let before = stage.server.board.state().version;
    for number in 0..3 {
        stage.dispatch(work(&format!("job-{number}"), 1)).await.unwrap();
    }
    let page = get_json(&stage, &format!("/api/history?since={before}&limit=1")).await;
    assert_eq!(page["changes"][0]["events"][0]["topic"], "job.dispatched");
    assert_eq!(page["changes"][0]["actor"], "test");
    assert_eq!(page["nextSince"], before + 1);
    let only = get_json(&stage, &format!("/api/history?since={before}&limit=100&path=/jobs/job-2")).await;
    let jobs: Vec<_> =
        only["changes"].as_array().unwrap().iter().map(|change| &change["events"][0]["jobId"]).collect();
    assert!(!jobs.is_empty() && jobs.iter().all(|job| **job == "job-2"), "{only}");
}

#[tokio::test]
async fn positions_that_are_not_there_are_said() {
    let stage = stage().await;
    for (path, status, code) in [
        ("/api/state?at=99999", 400, "invalid_args"),
        ("/api/history?since=99999", 400, "invalid_args"),
        ("/api/diff?from=1&to=0", 400, "invalid_args"),
        ("/api/diff?from=0&to=99999", 400, "invalid_args"),
        ("/api/diff", 400, "invalid_args"),
        ("/api/stream?lastEventId=nonsense", 400, "invalid_args"),
    ] {
        let answer = get(&stage, path).await;
        let problem: Value = answer.json().expect("JSON");
        assert_eq!((answer.status, problem["code"].as_str()), (status, Some(code)), "{path}");
        assert_eq!(problem["type"], format!("urn:callboard:problem:{code}"), "RFC 9457");
        assert_eq!(problem["detail"], problem["message"]);
    }
    let wrong = stage.server.request("DELETE", "/api/state").send(stage.server.address()).await.unwrap();
    assert_eq!((wrong.status, wrong.header("content-type")), (405, Some("application/problem+json")));
}

#[tokio::test]
async fn a_list_of_tags_may_hold_the_one() {
    let stage = stage().await;
    let tag = get(&stage, "/api/state").await.header("etag").expect("a tag").to_owned();
    let known = format!("\"other:1\", W/{tag}");
    let same = stage.server.request("GET", "/api/state").header("If-None-Match", &known);
    assert_eq!(same.send(stage.server.address()).await.unwrap().status, 304);
}

/// A reader of the event stream.
struct Events {
    socket: TcpStream,
    text: String,
}

impl Events {
    async fn open(stage: &Stage, last_event_id: Option<&str>) -> Events {
        let mut socket = TcpStream::connect(stage.server.address()).await.expect("it connects");
        let id = last_event_id.map_or(String::new(), |id| format!("Last-Event-ID: {id}\r\n"));
        let (host, token) = (stage.server.address(), stage.server.token());
        let request =
            format!("GET /api/stream HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n{id}\r\n");
        socket.write_all(request.as_bytes()).await.expect("written");
        Events { socket, text: String::new() }
    }

    /// The next event: its id and its data.
    async fn next(&mut self) -> (String, ServerFrame) {
        let read = async {
            while !self.text.contains("\n\n") {
                let mut bytes = [0; 4096];
                let count = self.socket.read(&mut bytes).await.expect("read");
                assert!(count > 0, "the stream ended: {}", self.text);
                self.text.push_str(std::str::from_utf8(&bytes[..count]).expect("ASCII"));
            }
        };
        soon("an event", read).await.expect("in time");
        let (event, rest) = self.text.split_once("\n\n").expect("just found");
        let line = |name: &str| {
            let found = event.lines().find_map(|line| line.strip_prefix(name));
            found.unwrap_or_else(|| panic!("no {name} in {event}")).to_owned()
        };
        let (id, data) = (line("id: "), line("data: "));
        self.text = rest.to_owned();
        (id, serde_json::from_str(&data).expect("a message"))
    }
}

#[tokio::test]
async fn the_stream_brings_a_snapshot_then_patches_and_resumes() {
    let stage = stage().await;
    let mut mirror = Mirror::default();
    let mut events = Events::open(&stage, None).await;
    let (_, snapshot) = events.next().await;
    mirror.take(snapshot).expect("a snapshot");
    let accepted = stage.dispatch(work("a", 1)).await.unwrap();
    let mut last_id = String::new();
    while mirror.version() < accepted.version {
        let (id, frame) = events.next().await;
        assert!(matches!(frame, ServerFrame::StatePatch { .. }));
        mirror.take(frame).expect("it fits");
        last_id = id;
    }
    drop(events);
    // What happens while nobody listens comes as one patch.
    for id in ["b", "c", "d"] {
        stage.dispatch(work(id, 1)).await.unwrap();
    }
    let now = stage.server.board.state();
    let mut events = Events::open(&stage, Some(&last_id)).await;
    let (id, patch) = events.next().await;
    assert!(matches!(patch, ServerFrame::StatePatch { .. }), "{patch:?}");
    mirror.take(patch).expect("it fits");
    while mirror.version() < now.version {
        mirror.take(events.next().await.1).expect("it fits");
    }
    assert_eq!(mirror.document(), &stage.server.board.state().document);
    assert!(id.starts_with(&format!("{}:", now.epoch)));
    // W3.8: a position in another history gets everything anew.
    let mut events = Events::open(&stage, Some("another:1")).await;
    let (_, snapshot) = events.next().await;
    assert_eq!(serde_json::to_value(&snapshot).unwrap()["reason"], json!("epoch"));
}
