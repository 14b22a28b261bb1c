//! Commands, jobs and plain HTTP.

use crate::{connection::client, fake::*};
use callboard_client::{Client, Code, Http, JobHandle};
use callboard_protocol::{
    Epoch, Node,
    error::ErrorCode,
    frame::{ClientFrame, ServerFrame, SubStart},
    job::{DispatchArgs, JobState},
};
use std::sync::Arc;

async fn command(peer: &mut Peer) -> (String, String, Node, Option<String>) {
    match peer.next().await {
        ClientFrame::Cmd { id, name, args, key } => (id, name, args, key),
        other => panic!("{other:?} instead of a command"),
    }
}

fn ack(id: &str, version: u64) -> ServerFrame {
    ServerFrame::Ack {
        id: id.into(),
        ok: true,
        result: Node::Null,
        epoch: Epoch::new("e"),
        version,
        dup: None,
    }
}

fn job_json(id: &str, state: &str, progress: f64) -> String {
    format!(
        r#"{{"id":"{id}","kind":"echo","queue":"default","state":"{state}","priority":0,"title":"t","args":{{}},
            "attempt":1,"maxAttempts":1,"createdAt":"2026-01-01T00:00:00.000Z","createdBy":"x",
            "progress":{{"value":{progress}}}}}"#
    )
}

