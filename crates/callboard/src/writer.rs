//! The one writer: takes messages, lets the core decide, stores, and only then shows and acts (invariants 1 and 2).
//!
//! One commit is in flight at a time. What arrives meanwhile is decided at once, on the state as it will be, and forms
//! the next batch (group commit); nobody hears of it before its own commit is stored. So deciding and storing work side
//! by side. A commit that is refused takes the batch behind it along.

mod batch;

use crate::{
    attempt::{self, Running},
    ring::weight,
    shared::{Head, Shared},
};
use batch::{Batch, Hearer, answer, refusal};
use callboard_core::{BreakerNote, Context, Core, Effect, Input, Known, LogMeta, News, Report};
use callboard_exec::CancelReason;
use callboard_journal::{Append, AppendError, Appended, Archive, Snapshot};
use callboard_protocol::{
    Actor, Change, CommandKey, Commit, CommitKind, JobId, Node, Object, caps,
    command::{Accepted, Command},
    error::Rejection,
    job::CancelCause,
};
use futures_util::FutureExt;
use std::{
    collections::{BTreeMap, VecDeque},
    future::poll_fn,
    pin::Pin,
    sync::{Arc, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

pub(crate) use batch::archive_row;

/// The answer to a command.
pub(crate) type Reply = oneshot::Sender<Result<Accepted, Rejection>>;

/// What the writer is told.
#[derive(Debug)]
pub(crate) enum Message {
    Command {
        command: Command,
        /// What is known of the jobs that it names.
        known: Known,
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
    /// A reaction loop was stopped (X8).
    Breaker(BreakerNote),
    Shutdown(oneshot::Sender<()>),
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
    /// In order, so that they are stopped in one and the same.
    pub(crate) running: BTreeMap<JobId, Running>,
    /// Messages that were gathered and are not decided yet.
    waiting: VecDeque<Message>,
    /// What is decided and not on its way yet.
    next: Batch,
    /// An empty one, for what comes after that.
    spare: Batch,
    in_flight: Option<InFlight>,
    /// How long the journal took for the last commit.
    store_time: Duration,
    draining: Option<oneshot::Sender<()>>,
    pub(crate) actor: Actor,
}

/// A commit on its way into the journal.
struct InFlight {
    batch: Batch,
    commit: Arc<Commit>,
    /// The state after it.
    head: Head,
    since: Instant,
    stored: Storing,
}

type Storing = Pin<Box<dyn Future<Output = Result<Appended, AppendError>> + Send>>;

/// What wakes the writer.
enum Event {
    /// There is something to decide: a message came, or the time of a job.
    Work,
    /// The journal has said what became of the commit in flight.
    Stored(Result<Appended, AppendError>),
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
    /// A writer that goes on from here.
    pub(crate) fn new(
        core: Core,
        shared: Arc<Shared>,
        inbox: mpsc::Receiver<Message>,
        end: JournalEnd,
    ) -> Self {
        Writer {
            core,
            shared,
            inbox,
            end,
            running: BTreeMap::new(),
            waiting: VecDeque::new(),
            next: Batch::default(),
            spare: Batch::default(),
            in_flight: None,
            store_time: Duration::ZERO,
            draining: None,
            actor: Actor::new("board"),
        }
    }

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
        if let Event::Stored(stored) = self.next_event().await
            && let Some(stop) = self.on_stored(stored).await
        {
            return Some(stop);
        }
        self.gather();
        self.decide();
        self.launch();
        let is_done = self.running.is_empty() && self.waiting.is_empty() && self.in_flight.is_none();
        (self.draining.is_some() && is_done).then_some(Stop::Drained)
    }

    /// Waits until there is something to do.
    async fn next_event(&mut self) -> Event {
        let has_room = !self.next.is_full();
        let can_advance = self.draining.is_none() && self.core.can_advance(self.shared.clock.now());
        if has_room && (can_advance || !self.waiting.is_empty()) {
            if let Some(stored) = arrival(&mut self.in_flight).now_or_never() {
                return Event::Stored(stored);
            }
        } else {
            let now = self.shared.clock.now();
            let due = self.core.next_due().filter(|_| has_room && self.draining.is_none());
            let wait = due.map(|due| Duration::from_millis(due.since_ms(now).min(caps::CLOCK_LOOK_MS)));
            tokio::select! {
                biased;
                stored = arrival(&mut self.in_flight) => return Event::Stored(stored),
                message = self.inbox.recv(), if has_room => self.waiting.extend(message),
                () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => {}
            }
        }
        Event::Work
    }

    /// Takes the messages that are there.
    fn gather(&mut self) {
        while self.waiting.len() < caps::COMMIT_ENTRIES
            && let Ok(message) = self.inbox.try_recv()
        {
            self.waiting.push_back(message);
        }
    }

    /// Lets the core decide as long as the next batch has room, and for about as long as the journal needs for a
    /// commit: then it is time to see whether it has become free. Without that bound everything that is asked for at
    /// once would be in one batch, and deciding and storing would take turns.
    fn decide(&mut self) {
        let began = Instant::now();
        let mut batch = std::mem::take(&mut self.next);
        if batch.checkpoint.is_none() {
            batch.checkpoint = Some(self.core.checkpoint());
        }
        let mut decided = 0;
        while !batch.is_full()
            && (decided % SLICE != 0 || decided == 0 || began.elapsed() <= self.store_time)
            && let Some(message) = self.waiting.pop_front()
        {
            self.decide_message(message, &mut batch);
            decided += 1;
        }
        if self.draining.is_none() {
            let context = self.context(self.actor.clone(), None);
            while !batch.is_full()
                && let Some(decided) = self.core.advance(&context)
            {
                batch.take(decided, Hearer::Nobody);
            }
        }
        self.next = batch;
    }

    /// Sends the next batch on its way unless another one is.
    fn launch(&mut self) {
        if self.in_flight.is_some() {
            return;
        }
        let context = self.context(self.actor.clone(), None);
        if let Some(counts) = self.core.settle(&context) {
            self.next.take(counts, Hearer::Nobody);
        }
        let mut batch = std::mem::replace(&mut self.next, std::mem::take(&mut self.spare));
        if batch.entries.is_empty() {
            answer(batch.answers.drain(..));
            self.spare = batch.emptied();
            return;
        }
        // The ring keeps them for long, so not a byte more than they need.
        let commit = self.make_commit(batch.entries.drain(..).collect());
        let append = Append { commit: commit.clone(), archive: std::mem::take(&mut batch.archive) };
        let journal = self.shared.journal.clone();
        let mut stored: Storing = Box::pin(async move { journal.append(append).await });
        let (head, since) = (self.decided_head(), Instant::now());
        // Begins now, and not when the writer next waits.
        if let Some(stored_already) = (&mut stored).now_or_never() {
            stored = Box::pin(std::future::ready(stored_already));
        }
        self.in_flight = Some(InFlight { batch, commit, head, since, stored });
    }

    async fn on_stored(&mut self, stored: Result<Appended, AppendError>) -> Option<Stop> {
        let InFlight { batch, commit, head, since, .. } = self.in_flight.take()?;
        self.store_time = since.elapsed();
        match stored {
            Ok(appended) => {
                self.publish((commit, batch.bytes), head, appended);
                // The journal must not wait until all have been told.
                self.launch();
                self.on_durable(batch);
                self.maybe_snapshot();
                None
            }
            Err(error) => self.on_refused(batch, error).await,
        }
    }

    fn decide_message(&mut self, message: Message, batch: &mut Batch) {
        let (input, context, hearer) = match message {
            Message::Command { command, known, actor, key, reply } => {
                let input = Input::CommandWith(command, known);
                (input, self.context(actor, key), Hearer::Command(reply))
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
            Message::Breaker(note) => {
                (Input::Breaker(note), self.context(self.actor.clone(), None), Hearer::Nobody)
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

    /// A commit of its own, before the board serves anybody. On an error nothing of it has happened.
    pub(crate) async fn commit(
        &mut self,
        entries: Vec<Change>,
        archive: Vec<Archive>,
    ) -> Result<(), AppendError> {
        let bytes = entries.iter().map(weight).sum();
        let commit = self.make_commit(entries);
        let appended = self.shared.journal.append(Append { commit: commit.clone(), archive }).await?;
        self.publish((commit, bytes), self.decided_head(), appended);
        Ok(())
    }

    fn make_commit(&self, entries: Vec<Change>) -> Arc<Commit> {
        let at = entries.last().map_or_else(|| self.shared.clock.now(), |change| change.at);
        Arc::new(Commit {
            seq: self.end.seq + 1,
            epoch: self.shared.epoch.clone(),
            node: self.shared.node.clone(),
            base_version: self.core.version() - entries.len() as u64,
            at,
            prev: self.end.hash.clone(),
            kind: CommitKind::Batch,
            entries,
        })
    }

    fn decided_head(&self) -> Head {
        Head { document: self.core.document().clone(), version: self.core.version() }
    }

    /// The only place where something becomes visible: state, followers, then effects, then answers.
    fn publish(&mut self, (commit, bytes): (Arc<Commit>, usize), head: Head, appended: Appended) {
        self.end.seq += 1;
        self.end.hash = appended.hash;
        let version = head.version;
        let mut ring = self.shared.ring();
        self.shared.follow_config(&self.shared.head().document, &head.document);
        *self.shared.head.write().unwrap_or_else(PoisonError::into_inner) = head;
        ring.push(commit.clone(), bytes);
        self.shared.version.send_replace(version);
        drop(ring);
        self.shared.watchers.see(&commit);
    }

    fn on_durable(&mut self, mut batch: Batch) {
        self.forget_ended(&batch.facts);
        for effect in batch.effects.drain(..) {
            self.carry_out(effect);
        }
        answer(batch.answers.drain(..));
        self.spare = batch.emptied();
    }

    pub(crate) fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Start(job) => {
                let running = attempt::start(&self.shared, job);
                if self.draining.is_some() {
                    // Its start was on its way when the others were stopped.
                    running.stop(CancelReason::Shutdown);
                }
                self.running.insert(running.id().clone(), running);
            }
            Effect::Stop { id, attempt, cause } => {
                if let Some(running) = self.running.get(&id).filter(|running| running.number() == attempt) {
                    running.stop(match cause {
                        CancelCause::User => CancelReason::User,
                        CancelCause::Deadline => CancelReason::Timeout,
                        CancelCause::Superseded => CancelReason::Superseded,
                    });
                }
            }
            Effect::Settle { id, record } => {
                self.shared.watchers.settle(&id, &record);
            }
            Effect::SettleWorkflow { id, record } => {
                self.shared.watchers.settle(&crate::workflow::watched(&id), &record);
            }
            Effect::Forget(id) => self.shared.logs.forget(&id),
        }
    }

    fn forget_ended(&mut self, facts: &[Report]) {
        for end in facts.iter().filter(|fact| matches!(fact.news, News::End(_))) {
            self.running.remove(&end.id);
        }
    }

    /// The journal did not take the batch, so what was decided after it is void too: every command hears it, facts
    /// about attempts are tried again.
    async fn on_refused(&mut self, mut batch: Batch, error: AppendError) -> Option<Stop> {
        tracing::warn!(%error, "a commit was not stored; nothing of it was shown");
        if let Some(checkpoint) = batch.checkpoint.take() {
            self.core.restore(checkpoint);
        }
        let behind = std::mem::take(&mut self.next);
        batch.answers.extend(behind.answers);
        batch.facts.extend(behind.facts);
        let is_own_wish = batch.answers.iter().any(|(hearer, _)| matches!(hearer, Hearer::Nobody));
        let rejection = refusal(&error);
        let stored = self.core.version();
        for (_, result) in &mut batch.answers {
            // What an earlier commit has done is done, whatever becomes of this one.
            let was_done = matches!(result, Ok(accepted) if accepted.dup && accepted.version <= stored);
            if !was_done {
                *result = Err(rejection.clone());
            }
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
        let head = self.shared.head();
        let jobs = head.document.child("jobs").and_then(Node::as_object).map_or(0, Object::len);
        let enough = self.shared.snapshot_every.max(jobs as u64);
        if head.version < self.end.snapshot_version + enough {
            return;
        }
        self.end.snapshot_version = head.version;
        let snapshot = self.snapshot(head);
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

    /// The durable state; the core may be ahead of it.
    fn snapshot(&self, head: Head) -> Snapshot {
        let mut outcomes = self.core.outcomes();
        outcomes.retain(|outcome| outcome.version <= head.version);
        Snapshot {
            seq: self.end.seq,
            version: head.version,
            epoch: self.shared.epoch.clone(),
            hash: self.end.hash.clone(),
            at: self.shared.clock.now(),
            state: head.document,
            outcomes,
        }
    }

    pub(crate) fn context(&self, actor: Actor, key: Option<CommandKey>) -> Context {
        Context { now: self.shared.clock.now(), chance: self.shared.host.chance(), actor, key }
    }
}

/// The journal's answer for the commit in flight; never when there is none.
async fn arrival(in_flight: &mut Option<InFlight>) -> Result<Appended, AppendError> {
    poll_fn(|cx| match in_flight {
        Some(in_flight) => in_flight.stored.as_mut().poll(cx),
        None => std::task::Poll::Pending,
    })
    .await
}

/// After so many messages the writer looks at the time.
const SLICE: usize = 16;

/// How long a full disk is waited for before what the board itself wants is tried again.
const RETRY_STORE: Duration = Duration::from_millis(500);
