//! Servers for tests: in memory but for tokens, with one scripted kind named `work`.

use callboard::{BoardOptions, Limits, journal::MemoryJournal};
use callboard_exec::Registry;
use callboard_protocol::{
    Actor, Node,
    command::{Accepted, Command},
    error::Rejection,
    frame::{ClientFrame, ServerFrame, StatePosition},
    job::DispatchArgs,
};
use callboard_testkit::{
    Attempts, FaultyJournal, JournalFaults, Mirror, ScriptedExecutor, Socket, TempServer, scripted_kind, soon,
};
use std::sync::Arc;

pub(crate) struct Stage {
    pub(crate) server: TempServer,
    pub(crate) faults: JournalFaults,
    pub(crate) attempts: Attempts,
}

/// Options of a board in memory, and what controls it.
pub(crate) fn scripted() -> (BoardOptions, JournalFaults, Attempts) {
    let (journal, faults) = FaultyJournal::around(Arc::new(MemoryJournal::new()));
    let (executor, attempts) = ScriptedExecutor::new();
    let mut registry = Registry::new();
    registry.register(scripted_kind("work"), executor).expect("a new kind");
    let limits = Limits { concurrency: 4, ..Limits::default() };
    let options = BoardOptions { journal: Some(journal), registry, limits, ..BoardOptions::default() };
    (options, faults, attempts)
}

pub(crate) async fn stage() -> Stage {
    stage_below("/").await
}

pub(crate) async fn stage_below(base: &str) -> Stage {
    let (options, faults, attempts) = scripted();
    let server = TempServer::with(options, base).await.expect("it starts");
    Stage { server, faults, attempts }
}

/// A job of the scripted kind with so many bytes of arguments.
pub(crate) fn work(id: &str, bytes: usize) -> DispatchArgs {
    let args =
        [("text".into(), Node::from("x".repeat(bytes)))].into_iter().collect::<callboard_protocol::Object>();
    DispatchArgs {
        id: Some(id.into()),
        kind: "work".into(),
        args: Some(args.into()),
        ..DispatchArgs::default()
    }
}

/// The command that dispatches a job, as a frame.
pub(crate) fn dispatch_frame(id: &str, job: &str, key: Option<&str>) -> ClientFrame {
    let args = callboard_protocol::to_node(&work(job, 1)).expect("it has a JSON form");
    ClientFrame::Cmd { id: id.into(), name: "jobs.dispatch".into(), args, key: key.map(Into::into) }
}

impl Stage {
    pub(crate) async fn dispatch(&self, args: DispatchArgs) -> Result<Accepted, Rejection> {
        self.server.board.send(Command::Dispatch(Box::new(args)), Actor::new("test"), None).await
    }

    /// A socket whose welcome has been read, and what it says: `resumed` or `snapshot`, and the version.
    pub(crate) async fn socket(&self, resume: Option<StatePosition>) -> (Socket, bool, u64) {
        let mut socket = self.server.socket(resume).await.expect("it opens");
        let ServerFrame::Welcome { subs, version, .. } = next(&mut socket).await else {
            panic!("the first message is the welcome");
        };
        (socket, subs["main"] == callboard_protocol::frame::SubStart::Resumed, version)
    }
}

/// More frames than the buffers of a loopback connection hold on both sides, for somebody who does not read: 18 MB
/// over eight places of the state. Says how many.
pub(crate) async fn flood(stage: &Stage) -> u64 {
    const FRAMES: u64 = 300;
    let mut rng = fastrand::Rng::with_seed(3);
    for number in 0..FRAMES {
        let text: String = std::iter::repeat_with(|| rng.alphanumeric()).take(60_000).collect();
        stage.server.board.set(&format!("/app.big/b{}", number % 8), &text).await.expect("a write is taken");
        // Longer than changes come together for.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    FRAMES
}

/// The next message.
pub(crate) async fn next(socket: &mut Socket) -> ServerFrame {
    soon("a message", socket.next()).await.and_then(|message| message).expect("a message")
}

/// Feeds a mirror until it is at a version.
pub(crate) async fn follow(socket: &mut Socket, mirror: &mut Mirror, version: u64) {
    while mirror.version() < version {
        mirror.take(next(socket).await).expect("the rules are kept");
    }
}

/// Waits for the answer to this command and passes over everything else.
pub(crate) async fn answer_to(socket: &mut Socket, wanted: &str) -> ServerFrame {
    loop {
        let message = next(socket).await;
        match &message {
            ServerFrame::Ack { id, .. } if id == wanted => return message,
            ServerFrame::Error { re, .. } if re.as_deref() == Some(wanted) => return message,
            _ => {}
        }
    }
}

/// Asserts that nothing but state and log is on its way before the answer to a ping.
pub(crate) async fn assert_still_served(socket: &mut Socket) {
    socket.send(&ClientFrame::Ping { ts: 1.0, id: Some("still".into()) }).await.expect("it takes a ping");
    loop {
        match next(socket).await {
            ServerFrame::Pong { id, .. } if id.as_deref() == Some("still") => return,
            ServerFrame::StatePatch { .. } | ServerFrame::StateSnapshot { .. } => {}
            ServerFrame::LogsAppend { .. } | ServerFrame::LogsHistory { .. } => {}
            other => panic!("not expected: {other:?}"),
        }
    }
}
