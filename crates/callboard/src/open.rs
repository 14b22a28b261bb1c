//! Opening a board: take over, recover, take back, serve (ARCHITECTURE 5).

use crate::{
    board::{Board, Layout},
    clock::Clock,
    event_job::{Dispatcher, DispatcherOptions},
    host::{Host, Machine},
    logs::{LogHub, LogOptions},
    ring::Ring,
    shared::{Head, Scratch, Shared},
    writer::{JournalEnd, Message, Writer, archive_row},
};
use callboard_core::{BreakerNote, Core, Decided, Effect, Input, Limits, LogMeta, Projection, Recovered};
use callboard_exec::{ArtifactStore, CancelReason, Registry};
use callboard_journal::{Append, AppendError, Journal, MemoryJournal, ReadError, SqliteJournal};
use callboard_protocol::{
    Commit, CommitKind, Epoch, Node, Time, caps,
    config::{ServerConfig, SettingError, Settings},
    log::Level,
};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, RwLock},
    time::Duration,
};
use tokio::sync::{Semaphore, mpsc, watch};

/// How a board is opened.
pub struct BoardOptions {
    /// The folder for journal, artifacts and logs; `None`: nothing but artifacts is kept, and those in a temporary
    /// folder.
    pub data: Option<PathBuf>,
    /// Another journal than the one that `data` implies.
    pub journal: Option<Arc<dyn Journal>>,
    /// Limits of the board.
    pub limits: Limits,
    /// Between TERM and KILL, and before a task that ignores its token is aborted.
    pub grace: Duration,
    /// The kinds that can run from the start, so that jobs of an earlier process find their executors.
    pub registry: Registry,
    /// The lane for jobs that are not journalled: where their events are told and their results cached.
    pub in_process: DispatcherOptions,
    /// Domains that are computed from others.
    pub projections: Vec<Projection>,
    /// What must be there before the board is ready, as `devices/<id>` or `streams/<id>`.
    pub required: Vec<String>,
    /// The build, for people.
    pub build: String,
    /// What clients adopt and how the log is kept; see `callboard_protocol::config::SETTINGS`.
    pub settings: Settings,
    /// What the board takes from the machine: the time of day, names, chance.
    pub host: Arc<dyn Host>,
    /// Changes between two snapshots of the journal at least; with more jobs in the state, as many as those.
    pub snapshot_every: u64,
}

impl Default for BoardOptions {
    fn default() -> Self {
        BoardOptions {
            data: None,
            journal: None,
            limits: Limits::default(),
            grace: Duration::from_millis(caps::GRACE_MS),
            registry: Registry::new(),
            in_process: DispatcherOptions::default(),
            projections: Vec::new(),
            required: Vec::new(),
            build: concat!("callboard ", env!("CARGO_PKG_VERSION")).into(),
            settings: Settings::default(),
            host: Arc::new(Machine),
            snapshot_every: caps::SNAPSHOT_EVERY,
        }
    }
}

