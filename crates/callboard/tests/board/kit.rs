//! A board for tests: everything in memory, one scripted kind named `work`.

use callboard::{Board, BoardOptions, Host, Limits, Machine, RawHandle};
use callboard_core::Recovered;
use callboard_exec::Registry;
use callboard_journal::{Journal, MemoryJournal};
use callboard_protocol::{
    Actor, CommandKey, Event, JobId, Node,
    command::{Accepted, Command},
    error::Rejection,
    job::{DispatchArgs, Job, JobState},
};
use callboard_testkit::{Attempts, FaultyJournal, JournalFaults, ScriptedExecutor, scripted_kind};
use std::{sync::Arc, time::Duration};

/// Between asking an attempt to stop and aborting it, without the two seconds that the runtime adds.
pub(crate) const GRACE: Duration = Duration::from_secs(10);

type Answer = Result<Accepted, Rejection>;

pub(crate) struct Stage {
    pub(crate) board: Board,
    pub(crate) faults: JournalFaults,
    pub(crate) attempts: Attempts,
    pub(crate) journal: MemoryJournal,
}

/// A board with this many slots.
pub(crate) async fn stage(concurrency: usize) -> Stage {
    on(MemoryJournal::new(), concurrency).await
}

/// A board on what an earlier one left.
pub(crate) async fn on(journal: MemoryJournal, concurrency: usize) -> Stage {
    with(journal, Limits { concurrency, ..Limits::default() }).await
}

/// The same, with these limits.
pub(crate) async fn with(journal: MemoryJournal, limits: Limits) -> Stage {
    opened(journal, limits, Arc::new(Machine)).await
}

/// A board with one slot on a machine of the test's own.
pub(crate) async fn hosted(host: Arc<dyn Host>) -> Stage {
    opened(MemoryJournal::new(), Limits { concurrency: 1, ..Limits::default() }, host).await
}

async fn opened(journal: MemoryJournal, limits: Limits, host: Arc<dyn Host>) -> Stage {
    let (faulty, faults) = FaultyJournal::around(Arc::new(journal.clone()));
    let (executor, attempts) = ScriptedExecutor::new();
    let mut registry = Registry::new();
    registry.register(scripted_kind("work"), executor).expect("a new kind");
    let options = BoardOptions {
        journal: Some(faulty),
        registry,
        limits,
        grace: GRACE,
        host,
        ..BoardOptions::default()
    };
    Stage { board: Board::open(options).await.expect("it opens"), faults, attempts, journal }
}

/// A job of the scripted kind with this name.
pub(crate) fn work(id: &str) -> DispatchArgs {
    DispatchArgs { id: Some(id.into()), kind: "work".into(), ..DispatchArgs::default() }
}

impl Stage {
    pub(crate) fn send(&self, command: Command) -> impl Future<Output = Answer> + use<> {
        let board = self.board.clone();
        async move { board.send(command, Actor::new("test"), None).await }
    }

    pub(crate) fn send_keyed(&self, command: Command, key: &str) -> impl Future<Output = Answer> + use<> {
        let (board, key) = (self.board.clone(), CommandKey::new(key));
        async move { board.send(command, Actor::new("test"), Some(key)).await }
    }

    pub(crate) async fn dispatch(&self, args: DispatchArgs) -> RawHandle {
        self.board.dispatch(args, Actor::new("test")).await.expect("it is accepted")
    }

    /// The job's record in the live state.
    pub(crate) fn job(&self, id: &str) -> Option<Job> {
        let record = self.board.live_job(&JobId::new(id))?;
        Some(callboard_protocol::from_node(&record).expect("a job"))
    }

    pub(crate) fn state_of(&self, id: &str) -> Option<JobState> {
        self.job(id).map(|job| job.state)
    }

    /// Waits until the live state fits.
    pub(crate) async fn until(&self, mut fits: impl FnMut(&Stage) -> bool) {
        let mut head = self.board.head();
        while !fits(self) {
            head.changed().await.expect("the board goes on");
        }
    }

    pub(crate) async fn until_state(&self, id: &str, state: JobState) {
        self.until(|stage| stage.state_of(id) == Some(state)).await;
    }

    /// Events of everything after a version, as `topic job`.
    pub(crate) fn events_since(&self, version: u64) -> Vec<String> {
        let window = self.board.since(version).expect("in memory");
        window.changes().flat_map(|(_, change)| change.events.iter().map(told)).collect()
    }

    /// Invariant 4: the fold of the journal is the state, bit for bit.
    pub(crate) async fn assert_fold(&self) {
        let mut fold = Recovered::default();
        for commit in self.journal.read(1, usize::MAX).await.expect("readable") {
            assert_eq!(commit.base_version, fold.version, "invariant 3: versions are contiguous");
            fold.fold(&commit).expect("it fits");
        }
        let state = self.board.state();
        assert_eq!(fold.version, state.version);
        assert_eq!(fold.document.to_string(), state.document.to_string());
    }
}

fn told(event: &Event) -> String {
    format!("{} {}", event.topic, event.job_id.as_deref().unwrap_or_default())
}

pub(crate) fn text(node: Option<&Node>) -> &str {
    node.and_then(Node::as_str).unwrap_or_default()
}
