//! The log on the wire: continuous by `prevSeq`, replayed on request, filtered by the server (S3.11, S3.18, S3.20).

use crate::kit::{Stage, assert_still_served, next, stage};
use callboard_protocol::{
    caps,
    frame::{ClientFrame, LogPosition, LogRequest, ServerFrame},
    log::{Level, LogEntry},
};
use callboard_testkit::{Socket, SocketOptions, hello};

/// A socket that listens to the log; its snapshot of the state has been read.
async fn listen(stage: &Stage, logs: LogRequest) -> Socket {
    listen_by(stage, logs, &stage.server.socket_options()).await
}

async fn listen_by(stage: &Stage, logs: LogRequest, options: &SocketOptions) -> Socket {
    let mut socket = Socket::open(stage.server.address(), options).await.expect("open");
    let mut hello = hello(&format!("listener-{:x}", fastrand::u64(..)), None, None);
    if let ClientFrame::Hello { logs: wanted, .. } = &mut hello {
        *wanted = Some(logs);
    }
    socket.send(&hello).await.expect("taken");
    assert!(matches!(next(&mut socket).await, ServerFrame::Welcome { .. }));
    assert!(matches!(next(&mut socket).await, ServerFrame::StateSnapshot { .. }));
    socket
}

fn write(stage: &Stage, lines: std::ops::Range<u32>) {
    for line in lines {
        let channel = if line % 2 == 0 { "even" } else { "odd" };
        stage.server.board.logs().write(channel, Level::Info, &line.to_string(), None);
    }
}

/// What a client of the log knows.
#[derive(Default)]
struct Reader {
    lines: Vec<String>,
    last_seq: u64,
}

impl Reader {
    fn add(&mut self, entries: &[LogEntry], to_seq: u64) {
        self.lines.extend(entries.iter().map(|entry| entry.message.to_string()));
        self.last_seq = to_seq;
    }