/// A board could not be opened. Nothing was changed on disk but what a migration says.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The journal's files.
    #[error(transparent)]
    Journal(#[from] callboard_journal::OpenError),
    /// The journal's content.
    #[error("failed to read the journal: {0}")]
    Read(#[from] ReadError),
    /// The journal did not take the first commits.
    #[error("failed to write the journal: {0}")]
    Write(#[from] AppendError),
    /// An operation of the journal does not fit the state.
    #[error("the journal is damaged: version {version} does not fit the state before it: {why}")]
    Damaged {
        /// The version.
        version: u64,
        /// Why.
        why: String,
    },
    /// A setting of the log.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A folder or file.
    #[error("failed to open {path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Where the fold of a journal has arrived.
struct Folded {
    recovered: Recovered,
    seq: u64,
    hash: String,
    snapshot_version: u64,
    last_at: Time,
}

pub(crate) async fn open(options: BoardOptions) -> Result<Board, OpenError> {
    let journal: Arc<dyn Journal> = match (options.journal, &options.data) {
        (Some(journal), _) => journal,
        (None, Some(data)) => Arc::new(SqliteJournal::open(&Layout(data.clone()).journal())?),
        (None, None) => Arc::new(MemoryJournal::new()),
    };
    let log_options = LogOptions::read(&options.settings)?;
    // The journal is ours, so whatever an earlier process left running is an orphan.
    end_orphans(options.data.clone().map(Layout)).await;
    let mut folded = fold(journal.as_ref()).await?;
    let host = options.host;
    let node = host.name();
    let epoch = folded.recovered.epoch.clone().unwrap_or_else(|| new_epoch(host.as_ref()));
    let clock = Clock::not_before(folded.last_at, host.clone());
    take_over(journal.as_ref(), &mut folded, (&epoch, &node), clock.now()).await?;

    let layout = options.data.clone().map(Layout);
    let scratch = scratch();
    let artifacts = layout.as_ref().map_or_else(|| scratch.0.join("artifacts"), Layout::artifacts);
    let artifacts =
        ArtifactStore::open(&artifacts).map_err(|source| OpenError::Io { path: artifacts, source })?;
    let logs = LogHub::open(layout.as_ref().map(Layout::logs), log_options)
        .map_err(|(path, source)| OpenError::Io { path, source })?;
    let work = layout.as_ref().map_or_else(|| scratch.0.join("work"), Layout::work);
    // Folders of attempts that are gone for good.
    let _ = std::fs::remove_dir_all(&work);

    let end = JournalEnd { seq: folded.seq, hash: folded.hash, snapshot_version: folded.snapshot_version };
    let retention = options.limits.retention;
    let core = Core::new(folded.recovered, options.limits).with_projections(options.projections);
    let (inbox, messages) = mpsc::channel(caps::COMMAND_QUEUE);
    let head = Head { document: core.document().clone(), version: core.version() };
    let shared = Arc::new(Shared {
        epoch,
        node: node.clone(),
        host,
        clock,
        snapshot_every: options.snapshot_every,
        grace: options.grace,
        data: options.data,
        scratch,
        work,
        registry: RwLock::new(options.registry),
        artifacts: Arc::new(artifacts),
        required: options.required,
        journal,
        logs,
        watchers: Default::default(),
        dispatcher: Dispatcher::new(options.in_process),
        origins: Default::default(),
        telling: std::sync::Once::new(),
        inbox,
        version: watch::Sender::new(head.version),
        config: watch::Sender::new(Arc::new(ServerConfig::default())),
        head: RwLock::new(head),
        ring: Mutex::new(Ring::default()),
        searches: Semaphore::new(caps::SEARCHES),
    });
    crate::bulk::register(&shared);
    shared.follow_config(&Node::Null, core.document());
    let mut writer = Writer::new(core, shared.clone(), messages, end);
    let inputs =
        vec![Input::Boot { build: options.build, node }, Input::Configure(Box::new(options.settings))];
    boot(&mut writer, inputs).await?;
    tokio::spawn(writer.run());
    tokio::spawn(follow_logs(Arc::downgrade(&shared)));
    tokio::spawn(crate::retention::follow(Arc::downgrade(&shared), retention));
    record_breakers(&shared);
    Ok(Board { shared })
}

/// Several boards without a folder live on one machine; each has a temporary one of its own.
fn scratch() -> Scratch {
    Scratch(std::env::temp_dir().join(format!("callboard-{}", Machine.name())))
}

fn new_epoch(host: &dyn Host) -> Epoch {
    Epoch::new(host.name().replace('-', ""))
}

/// Ends child processes of an earlier process that was killed, before their jobs start again.
async fn end_orphans(layout: Option<Layout>) {
    let Some(work) = layout.map(|layout| layout.work()) else { return };
    match callboard_exec::reap_orphans(&work).await {
        Ok(reaped) if reaped.killed + reaped.left > 0 => {
            tracing::warn!(
                killed = reaped.killed,
                left = reaped.left,
                "ended processes of an earlier server"
            );
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "processes of an earlier server were not looked for"),
    }
}

/// Latest snapshot and the commits after it, or all commits.
async fn fold(journal: &dyn Journal) -> Result<Folded, OpenError> {
    let mut folded = Folded {
        recovered: Recovered::default(),
        seq: 0,
        hash: String::new(),
        snapshot_version: 0,
        last_at: Time::default(),
    };
    if let Some(snapshot) = journal.latest_snapshot().await? {
        folded.seq = snapshot.seq;
        folded.snapshot_version = snapshot.version;
        folded.last_at = snapshot.at;
        folded.recovered = Recovered {
            document: snapshot.state,
            version: snapshot.version,
            outcomes: snapshot.outcomes,
            epoch: Some(snapshot.epoch),
            // The next batch names its process; nobody else can have written in between.
            node: String::new(),
        };
    }
    let tail = journal.tail().await?;
    while folded.seq < tail.seq {
        for commit in journal.read(folded.seq + 1, 256).await? {
            let version = folded.recovered.version + 1;
            let damaged = |error: callboard_protocol::ApplyError| OpenError::Damaged {
                version,
                why: error.to_string(),
            };
            folded.recovered.fold(&commit).map_err(damaged)?;
            folded.seq = commit.seq;
            folded.last_at = folded.last_at.max(commit.at);
        }
    }
    folded.hash = tail.hash;
    Ok(folded)
}

/// Writes that this process serves the journal from now on; what an earlier one still sends is void.
async fn take_over(
    journal: &dyn Journal,
    folded: &mut Folded,
    (epoch, node): (&Epoch, &str),
    at: Time,
) -> Result<(), OpenError> {
    let commit = Commit {
        seq: folded.seq + 1,
        epoch: epoch.clone(),
        node: node.into(),
        base_version: folded.recovered.version,
        at,
        prev: folded.hash.clone(),
        kind: CommitKind::Takeover,
        entries: Vec::new(),
    };
    let appended = journal.append(Append { commit: Arc::new(commit), archive: Vec::new() }).await?;
    folded.seq += 1;
    folded.hash = appended.hash;
    Ok(())
}

/// The first changes of this process: it is ready, and the orphans of the last one are taken back.
async fn boot(writer: &mut Writer, mut inputs: Vec<Input>) -> Result<(), OpenError> {
    inputs.push(Input::Logs(writer.shared.logs.meta()));
    inputs.extend(writer.core.orphans().into_iter().map(Input::Rescue));
    for chunk in inputs.chunks(caps::COMMIT_ENTRIES - 1) {
        let context = writer.context(writer.actor.clone(), None);
        let mut decided: Vec<Decided> =
            chunk.iter().filter_map(|input| writer.core.receive(input.clone(), &context).ok()).collect();
        decided.extend(writer.core.settle(&context));
        let mut entries = Vec::new();
        let mut archive = Vec::new();
        let mut effects: Vec<Effect> = Vec::new();
        for step in decided {
            entries.extend(step.change);
            archive.extend(step.archive.into_iter().filter_map(archive_row));
            effects.extend(step.effects);
        }
        if !entries.is_empty() {
            writer.commit(entries, archive).await?;
            effects.into_iter().for_each(|effect| writer.carry_out(effect));
        }
    }
    Ok(())
}

/// Ring metadata becomes state at most once a second while lines arrive, and never while nothing happens.
async fn follow_logs(shared: std::sync::Weak<Shared>) {
    let Some(mut seq) = shared.upgrade().map(|shared| shared.logs.head()) else { return };
    while seq.changed().await.is_ok() {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let Some(shared) = shared.upgrade() else { return };
        seq.borrow_and_update();
        let meta: LogMeta = shared.logs.meta();
        if shared.inbox.send(Message::Logs(meta)).await.is_err() {
            return;
        }
    }
}

/// A reaction loop that was stopped is told in the board's log and in the journal (X8).
fn record_breakers(shared: &Arc<Shared>) {
    let board = Arc::downgrade(shared);
    shared.dispatcher.record_breakers(move |opened| {
        let Some(shared) = board.upgrade() else { return };
        let message = format!(
            "breaker.opened: {:?} reacted {} times in the chain of job {}, {} deep; its commands are refused for {} ms",
            &*opened.reactor,
            opened.reactions,
            opened.root,
            opened.depth,
            opened.window.as_millis()
        );
        shared.logs.write("board", Level::Error, &message, None);
        let note = BreakerNote {
            reactor: opened.reactor.clone(),
            root: opened.root.clone(),
            depth: opened.depth,
            reactions: opened.reactions,
            window_ms: u64::try_from(opened.window.as_millis()).unwrap_or(u64::MAX),
        };
        // A listener must not wait; where the queue is full, the log has it.
        if shared.inbox.try_send(Message::Breaker(note)).is_err() {
            tracing::warn!("the board is too busy to journal that a breaker has opened");
        }
    });
}

impl Drop for Writer {
    /// However a writer ends (in order, without its journal, by a panic, with its runtime): what it runs is
    /// stopped, no command is taken any more, and whoever waits for a job's end hears that it will not come. Where the
    /// journal is told as events, its last ones come first (invariant 6).
    fn drop(&mut self) {
        self.running.values().for_each(|running| running.stop(CancelReason::Shutdown));
        self.inbox.close();
        if self.shared.watchers.end() {
            self.shared.close();
        } else {
            // Wakes whoever tells, although there is nothing new.
            self.shared.version.send_modify(|_| {});
        }
    }
}
