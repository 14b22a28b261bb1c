//! The handle of a board.

use crate::{
    event_job::Dispatcher,
    handle::RawHandle,
    logs::LogHub,
    open::{self, BoardOptions, OpenError},
    redact::Redactor,
    ring::Window,
    shared::Shared,
    typed::{Execute, Job},
    writer::Message,
};
use callboard_core::Known;
use callboard_exec::{ArtifactStore, Executor, KindError, KindInfo, Registry};
use callboard_protocol::{
    Actor, CommandKey, Epoch, JobId, Node,
    command::{Accepted, Command},
    config::ServerConfig,
    error::{ErrorCode, Rejection},
    job::DispatchArgs,
};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
};
use tokio::sync::{oneshot, watch};

/// A running board. Clones are handles of the same one; several boards can live in one process.
///
/// Dropping the handles does not stop it; [`Board::shutdown`] does.
#[derive(Clone)]
pub struct Board {
    pub(crate) shared: Arc<Shared>,
}

/// The durable state at one version. Cloning it is cheap, and it never changes.
#[derive(Clone, Debug)]
pub struct StateView {
    /// The history that the version belongs to.
    pub epoch: Epoch,
    /// The version.
    pub version: u64,
    /// The document.
    pub document: Node,
}

impl Board {
    /// Opens a board: takes the journal over, recovers the state, takes back what an earlier process had running.
    ///
    /// # Errors
    /// When the data folder cannot be used; see [`OpenError`].
    pub async fn open(options: BoardOptions) -> Result<Board, OpenError> {
        open::open(options).await
    }

    /// Sends a command and waits until its effect is durable.
    ///
    /// With a key the command is idempotent: repeated within ten minutes it is answered as before.
    ///
    /// # Errors
    /// A typed rejection. Nothing was changed.
    pub async fn send(
        &self,
        command: Command,
        actor: Actor,
        key: Option<CommandKey>,
    ) -> Result<Accepted, Rejection> {
        if let Command::Clear(args) = &command {
            return self.clear(args, actor, key).await;
        }
        if let Command::Bulk(args) = command {
            return Box::pin(self.bulk(*args, actor, key)).await;
        }
        let known = self.look_up(&command).await.map_err(|rejection| self.or_stopped(rejection))?;
        self.post((command, known), actor, key).await
    }

