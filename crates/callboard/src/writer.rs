//! The one writer: takes messages, lets the core decide, stores, and only then shows and acts (invariants 1 and 2).
//!
//! One commit is in flight at a time; what arrives meanwhile forms the next batch (group commit). The three steps
//! of a round are [`Writer::gather`], [`Writer::decide`] and [`Writer::on_durable`].

use crate::{
    attempt::{self, Running},
    ring::weight,
    shared::{Head, Shared},
};
use callboard_core::{Archived, Context, Core, Decided, Effect, Input, LogMeta, News, Report};
use callboard_exec::CancelReason;
use callboard_journal::{Append, AppendError, Archive, JobRow, Snapshot};
use callboard_protocol::{
    Actor, Change, CommandKey, Commit, CommitKind, JobId, Node, Object, Time, caps,
    command::{Accepted, Command},
    error::{ErrorCode, Rejection},
    from_node,
};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, PoisonError},
    time::Duration,
};
use tokio::sync::{mpsc, oneshot};

/// The answer to a command.
pub(crate) type Reply = oneshot::Sender<Result<Accepted, Rejection>>;

/// What the writer is told.
#[derive(Debug)]
pub(crate) enum Message {
    Command {
        command: Command,
        actor: Actor,
        key: Option<CommandKey>,
        reply: Reply,
    },
    Report(Report),
    /// A report whose sender waits until it is durable.
    Request {
        report: Report,
        reply: Reply,
    },
    Logs(LogMeta),
    Shutdown(oneshot::Sender<()>),
}

/// Who hears what became of an input.
enum Hearer {
    Command(Reply),
    Nobody,
}

/// What is decided and waits for the journal.
#[derive(Default)]
struct Batch {
    entries: Vec<Change>,
    bytes: usize,
    archive: Vec<Archive>,
    effects: Vec<Effect>,
    answers: Vec<(Hearer, Result<Accepted, Rejection>)>,
    /// Ends and files of attempts, to be decided again when the journal refuses this batch: facts are never lost.
    facts: Vec<Report>,
}

/// Where the journal ends.
#[derive(Clone, Debug)]
pub(crate) struct JournalEnd {
    pub(crate) seq: u64,
    pub(crate) hash: String,
    pub(crate) snapshot_version: u64,
}

/// See the module.
pub(crate) struct Writer {
    pub(crate) core: Core,
    pub(crate) shared: Arc<Shared>,
    pub(crate) inbox: mpsc::Receiver<Message>,
    pub(crate) end: JournalEnd,
    pub(crate) running: HashMap<JobId, Running>,
    /// Messages that were gathered and are not decided yet.
    pub(crate) waiting: VecDeque<Message>,
    pub(crate) draining: Option<oneshot::Sender<()>>,
    pub(crate) actor: Actor,
}

/// Why the writer ended.
#[derive(Debug)]
enum Stop {
    /// Everything is done.
    Drained,
    /// The journal can no longer be trusted to be ours.
    JournalLost(String),
}

impl Writer {
    /// Runs until the board is shut down or the journal is lost.
    pub(crate) async fn run(mut self) {
        let stop = loop {
            if let Some(stop) = self.round().await {
                break stop;
            }
        };
        if let Stop::JournalLost(why) = &stop {
            tracing::error!(%why, "the journal is lost; the board stops accepting commands");
        }
        let done = self.draining.take();
        drop(self);
        if let Some(done) = done {
            let _ = done.send(());
        }
    }

    async fn round(&mut self) -> Option<Stop> {
        self.gather().await;
        let checkpoint = self.core.checkpoint();
        let mut batch = Batch::with_room_for(self.waiting.len());
        self.decide(&mut batch);
        if batch.entries.is_empty() {
            answer(batch.answers);
        } else if let Err(error) = self.store(&mut batch).await {
            self.core.restore(checkpoint);
            if let Some(stop) = self.on_refused(batch, error).await {
                return Some(stop);
            }
        }
        (self.draining.is_some() && self.running.is_empty() && self.waiting.is_empty())
            .then_some(Stop::Drained)
    }

    /// Unless there is work already, waits for the first message or the time of a due job; then takes what else is
    /// there.
    async fn gather(&mut self) {
        let has_work = self.draining.is_none() && self.core.can_advance(self.shared.clock.now());
        if self.waiting.is_empty() && !has_work {
            let wait =
                self.core.next_due().map(|due| Duration::from_millis(due.since_ms(self.shared.clock.now())));
            let first = tokio::select! {
                message = self.inbox.recv() => message,
                () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => None,
            };
            self.waiting.extend(first);
        }
        while self.waiting.len() < caps::COMMIT_ENTRIES
            && let Ok(message) = self.inbox.try_recv()
        {
            self.waiting.push_back(message);
        }
    }

