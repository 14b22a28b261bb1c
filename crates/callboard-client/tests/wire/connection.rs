//! Connecting, losing the connection, coming back.

use crate::fake::*;
use callboard_client::{Client, Code, LogEvent, Options, Phase};
use callboard_protocol::{
    Epoch, JobId, Time,
    error::ErrorCode,
    frame::{ClientFrame, LogRequest, ServerFrame, StatePosition, SubStart},
    log::{Level, LogEntry},
};

pub(crate) fn client(fake: &Fake) -> Client {
    Client::connect(Options::new(&fake.url, "secret").expect("a URL"))
}

fn resume(hello: ClientFrame) -> Option<StatePosition> {
    let ClientFrame::Hello { subs, .. } = hello else { panic!("{hello:?}") };
    subs.expect("subscriptions").remove(0).resume
}

const SET: &str = r#"[{"op":"add","path":"/v","value":2}]"#;

/// S3.8, S3.10.
#[tokio::test]
async fn the_mirror_follows_over_a_compressed_connection() {
    let mut fake = Fake::start().await;
    let client = client(&fake);
    let (mut peer, hello) = fake.greeted(SubStart::Snapshot).await;
    assert_eq!(resume(hello), None);
    let long = "x".repeat(5000);
    peer.send(&snapshot(1, &format!(r#"{{"v":1,"long":"{long}"}}"#))).await;
    soon(client.ready()).await.unwrap();
    assert_eq!(client.state().at("/v").and_then(|v| v.as_u64()), Some(1));
    peer.send(&patch(1, 2, SET)).await;
    let version = soon(client.wait_for(|view| view.state.at("/v")?.as_u64().filter(|v| *v == 2))).await;
    assert_eq!(version, Ok(2));
    assert_eq!(client.position(), Some(StatePosition { epoch: Epoch::new("e"), version: 2 }));
    let telemetry = client.telemetry();
    assert!(telemetry.compression && telemetry.bytes_in < 2000, "{telemetry:?}");
}

/// X16, W3.1: five drops in a row, each of another kind; the mirror is never empty and resumes each time.
#[tokio::test]
async fn five_drops_in_a_row() {
    let mut fake = Fake::start().await;
    let client = client(&fake);
    let (mut peer, _) = fake.greeted(SubStart::Snapshot).await;
    peer.send(&snapshot(1, r#"{"v":1}"#)).await;
    soon(client.ready()).await.unwrap();
    for (round, code) in [Some(1001), Some(1012), None, Some(4000), None].into_iter().enumerate() {
        match code {
            Some(code) => peer.close(code).await,
            None => drop(peer),
        }
        let round = round as u64;
        let (next, hello) = fake.greeted(SubStart::Resumed).await;
        peer = next;
        assert_eq!(resume(hello).unwrap().version, round + 1);
        assert!(client.state().at("/v").is_some(), "what was known stays visible");
        peer.send(&patch(round + 1, round + 2, SET)).await;
        let live = |view: &callboard_client::View| {
            (view.live && view.position.as_ref()?.version == round + 2).then_some(())
        };
        soon(client.wait_for(live)).await.unwrap();
    }
    let telemetry = client.telemetry();
    assert_eq!((telemetry.connections, telemetry.resyncs, telemetry.attempt), (6, 0, 0));
}

/// S3.12, W1.6: the original did not look at the numbers of what came in.
#[tokio::test]
async fn a_gap_is_mended() {
    let mut fake = Fake::start().await;
    let client = client(&fake);
    let (mut peer, _) = fake.greeted(SubStart::Snapshot).await;
    peer.send(&snapshot(1, r#"{"v":1}"#)).await;
    peer.send(&patch(2, 3, SET)).await;
    peer.send(&patch(3, 4, SET)).await;
    let ClientFrame::StateResync { have, .. } = peer.next().await else { panic!("no resync") };
    assert_eq!(have.unwrap().version, 1);
    peer.send(&patch(1, 4, SET)).await;
    soon(client.wait_for(|view| (view.live && view.position.as_ref()?.version == 4).then_some(())))
        .await
        .unwrap();
    assert_eq!(client.telemetry().resyncs, 1);
}

#[tokio::test]
async fn a_wrong_token_is_final() {
    let fake = Fake::start().await;
    let client = Client::connect(Options::new(&fake.url, "wrong").unwrap());
    let error = soon(client.ready()).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Server(ErrorCode::Unauthorized), "no valid token"));
    let later = soon(client.command("jobs.retry", node("{}"), Some("k".into()))).await.unwrap_err();
    assert_eq!(later.code(), Code::Server(ErrorCode::Unauthorized));
}

#[tokio::test]
async fn a_server_that_comes_later_is_found() {
    let taken = Fake::start().await;
    let address: std::net::SocketAddr = taken.url[7..].split('/').next().unwrap().parse().unwrap();
    drop(taken);
    let mut options = Options::new(&format!("http://{address}/base"), "secret").unwrap();
    options.ws = config().ws;
    let client = Client::connect(options);
    let mut telemetry = client.follow_telemetry();
    while telemetry.get().consecutive_failures < 3 {
        assert!(soon(telemetry.changed()).await);
    }
    let error = soon(client.command("jobs.retry", node("{}"), None)).await.unwrap_err();
    assert_eq!((error.code(), error.is_retryable(), error.has_side_effects()), (Code::Offline, true, false));
    let mut fake = Fake::listening(address, std::sync::Arc::new(|_| (404, String::new()))).await;
    let (mut peer, _) = fake.greeted(SubStart::Snapshot).await;
    peer.send(&snapshot(1, "{}")).await;
    soon(client.ready()).await.unwrap();
}

/// X12, W1.6: the original sent heartbeats without end and awaited no answer.
#[tokio::test]
async fn silence_ends_the_connection() {
    let mut fake = Fake::start().await;
    let client = client(&fake);
    let mut peer = fake.peer().await;
    peer.next().await;
    let ServerFrame::Welcome { mut server_config, .. } = welcome(SubStart::Snapshot) else { panic!() };
    server_config.ws.heartbeat_interval_ms = 20;
    server_config.ws.heartbeat_timeout_ms = 20;
    let mut frame = welcome(SubStart::Snapshot);
    if let ServerFrame::Welcome { server_config: config, .. } = &mut frame {
        *config = server_config;
    }
    peer.send(&frame).await;
    peer.send(&snapshot(1, "{}")).await;
    assert!(matches!(peer.next().await, ClientFrame::Ping { .. }));
    assert_eq!(peer.closed().await, Some(4000));
    let (_peer, hello) = fake.greeted(SubStart::Resumed).await;
    assert!(resume(hello).is_some());
    drop(client);
}

/// W1.6: in the original what a consumer threw was reported as a message that could not be read.
#[tokio::test]
async fn a_consumer_that_panics_has_its_panic_for_itself() {
    let mut fake = Fake::start().await;
    let client = client(&fake);
    let (mut peer, _) = fake.greeted(SubStart::Snapshot).await;
    peer.send(&snapshot(1, r#"{"v":1}"#)).await;
    let watched = client.clone();
    let consumer =
        tokio::spawn(
            async move { watched.wait_for(|view| view.state.at("/v").map(|_| panic!("mine"))).await },
        );
    let panic = soon(consumer).await.map(|ended: Result<(), _>| ended.is_ok()).unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"mine"));
    peer.send(&patch(1, 2, SET)).await;
    soon(client.wait_for(|view| (view.live && view.position.as_ref()?.version == 2).then_some(())))
        .await
        .unwrap();
    let telemetry = client.telemetry();
    assert_eq!((telemetry.connections, telemetry.last_error.is_none()), (1, true));
}

#[tokio::test]
async fn compression_that_fails_is_left_out() {
    let mut fake = Fake::start().await;
    let client = client(&fake);
    let (peer, _) = fake.greeted(SubStart::Snapshot).await;
    assert_eq!(peer.query, None);
    peer.close(4008).await;
    let (mut peer, _) = fake.greeted(SubStart::Snapshot).await;
    assert_eq!(peer.query.as_deref(), Some("deflate=0"));
    peer.send(&snapshot(1, "{}")).await;
    soon(client.ready()).await.unwrap();
    assert!(!client.telemetry().compression);
}

#[tokio::test]
async fn a_broken_message_makes_a_new_connection_and_a_newer_one_does_not() {
    let mut fake = Fake::start().await;
    let client = client(&fake);
    let (mut peer, _) = fake.greeted(SubStart::Snapshot).await;
    peer.send_text(r#"{"type":"event","topic":"job.started"}"#).await;
    peer.send(&snapshot(1, "{}")).await;
    soon(client.ready()).await.unwrap();
    peer.send_text(r#"{"type":"state.patch","fromVersion":"one"}"#).await;
    peer.closed().await;
    let (_peer, hello) = fake.greeted(SubStart::Resumed).await;
    assert_eq!(resume(hello).unwrap().version, 1);
    let error = client.telemetry().last_error.unwrap().error;
    assert!(error.message().contains("state.patch"), "{error}");
}

fn line(seq: u64, job: &str) -> LogEntry {
    LogEntry {
        seq,
        ts: Time(0),
        channel: "stdout".into(),
        emoji: "▸".into(),
        level: Level::Info,
        message: format!("line {seq}").into(),
        color: "white".into(),
        job_id: Some(JobId::new(job)),
        fields: None,
    }
}

#[tokio::test]
async fn logs_arrive_once_each_and_holes_are_named() {
    let mut fake = Fake::start().await;
    let options = Options::new(&fake.url, "secret").unwrap().with_logs(LogRequest::default());
    let client = Client::connect(options);
    let (mut peer, _) = fake.greeted(SubStart::Snapshot).await;
    let history = |seqs: &[u64], prev_seq, to_seq| ServerFrame::LogsHistory {
        epoch: Epoch::new("e"),
        entries: seqs.iter().map(|seq| line(*seq, "a")).collect(),
        prev_seq,
        to_seq,
        capacity: 500,
        truncated: false,
        replay: None,
    };
    let append = |seq, job: &str| ServerFrame::LogsAppend {
        entries: vec![line(seq, job)],
        prev_seq: seq - 1,
        to_seq: seq,
        dropped: None,
    };
    peer.send(&history(&[1, 2], 0, 2)).await;
    peer.send(&append(3, "b")).await;
    let (mut all, mut of_job) = (client.logs(), client.handle("b".into()).logs());
    let seqs = |event: Option<LogEvent>| match event {
        Some(LogEvent::Lines(lines)) => lines.iter().map(|line| line.seq).collect(),
        other => panic!("{other:?}"),
    };
    let mut seen: Vec<u64> = Vec::new();
    while seen.len() < 3 {
        seen.extend::<Vec<u64>>(seqs(soon(all.next()).await));
    }
    assert_eq!(seen, [1, 2, 3]);
    let of_b: Vec<u64> = seqs(soon(of_job.next()).await);
    assert_eq!(of_b, [3]);
    peer.send(&append(9, "b")).await;
    let ClientFrame::LogsReplay { since_seq, .. } = peer.next().await else { panic!("no replay") };
    assert_eq!(since_seq, 3);
    peer.send(&history(&[7, 8, 9], 6, 9)).await;
    assert_eq!(soon(all.next()).await, Some(LogEvent::Gap { after: 3, until: 6 }));
    let rest: Vec<u64> = seqs(soon(all.next()).await);
    assert_eq!(rest, [7, 8, 9]);
    client.close().await;
    assert_eq!(soon(all.next()).await, None);
}

/// S3.25.
#[tokio::test]
async fn closing_says_goodbye_and_keeps_the_mirror() {
    let mut fake = Fake::start().await;
    let client = client(&fake);
    let (mut peer, _) = fake.greeted(SubStart::Snapshot).await;
    peer.send(&snapshot(1, r#"{"v":1}"#)).await;
    soon(client.ready()).await.unwrap();
    soon(client.close()).await;
    soon(client.close()).await;
    assert_eq!(peer.closed().await, Some(1000));
    assert_eq!(client.telemetry().phase, Phase::Closed { error: None });
    assert_eq!(client.state().at("/v").and_then(|v| v.as_u64()), Some(1));
    assert_eq!(soon(client.changed()).await.unwrap_err().code(), Code::Closed);
}

#[tokio::test]
async fn the_last_handle_ends_the_connection() {
    let mut fake = Fake::start().await;
    let client = client(&fake);
    let other = client.clone();
    let (mut peer, _) = fake.greeted(SubStart::Snapshot).await;
    drop(client);
    peer.send(&snapshot(1, "{}")).await;
    soon(other.ready()).await.unwrap();
    drop(other);
    assert_eq!(peer.closed().await, Some(1000));
}