    /// Sends a command with what is known of the jobs that it names.
    pub(crate) async fn post(
        &self,
        (mut command, known): (Command, Known),
        actor: Actor,
        key: Option<CommandKey>,
    ) -> Result<Accepted, Rejection> {
        match &mut command {
            Command::Dispatch(args) => {
                self.check_kind(args)?;
                args.id.get_or_insert_with(|| self.new_id());
            }
            Command::PutSchedule(args) => self.check_kind(&mut args.job)?,
            Command::StartWorkflow(args) => self.prepare_workflow(args)?,
            _ => {}
        }
        self.redactor().clean_command(&mut command);
        let (reply, answer) = oneshot::channel();
        let message = Message::Command { command, known, actor, key, reply };
        self.shared.inbox.send(message).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// Dispatches a job of any kind and returns a handle that settles exactly once.
    ///
    /// # Errors
    /// A typed rejection. Nothing was changed.
    pub async fn dispatch(&self, mut args: DispatchArgs, actor: Actor) -> Result<RawHandle, Rejection> {
        let is_named = args.id.is_some();
        let id = args.id.get_or_insert_with(|| self.new_id()).clone();
        // The handle listens before the job exists, so that it cannot miss its end.
        let handle = RawHandle::listen(self.clone(), id);
        let command = Command::Dispatch(Box::new(args));
        let known = match &command {
            // A name that was just made is new; nothing has to be looked up for it.
            Command::Dispatch(args) if !is_named => self.look_up_needs(args).await?,
            command => self.look_up(command).await.map_err(|rejection| self.or_stopped(rejection))?,
        };
        let accepted = self.post((command, known), actor, None).await?;
        let made = accepted.result.child("id").and_then(Node::as_str);
        match made.filter(|made| *made != handle.id().as_str()) {
            // Another job was there already: for the same idempotency key, or debounced.
            Some(made) => RawHandle::of(self, &JobId::from(made)).await,
            None => Ok(handle),
        }
    }

    /// A handle of a job that was dispatched before, by whomever.
    ///
    /// # Errors
    /// `not_found` when there is no such job.
    pub async fn handle(&self, id: &JobId) -> Result<RawHandle, Rejection> {
        RawHandle::of(self, id).await
    }

    /// Dispatches a typed job.
    ///
    /// # Errors
    /// A typed rejection. Nothing was changed.
    pub async fn start<J: Job>(&self, job: J) -> Result<crate::JobHandle<J::Output>, Rejection> {
        crate::typed::start_as(self, job, (Actor::new("app"), None)).await
    }

    /// Dispatches a typed job on behalf of somebody: the origin of its events, and who made its record.
    ///
    /// # Errors
    /// A typed rejection. Nothing was changed.
    pub async fn start_as<J: Job>(
        &self,
        job: J,
        origin: Actor,
    ) -> Result<crate::JobHandle<J::Output>, Rejection> {
        crate::typed::start_as(self, job, (origin, None)).await
    }

    /// Tells what the journal says of jobs on the dispatcher's bus from now on, as [`JournalEvent`]s. An event is
    /// delivered before the handle of its job settles (invariant 6). Idempotent; until it is called, nothing is told
    /// and it costs nothing.
    ///
    /// [`JournalEvent`]: crate::JournalEvent
    pub fn tell_journal(&self) {
        self.shared.tell_journal();
    }

    /// Registers the executor of a typed job in this process.
    ///
    /// # Errors
    /// When the kind has an executor already.
    pub fn register<J: Job>(&self, executor: impl Execute<J>) -> Result<(), KindError> {
        self.register_kind(crate::typed::kind_info::<J>(), crate::typed::adapt(executor))
    }

    /// Registers the executor of a typed job in place of what may have been registered; attempts under way go on with
    /// the one that they have.
    ///
    /// # Errors
    /// When the kind's name is not made like an id.
    pub fn replace<J: Job>(&self, executor: impl Execute<J>) -> Result<(), KindError> {
        let mut registry = self.shared.registry.write().unwrap_or_else(PoisonError::into_inner);
        registry.replace(crate::typed::kind_info::<J>(), crate::typed::adapt(executor)).map(drop)
    }

    /// The lane for jobs that are not journalled. It is closed with the board.
    pub fn dispatcher(&self) -> &Dispatcher {
        &self.shared.dispatcher
    }

    /// Registers an executor for a kind.
    ///
    /// # Errors
    /// When the kind has an executor already.
    pub fn register_kind(&self, info: KindInfo, executor: Arc<dyn Executor>) -> Result<(), KindError> {
        self.shared.registry.write().unwrap_or_else(PoisonError::into_inner).register(info, executor)
    }

    /// The kinds that this board can run, without its own (`callboard.bulk`).
    pub fn kinds(&self) -> Vec<KindInfo> {
        let registry = self.shared.registry.read().unwrap_or_else(PoisonError::into_inner);
        crate::bulk::offered(&registry).cloned().collect()
    }

    /// The durable state now.
    pub fn state(&self) -> StateView {
        let head = self.shared.head();
        StateView { epoch: self.shared.epoch.clone(), version: head.version, document: head.document }
    }

    /// A job's record in the live state.
    pub fn live_job(&self, id: &JobId) -> Option<Node> {
        self.shared.head().document.child("jobs")?.child(id).cloned()
    }

    /// The head version; wakes its receivers after each commit.
    pub fn head(&self) -> watch::Receiver<u64> {
        self.shared.version.subscribe()
    }

    /// What clients adopt (S3.14); wakes its receivers when it changes.
    pub fn server_config(&self) -> watch::Receiver<Arc<ServerConfig>> {
        self.shared.config.subscribe()
    }

    /// Lets the limits of downloads follow the settings `downloads.bytesPerSecond` and `downloads.kinds`, for as long as
    /// the board lives. A kind is found when [`exec::HttpClient::name_limit`] has said which limit is its own; a name
    /// that is none is told in the log, channel `config`.
    ///
    /// [`exec::HttpClient::name_limit`]: callboard_exec::HttpClient::name_limit
    #[cfg(feature = "http")]
    pub fn limit_downloads(&self, client: &callboard_exec::HttpClient) {
        let (mut config, client, logs) = (self.server_config(), client.clone(), self.logs().clone());
        let mut unknown = Vec::new();
        let mut follow = move |config: &ServerConfig| {
            let wanted = config.downloads.bytes_per_second;
            if client.bandwidth().get() != wanted {
                client.bandwidth().set(wanted);
            }
            let names = client.limit_kinds(&config.downloads.kinds);
            if names != unknown && !names.is_empty() {
                let text = format!("downloads.kinds: no kind of downloads is named {}", names.join(", "));
                logs.write("config", callboard_protocol::log::Level::Warn, &text, None);
            }
            unknown = names;
        };
        follow(&config.borrow_and_update());
        tokio::spawn(async move {
            while config.changed().await.is_ok() {
                follow(&config.borrow_and_update());
            }
        });
    }

    /// The changes after a version; `None` when they are no longer in memory or the version is not yet made.
    /// Take [`Board::state`] then.
    pub fn since(&self, version: u64) -> Option<Window> {
        self.shared.since(version)
    }

    /// The board's log.
    pub fn logs(&self) -> &LogHub {
        &self.shared.logs
    }

    /// What hides secrets before they are stored or sent.
    pub fn redactor(&self) -> &Redactor {
        &self.shared.logs.options().redactor
    }

    /// Where artifacts are.
    pub fn artifacts(&self) -> &ArtifactStore {
        &self.shared.artifacts
    }

    /// The history that versions belong to.
    pub fn epoch(&self) -> &Epoch {
        &self.shared.epoch
    }

    /// This process, new after each start.
    pub fn node(&self) -> &str {
        &self.shared.node
    }

    /// The data folder, when there is one.
    pub fn data(&self) -> Option<&Path> {
        self.shared.data.as_deref()
    }

    /// Waits until the board takes no more commands: it was shut down, or its journal was lost.
    pub async fn stopped(&self) {
        self.shared.inbox.closed().await;
    }

    /// Whether the board takes no commands any more: it was shut down, or its journal is lost. The state can still
    /// be read.
    pub fn is_stopped(&self) -> bool {
        self.shared.inbox.is_closed()
    }

    /// Stops claiming jobs, interrupts the running ones (they run again after the next start) and closes the
    /// journal. Idempotent.
    pub async fn shutdown(&self) {
        let (reply, done) = oneshot::channel();
        if self.shared.inbox.send(Message::Shutdown(reply)).await.is_ok() {
            // An error means that the writer has ended already.
            let _ = done.await;
        }
        self.shared.logs.close().await;
        self.shared.journal.close().await;
    }

    /// A store that cannot be read because the board has stopped is no fault.
    fn or_stopped(&self, rejection: Rejection) -> Rejection {
        if self.is_stopped() { stopped() } else { rejection }
    }

    fn new_id(&self) -> JobId {
        JobId::new(self.shared.host.name())
    }

    /// The kind completes the job and checks it.
    fn check_kind(&self, args: &mut DispatchArgs) -> Result<(), Rejection> {
        let registry = self.shared.registry.read().unwrap_or_else(PoisonError::into_inner);
        registry.get(&args.kind).ok_or_else(|| unknown_kind(&registry, &args.kind))?.prepare(args)
    }
}

/// Nobody here runs such jobs.
pub(crate) fn unknown_kind(registry: &Registry, kind: &str) -> Rejection {
    let known: Vec<_> = crate::bulk::offered(registry).map(|info| info.kind.as_str()).collect();
    let kind: String = kind.chars().take(80).collect();
    let message = format!("nothing here runs jobs of kind {kind:?}; there are {}", known.join(", "));
    Rejection::new(ErrorCode::UnknownKind, message)
}

/// Where the parts of a board live in its data folder.
#[derive(Debug, Clone)]
pub(crate) struct Layout(pub(crate) PathBuf);

impl Layout {
    pub(crate) fn journal(&self) -> PathBuf {
        self.0.join("journal")
    }

    pub(crate) fn artifacts(&self) -> PathBuf {
        self.0.join("artifacts")
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.0.join("logs")
    }

    pub(crate) fn work(&self) -> PathBuf {
        self.0.join("work")
    }
}

fn stopped() -> Rejection {
    Rejection::new(ErrorCode::Overloaded, "the board is shutting down; try again when it is back")
}