    fn decide(&mut self, batch: &mut Batch) {
        while !batch.is_full()
            && let Some(message) = self.waiting.pop_front()
        {
            self.decide_message(message, batch);
        }
        if self.draining.is_some() {
            return;
        }
        let context = self.context(self.actor.clone(), None);
        while !batch.is_full()
            && let Some(decided) = self.core.advance(&context)
        {
            batch.take(decided, Hearer::Nobody);
        }
    }

    fn decide_message(&mut self, message: Message, batch: &mut Batch) {
        let (input, context, hearer) = match message {
            Message::Command { command, actor, key, reply } => {
                (Input::Command(command), self.context(actor, key), Hearer::Command(reply))
            }
            Message::Report(report) => {
                if matches!(report.news, News::End(_) | News::Artifact(_)) {
                    batch.facts.push(report.clone());
                }
                (Input::Report(report), self.context(self.actor.clone(), None), Hearer::Nobody)
            }
            Message::Request { report, reply } => {
                (Input::Report(report), self.context(self.actor.clone(), None), Hearer::Command(reply))
            }
            Message::Logs(meta) => {
                (Input::Logs(meta), self.context(self.actor.clone(), None), Hearer::Nobody)
            }
            Message::Shutdown(done) => {
                self.draining = Some(done);
                self.running.values().for_each(|running| running.stop(CancelReason::Shutdown));
                (Input::Drain, self.context(self.actor.clone(), None), Hearer::Nobody)
            }
        };
        match self.core.receive(input, &context) {
            Ok(decided) => batch.take(decided, hearer),
            Err(rejection) => batch.answers.push((hearer, Err(rejection))),
        }
    }

    /// One commit. On an error nothing of the batch has happened.
    pub(crate) async fn commit(
        &mut self,
        entries: Vec<Change>,
        archive: Vec<Archive>,
    ) -> Result<(), AppendError> {
        let at = entries.last().map_or_else(|| self.shared.clock.now(), |change| change.at);
        let commit = Arc::new(Commit {
            seq: self.end.seq + 1,
            epoch: self.shared.epoch.clone(),
            node: self.shared.node.clone(),
            base_version: self.core.version() - entries.len() as u64,
            at,
            prev: self.end.hash.clone(),
            kind: CommitKind::Batch,
            entries,
        });
        let appended = self.shared.journal.append(Append { commit: commit.clone(), archive }).await?;
        self.end.seq += 1;
        self.end.hash = appended.hash;
        self.publish(commit);
        Ok(())
    }

    async fn store(&mut self, batch: &mut Batch) -> Result<(), AppendError> {
        let (entries, archive) = (std::mem::take(&mut batch.entries), std::mem::take(&mut batch.archive));
        self.commit(entries, archive).await?;
        self.on_durable(std::mem::take(batch));
        self.maybe_snapshot();
        Ok(())
    }

    /// The only place where something becomes visible: state, followers, then effects, then answers.
    fn publish(&mut self, commit: Arc<Commit>) {
        let head = Head { document: self.core.document().clone(), version: self.core.version() };
        let version = head.version;
        let mut ring = self.shared.ring();
        *self.shared.head.write().unwrap_or_else(PoisonError::into_inner) = head;
        ring.push(commit.clone());
        self.shared.version.send_replace(version);
        drop(ring);
        self.shared.watchers.see(&commit);
    }

    fn on_durable(&mut self, batch: Batch) {
        self.forget_ended(&batch.facts);
        for effect in batch.effects {
            self.carry_out(effect);
        }
        answer(batch.answers);
    }