async fn connected(fake: &mut Fake) -> (Client, Peer) {
    let client = client(fake);
    let (mut peer, _) = fake.greeted(SubStart::Snapshot).await;
    peer.send(&snapshot(1, r#"{"jobs":{}}"#)).await;
    soon(client.ready()).await.expect("connected");
    (client, peer)
}

/// Dispatches a job whose record appears at version 2.
async fn dispatched(client: &Client, peer: &mut Peer) -> JobHandle {
    let args = DispatchArgs { kind: "echo".into(), ..DispatchArgs::default() };
    let (handle, ()) = tokio::join!(client.dispatch(args), async {
        let (id, name, args, key) = command(peer).await;
        assert_eq!(name, "jobs.dispatch");
        assert!(args.at("/id").is_some() && key.is_some());
        peer.send(&ack(&id, 2)).await;
    });
    handle.expect("accepted")
}

#[tokio::test]
async fn a_command_is_answered_or_rejected() {
    let mut fake = Fake::start().await;
    let (client, mut peer) = connected(&mut fake).await;
    let (outcome, ()) = tokio::join!(client.command("jobs.retry", node(r#"{"id":"a"}"#), None), async {
        let (id, _, args, key) = command(&mut peer).await;
        assert_eq!(args, node(r#"{"id":"a"}"#));
        assert!(key.unwrap().ends_with(&format!(":{id}")));
        peer.send(&ack(&id, 7)).await;
    });
    assert_eq!(outcome.unwrap().version, 7);
    let (outcome, ()) = tokio::join!(client.command("jobs.retry", node("{}"), None), async {
        let (id, ..) = command(&mut peer).await;
        let text = format!(
            r#"{{"type":"error","re":"{id}","code":"not_found","message":"no job","retryable":false}}"#
        );
        peer.send_text(&text).await;
    });
    let error = outcome.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Server(ErrorCode::NotFound), "no job"));
}

/// Protocol 6: the outcome is in doubt, so the same key goes out again. W1.6: what the original had taken off its queue was lost
/// when the socket was not open.
#[tokio::test]
async fn an_unanswered_command_is_sent_again_after_a_drop() {
    let mut fake = Fake::start().await;
    let (client, mut peer) = connected(&mut fake).await;
    let (outcome, ()) = tokio::join!(client.command("jobs.retry", node("{}"), None), async {
        let first = command(&mut peer).await;
        drop(peer);
        let (mut peer, _) = fake.greeted(SubStart::Resumed).await;
        let second = command(&mut peer).await;
        assert_eq!(first, second);
        peer.send(&ack(&second.0, 9)).await;
    });
    assert_eq!(outcome.unwrap().version, 9);
}

#[tokio::test]
async fn a_job_is_followed_to_its_end() {
    let mut fake = Fake::start().await;
    let (client, mut peer) = connected(&mut fake).await;
    let job = dispatched(&client, &mut peer).await;
    let mut progress = job.progress();
    let add = format!(
        r#"[{{"op":"add","path":"/jobs/{}","value":{}}}]"#,
        job.id(),
        job_json(job.id(), "running", 0.25)
    );
    peer.send(&patch(1, 2, &add)).await;
    assert_eq!(soon(progress.next()).await.unwrap().value, 0.25);
    let more = format!(r#"[{{"op":"replace","path":"/jobs/{}/progress/value","value":0.5}}]"#, job.id());
    peer.send(&patch(2, 3, &more)).await;
    assert_eq!(soon(progress.next()).await.unwrap().value, 0.5);
    let end = format!(r#"[{{"op":"replace","path":"/jobs/{}/state","value":"succeeded"}}]"#, job.id());
    peer.send(&patch(3, 4, &end)).await;
    assert_eq!(soon(job.wait()).await.unwrap().state, JobState::Succeeded);
    assert_eq!(soon(progress.next()).await, None);
    let (cancelled, ()) = tokio::join!(job.cancel(Some("enough")), async {
        let (id, name, args, _) = command(&mut peer).await;
        assert_eq!((name.as_str(), args.at("/reason")), ("jobs.cancel", Some(&Node::from("enough"))));
        peer.send(&ack(&id, 5)).await;
    });
    cancelled.unwrap();
}

#[tokio::test]
async fn a_record_that_the_mirror_no_longer_has_is_fetched() {
    let stored: Answer = Arc::new(|path| match path.strip_prefix("/base/api/jobs/") {
        Some("gone") | None => (404, r#"{"code":"not_found","message":"no such job"}"#.into()),
        Some(id) => (200, job_json(id, "failed", 0.5)),
    });
    let mut fake = Fake::answering(stored).await;
    let (client, mut peer) = connected(&mut fake).await;
    let job = dispatched(&client, &mut peer).await;
    peer.send(&patch(1, 2, "[]")).await;
    assert_eq!(soon(job.wait()).await.unwrap().state, JobState::Failed);
    let error = soon(client.handle("gone".into()).wait()).await.unwrap_err();
    assert_eq!(error.code(), Code::Server(ErrorCode::NotFound));
}

#[tokio::test]
async fn plain_requests() {
    let answers: Answer = Arc::new(|path| match path {
        "/base/api/jobs?limit=1" => (200, r#"{"jobs":[]}"#.into()),
        "/base/api/large" => (200, "x".repeat(100_000)),
        "/base/api/empty" => (204, String::new()),
        _ => (409, r#"{"status":409,"code":"conflict","message":"it is done","retryable":false}"#.into()),
    });
    let fake = Fake::answering(answers).await;
    let http = Http::new(callboard_client::Endpoint::parse(&fake.url).unwrap(), "secret");
    let page: Node = soon(http.get_json("/api/jobs?limit=1")).await.unwrap();
    assert_eq!(page, node(r#"{"jobs":[]}"#));
    assert_eq!(soon(http.get_bytes("api/large")).await.unwrap().len(), 100_000);
    assert_eq!(soon(http.get_json::<Option<Node>>("api/empty")).await.unwrap(), None);
    let error = soon(http.get_json::<Node>("api/large")).await.unwrap_err();
    assert_eq!(error.code(), Code::Protocol);
    let error =
        soon(http.post_json::<Node>("/api/commands/jobs.retry", &node("{}"), Some("key"))).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Server(ErrorCode::Conflict), "it is done"));
    let wrong = Http::new(callboard_client::Endpoint::parse(&fake.url).unwrap(), "wrong");
    let error = soon(wrong.get_json::<Node>("/api/whoami")).await.unwrap_err();
    assert_eq!(error.code(), Code::Server(ErrorCode::Unauthorized));
    let nobody = Http::new(callboard_client::Endpoint::parse("http://127.0.0.1:1/").unwrap(), "secret");
    assert_eq!(soon(nobody.get_json::<Node>("/version")).await.unwrap_err().code(), Code::Offline);
}
