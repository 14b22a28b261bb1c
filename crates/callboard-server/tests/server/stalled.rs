//! Clients that do not read: they cost bounded memory, disturb nobody, and are shown out (W1.8, W3.3, X9, sync 6).

use crate::kit::{Stage, next, stage, work};
use callboard_exec::Outcome;
use callboard_protocol::{
    Node, caps,
    command::Accepted,
    frame::{ClientFrame, ServerFrame, StatePosition},
    job::DispatchArgs,
    log::Level,
};
use callboard_testkit::{Heard, Socket, SocketOptions, hello, soon};
use std::time::Duration;

/// More than the buffers of a loopback connection hold on both sides.
const MORE_THAN_BUFFERS: usize = 14 * 1024 * 1024;
/// Bytes of one job's arguments.
const JOB: usize = 60 * 1024;

fn noise(bytes: usize) -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(bytes).collect()
}

/// Text that does not compress, so that it takes its place in all buffers.
async fn dispatch_noise(stage: &mut Stage, id: &str) -> Accepted {
    let args = Node::from(&serde_json::json!({ "text": noise(JOB) }));
    let accepted = stage.dispatch(DispatchArgs { args: Some(args), ..work(id, 0) }).await.expect("accepted");
    if let Some(attempt) = stage.attempts.try_next() {
        attempt.finish(Outcome::Cancelled);
    }
    accepted
}

async fn plain_socket(stage: &Stage) -> Socket {
    let options = SocketOptions { deflate: false, ..stage.server.socket_options() };
    let mut socket = Socket::open(stage.server.address(), &options).await.expect("it opens");
    socket.send(&hello(&format!("plain-{:x}", fastrand::u64(..)), None, None)).await.expect("it is taken");
    assert!(matches!(next(&mut socket).await, ServerFrame::Welcome { .. }));
    socket
}

#[tokio::test]
async fn a_client_that_stops_reading_is_shown_out_and_the_others_go_on() {
    let mut stage = stage().await;
    let mut stalled = plain_socket(&stage).await;
    let mut reading = plain_socket(&stage).await;
    let mut last = 0;
    for number in 0..MORE_THAN_BUFFERS / JOB {
        let job = format!("job-{number}");
        last = dispatch_noise(&mut stage, &job).await.version;
        // Its name is enough to see that it came; reading so much JSON would take its time.
        while !matches!(soon("a patch", reading.hear()).await.unwrap(), Heard::Text(text) if text.contains(&job))
        {
        }
    }
    tokio::time::pause();
    // Progress is looked for once per limit, so it takes up to two.
    tokio::time::sleep(Duration::from_millis(3 * caps::STALL_MS)).await;
    tokio::time::resume();
    // What is in the buffers still arrives; then nothing more comes, although there is more.
    let mut seen = 0;
    loop {
        match soon("the end", stalled.hear()).await.unwrap() {
            Heard::Text(text) => {
                if let Ok(ServerFrame::StatePatch { to_version, .. }) = serde_json::from_str(&text) {
                    seen = to_version;
                }
            }
            Heard::Control => {}
            Heard::Closed(_) | Heard::Dropped => break,
        }
    }
    assert!(seen < last, "it was cut off at {seen} of {last}");
}

/// Answers are made for one client; somebody who asks and does not read must not fill the memory with them.
#[tokio::test]
async fn a_client_that_asks_and_does_not_read_is_held_back() {
    const ASKED: usize = 60;
    let stage = stage().await;
    for line in 0..400 {
        stage.server.board.logs().write("stdout", Level::Info, &format!("{line} {}", noise(8000)), None);
    }
    let mut greedy = plain_socket(&stage).await;
    // Each answer has three megabytes. Questions are padded, so that few of them fit into the buffers on the way.
    let question = format!(r#"{{"type":"logs.replay","sinceSeq":0,"pad":"{}"}}"#, " ".repeat(512 * 1024));
    // Paused time moves on when nobody in this thread has anything to do: the server takes all that it will.
    tokio::time::pause();
    let mut taken = 0;
    while taken < ASKED {
        match tokio::time::timeout(Duration::from_secs(1), greedy.send_text(&question)).await {
            Ok(sent) => sent.unwrap(),
            Err(_) => break,
        }
        taken += 1;
    }
    tokio::time::resume();
    assert!(taken < ASKED / 2, "{taken} questions were taken");
    // When it reads it is heard again, and every question is answered.
    let mut answers = 0;
    while answers < taken {
        if let Heard::Text(text) = soon("an answer", greedy.hear()).await.unwrap() {
            answers += usize::from(text.starts_with(r#"{"type":"logs.history""#));
        }
    }
}

/// Resyncs are answered one at a time, however often they are asked for: the newest counts.
#[tokio::test]
async fn resyncs_do_not_pile_up() {
    const ASKED: usize = 1000;
    let mut stage = stage().await;
    for number in 0..4 {
        dispatch_noise(&mut stage, &format!("job-{number}")).await;
    }
    let mut socket = plain_socket(&stage).await;
    let have = Some(StatePosition { epoch: stage.server.board.epoch().clone(), version: 1 });
    for number in 0..ASKED {
        let have = have.clone().filter(|_| number % 2 == 0);
        let frame = ClientFrame::StateResync { sub: None, have, reason: None };
        soon("it is taken", socket.send(&frame)).await.unwrap().unwrap();
    }
    socket.send(&ClientFrame::Ping { ts: 0.0, id: None }).await.unwrap();
    let mut answers = 0;
    loop {
        match soon("an answer", socket.hear()).await.unwrap() {
            Heard::Text(text) if text.starts_with(r#"{"type":"pong""#) => break,
            Heard::Text(_) => answers += 1,
            other => panic!("{other:?}"),
        }
    }
    // As many as fit into the buffers on the way, of a quarter of a megabyte each.
    assert!(answers < ASKED / 5, "{answers} answers to {ASKED} requests");
}