    pub(crate) fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Start(job) => {
                let running = attempt::start(&self.shared, *job);
                self.running.insert(running.id.clone(), running);
            }
            Effect::Stop { id, attempt } => {
                if let Some(running) = self.running.get(&id).filter(|running| running.attempt == attempt) {
                    running.stop(CancelReason::User);
                }
            }
            Effect::Settle { id, record } => {
                self.shared.watchers.settle(&id, &record);
            }
            Effect::Forget(id) => self.shared.logs.forget(&id),
        }
    }

    fn forget_ended(&mut self, facts: &[Report]) {
        for end in facts.iter().filter(|fact| matches!(fact.news, News::End(_))) {
            self.running.remove(&end.id);
        }
    }

    /// The journal did not take the batch: every command hears it, facts about attempts are tried again.
    async fn on_refused(&mut self, mut batch: Batch, error: AppendError) -> Option<Stop> {
        tracing::warn!(%error, "a commit was not stored; nothing of it was shown");
        let is_own_wish = batch.answers.iter().any(|(hearer, _)| matches!(hearer, Hearer::Nobody));
        let rejection = refusal(&error);
        for (_, result) in &mut batch.answers {
            *result = Err(rejection.clone());
        }
        answer(batch.answers);
        if !matches!(error, AppendError::Rejected(_)) {
            return Some(Stop::JournalLost(error.to_string()));
        }
        if self.draining.is_some() {
            // Nobody waits for room on the disk: the next start takes back what cannot be stored now.
            self.forget_ended(&batch.facts);
            return None;
        }
        batch.facts.into_iter().rev().for_each(|fact| self.waiting.push_front(Message::Report(fact)));
        // What the board itself wants it wants again at once, so it would ask a full disk in a loop.
        if is_own_wish {
            tokio::time::sleep(RETRY_STORE).await;
        }
        None
    }

    /// A snapshot costs as much as there are jobs, so it waits for as many changes.
    fn maybe_snapshot(&mut self) {
        let jobs = self.core.document().child("jobs").and_then(Node::as_object).map_or(0, Object::len);
        let enough = caps::SNAPSHOT_EVERY.max(jobs as u64);
        if self.core.version() < self.end.snapshot_version + enough {
            return;
        }
        self.end.snapshot_version = self.core.version();
        let snapshot = self.snapshot();
        let journal = self.shared.journal.clone();
        tokio::spawn(async move {
            let seq = snapshot.seq;
            if let Err(error) = journal.put_snapshot(snapshot).await {
                tracing::warn!(%error, "a snapshot was not stored; recovery will take longer");
            } else if let Err(error) = journal.truncate(seq.saturating_sub(caps::RETAINED_COMMITS)).await {
                tracing::warn!(%error, "old commits were not removed");
            }
        });
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            seq: self.end.seq,
            version: self.core.version(),
            epoch: self.shared.epoch.clone(),
            hash: self.end.hash.clone(),
            at: self.shared.clock.now(),
            state: self.core.document().clone(),
            outcomes: self.core.outcomes(),
        }
    }

    pub(crate) fn context(&self, actor: Actor, key: Option<CommandKey>) -> Context {
        Context { now: self.shared.clock.now(), chance: fastrand::f64(), actor, key }
    }
}

/// What a command is told whose commit was not stored, or perhaps was.
fn refusal(error: &AppendError) -> Rejection {
    if error.has_side_effects() {
        let message =
            format!("{error}; whether it was carried out is told under the same key after a restart");
        return Rejection::new(ErrorCode::Internal, message);
    }
    Rejection::new(ErrorCode::StorageFailed, format!("nothing was changed: {error}"))
}

/// How long a full disk is waited for before what the board itself wants is tried again.
const RETRY_STORE: Duration = Duration::from_millis(500);

impl Batch {
    /// Most messages make a change, and most ends of attempts make room for another start. Growing step by step
    /// cost a tenth of the time of deciding.
    fn with_room_for(messages: usize) -> Self {
        let changes = (2 * messages).min(caps::COMMIT_ENTRIES);
        Batch {
            entries: Vec::with_capacity(changes),
            effects: Vec::with_capacity(changes),
            answers: Vec::with_capacity(changes),
            ..Batch::default()
        }
    }

    fn is_full(&self) -> bool {
        self.entries.len() >= caps::COMMIT_ENTRIES || self.bytes >= caps::COMMIT_BYTES
    }

    fn take(&mut self, decided: Decided, hearer: Hearer) {
        let accepted = Accepted { version: decided.version, result: decided.result, dup: decided.dup };
        if let Some(change) = decided.change {
            self.bytes += weight(&change);
            self.entries.push(change);
        }
        self.archive.extend(decided.archive.into_iter().filter_map(archive_row));
        self.effects.extend(decided.effects);
        self.answers.push((hearer, Ok(accepted)));
    }
}

fn answer(answers: Vec<(Hearer, Result<Accepted, Rejection>)>) {
    for (hearer, result) in answers {
        // A hearer that has gone is no reason to stop.
        match hearer {
            Hearer::Command(reply) => drop(reply.send(result)),
            Hearer::Nobody => {}
        }
    }
}

pub(crate) fn archive_row(archived: Archived) -> Option<Archive> {
    match archived {
        Archived::Attempt(attempt) => Some(Archive::Attempt(attempt)),
        Archived::Delete(id) => Some(Archive::DeleteJob(id)),
        Archived::Job(id, body) => {
            let text = |name: &str| body.child(name).and_then(Node::as_str).unwrap_or_default().to_string();
            let at = |name: &str| body.child(name).and_then(|at| from_node::<Time>(at).ok());
            Some(Archive::Job(JobRow {
                id,
                kind: text("kind"),
                queue: text("queue"),
                state: body.child("state").and_then(|state| from_node(state).ok())?,
                created_at: at("createdAt")?,
                finished_at: at("finishedAt"),
                body,
            }))
        }
    }
}