    /// Reads on until there are so many lines; continuity is `prevSeq == my last seq`.
    async fn until(&mut self, socket: &mut Socket, count: usize) {
        while self.lines.len() < count {
            match next(socket).await {
                ServerFrame::LogsHistory { entries, prev_seq, to_seq, replay, .. } => {
                    assert!(replay.is_none() || prev_seq <= self.last_seq);
                    self.add(&entries, to_seq);
                }
                ServerFrame::LogsAppend { entries, prev_seq, to_seq, dropped } => {
                    assert_eq!((prev_seq, dropped), (self.last_seq, None), "no gap");
                    assert!(!entries.is_empty() && entries.len() <= caps::LOG_BATCH_LINES);
                    self.add(&entries, to_seq);
                }
                ServerFrame::StatePatch { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

fn numbers(lines: std::ops::Range<u32>) -> Vec<String> {
    lines.map(|line| line.to_string()).collect()
}

/// S3.10: lines come in batches, and W3.5: each is known by its number.
#[tokio::test]
async fn history_then_live_has_every_line_once() {
    let stage = stage().await;
    write(&stage, 0..50);
    let mut socket = listen(&stage, LogRequest::default()).await;
    let mut reader = Reader::default();
    reader.until(&mut socket, 50).await;
    write(&stage, 50..500);
    reader.until(&mut socket, 500).await;
    assert_eq!(reader.lines, numbers(0..500));
}

#[tokio::test]
async fn a_client_that_comes_back_gets_what_it_missed() {
    let stage = stage().await;
    write(&stage, 0..10);
    let mut socket = listen(&stage, LogRequest::default()).await;
    let mut reader = Reader::default();
    reader.until(&mut socket, 10).await;
    drop(socket);
    // More than fits into one answer.
    let missed = caps::LOG_QUERY_LINES as u32 + 500;
    write(&stage, 10..10 + missed);
    let resume = LogPosition { epoch: stage.server.board.epoch().clone(), seq: reader.last_seq };
    let mut socket = listen(&stage, LogRequest { resume: Some(resume), ..LogRequest::default() }).await;
    reader.until(&mut socket, 10 + missed as usize).await;
    assert_eq!(reader.lines, numbers(0..10 + missed));
}

/// After a replay with a small limit the rest follows by itself: nobody waits for the next line to be written.
#[tokio::test]
async fn a_replay_is_followed_by_the_rest() {
    let stage = stage().await;
    write(&stage, 0..100);
    let mut socket = listen(&stage, LogRequest { snapshot: Some(5), ..LogRequest::default() }).await;
    let ServerFrame::LogsHistory { entries, prev_seq, to_seq, .. } = next(&mut socket).await else {
        panic!()
    };
    assert_eq!(entries.len(), 5);
    assert!(prev_seq < to_seq);
    socket.send(&ClientFrame::LogsReplay { since_seq: 0, limit: Some(10) }).await.unwrap();
    let ServerFrame::LogsHistory { entries, prev_seq, to_seq, replay, truncated, .. } =
        next(&mut socket).await
    else {
        panic!("no replay");
    };
    assert_eq!((entries.len(), prev_seq, replay, truncated), (10, 0, Some(true), false));
    let mut reader = Reader::default();
    reader.add(&entries, to_seq);
    reader.until(&mut socket, 100).await;
    assert_eq!(reader.lines, numbers(0..100));
}

/// Readers with the same filter share what is written to them; whenever they come, each has every line once (S3.18).
#[tokio::test(flavor = "multi_thread")]
async fn readers_who_come_at_any_time_have_every_line_once() {
    const ROUNDS: u32 = 24;
    const LINES: u32 = 37;
    let stage = stage().await;
    let mut readers = Vec::new();
    for round in 0..ROUNDS {
        let channels = (round % 3 == 0).then(|| vec!["odd".to_owned()]);
        let all = Some(caps::LOG_QUERY_LINES as u32);
        let is_odd = channels.is_some();
        let request = LogRequest { channels, snapshot: all, ..LogRequest::default() };
        readers.push((is_odd, listen(&stage, request).await));
        write(&stage, round * LINES..(round + 1) * LINES);
    }
    for (is_odd, mut socket) in readers {
        let wanted = (0..ROUNDS * LINES).filter(|line| !is_odd || line % 2 == 1);
        let wanted: Vec<_> = wanted.map(|line| line.to_string()).collect();
        let mut reader = Reader::default();
        reader.until(&mut socket, wanted.len()).await;
        assert_eq!(reader.lines, wanted);
    }
}

/// S3.18, W1.8: who does not read holds nobody up, and is told what is gone when it does; nothing is lost without a word.
#[tokio::test(flavor = "multi_thread")]
async fn who_reads_slowly_is_told_what_is_missing() {
    // More than the ring and the buffers of a connection hold.
    const LINES: u64 = 3500;
    let stage = stage().await;
    let plain = SocketOptions { deflate: false, ..stage.server.socket_options() };
    let mut slow = listen_by(&stage, LogRequest::default(), &plain).await;
    let mut quick = listen_by(&stage, LogRequest::default(), &plain).await;
    let long = "x".repeat(caps::LOG_LINE_BYTES);
    let start = *stage.server.board.logs().head().borrow();
    let mut had = start;
    for written in (1..=LINES).map(|line| start + line) {
        stage.server.board.logs().write("noise", Level::Info, &long, None);
        while written % 100 == 0 && had < written {
            if let ServerFrame::LogsAppend { prev_seq, to_seq, dropped, .. } = next(&mut quick).await {
                assert_eq!((prev_seq, dropped), (had, None), "the quick one has everything");
                had = to_seq;
            }
        }
    }
    let (mut had, mut came, mut missed) = (start, 0, 0);
    while had < start + LINES {
        if let ServerFrame::LogsAppend { entries, prev_seq, to_seq, dropped } = next(&mut slow).await {
            assert_eq!(prev_seq - had, dropped.unwrap_or(0), "a hole is where it is said, and as wide");
            (had, came, missed) = (to_seq, came + entries.len() as u64, missed + dropped.unwrap_or(0));
        }
    }
    assert_eq!(came + missed, LINES);
    assert!(missed > 0 && came > 0, "{came} came and {missed} did not");
}

/// S3.20: the last N that pass the filter, not the last N and then filtered.
#[tokio::test]
async fn the_server_filters_first_and_counts_then() {
    let stage = stage().await;
    write(&stage, 0..100);
    let odd = LogRequest { channels: Some(vec!["odd".into()]), snapshot: Some(20), ..LogRequest::default() };
    let mut socket = listen(&stage, odd).await;
    let mut reader = Reader::default();
    reader.until(&mut socket, 20).await;
    write(&stage, 100..140);
    reader.until(&mut socket, 40).await;
    let odd = (0..140).filter(|line| line % 2 == 1).map(|line| line.to_string());
    assert_eq!(reader.lines, odd.skip(30).collect::<Vec<_>>());

    // The filter can be changed, and lines turned off.
    let warnings = LogRequest { min_level: Some(Level::Warn), snapshot: Some(5), ..LogRequest::default() };
    socket.send(&ClientFrame::LogsSubscribe { filter: warnings }).await.unwrap();
    let ServerFrame::LogsHistory { entries, .. } = next(&mut socket).await else { panic!("no history") };
    assert!(entries.is_empty());
    let off = LogRequest { enabled: Some(false), ..LogRequest::default() };
    socket.send(&ClientFrame::LogsSubscribe { filter: off }).await.unwrap();
    write(&stage, 140..150);
    assert_still_served(&mut socket).await;
}

#[tokio::test]
async fn what_the_ring_no_longer_holds_is_said() {
    let stage = stage().await;
    write(&stage, 0..caps::LOG_RING_LINES as u32 + 10);
    let mut socket = listen(&stage, LogRequest { snapshot: Some(1), ..LogRequest::default() }).await;
    assert!(matches!(next(&mut socket).await, ServerFrame::LogsHistory { truncated: false, .. }));
    socket.send(&ClientFrame::LogsReplay { since_seq: 1, limit: Some(5) }).await.unwrap();
    let ServerFrame::LogsHistory { truncated, entries, .. } = next(&mut socket).await else {
        panic!("no replay")
    };
    assert!(truncated);
    assert_eq!(entries[0].seq, 11);
}

/// Positions are numbers that a client makes up.
#[tokio::test]
async fn positions_that_cannot_be_do_no_harm() {
    let stage = stage().await;
    write(&stage, 0..3);
    let mut socket = listen(&stage, LogRequest { enabled: Some(false), ..LogRequest::default() }).await;
    for since_seq in [u64::MAX, u64::MAX - 1, 4, 1 << 53] {
        socket.send(&ClientFrame::LogsReplay { since_seq, limit: Some(u32::MAX) }).await.unwrap();
        let ServerFrame::LogsHistory { entries, .. } = next(&mut socket).await else { panic!("no answer") };
        assert!(entries.is_empty());
        let path = format!("/api/logs?sinceSeq={since_seq}");
        let answer = stage.server.request("GET", &path).send(stage.server.address()).await.unwrap();
        assert_eq!(answer.status, 200);
    }
    write(&stage, 3..4);
    let latest = stage.server.board.board_log(None, 1);
    assert_eq!(&*latest.entries[0].message, "3");
}
