//! The decider: holds the document, its index and the kept outcomes; turns inputs into changes.

use crate::{
    configure,
    deletions::Deletions,
    index::Index,
    input::{Archived, Context, Decided, Input},
    outcomes::Outcomes,
    projection::{Projection, Projections},
    restart,
    retain::Retention,
    state,
    summary::Counts,
    tx::Tx,
    workflow,
};
use callboard_protocol::{
    ApplyError, Change, CommandKey, Commit, CommitKind, Epoch, JobId, Node, Time, apply, caps,
    command::{Command, KeptOutcome},
    config::Settings,
    error::Rejection,
};
use std::sync::Arc;

/// Limits that a board may be configured with.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Attempts that run at once.
    pub concurrency: usize,
    /// Finished jobs that stay in the live state.
    pub history: usize,
    /// Results that stay in the live state.
    pub results: usize,
    /// How long finished jobs are kept.
    pub retention: Retention,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            concurrency: caps::CONCURRENCY,
            history: caps::HISTORY_LIMIT,
            results: caps::RESULTS_LIMIT,
            retention: Retention::default(),
        }
    }
}

/// The state to go on from: a snapshot, or [`Recovered::default`] for a new journal; then fold the commits after it.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// The document.
    pub document: Node,
    /// Its version.
    pub version: u64,
    /// Kept outcomes, oldest first.
    pub outcomes: Vec<KeptOutcome>,
    /// The history that the commits belong to.
    pub epoch: Option<Epoch>,
    /// The process whose commits count; empty after a snapshot, when the next batch names it.
    pub node: String,
}

impl Default for Recovered {
    fn default() -> Self {
        Recovered {
            document: state::initial(),
            version: 0,
            outcomes: Vec::new(),
            epoch: None,
            node: String::new(),
        }
    }
}

impl Recovered {
    /// Folds one more commit: the normative fold (design: cluster 3.1). A takeover names the process whose
    /// batches count from then on; batches of others are void.
    ///
    /// # Errors
    /// When an operation does not fit, which means that the journal is damaged.
    pub fn fold(&mut self, commit: &Commit) -> Result<(), ApplyError> {
        match commit.kind {
            CommitKind::Takeover => {
                self.epoch = Some(commit.epoch.clone());
                self.node.clone_from(&commit.node);
            }
            CommitKind::Batch if self.node.is_empty() || commit.node == self.node => {
                self.node.clone_from(&commit.node);
                for change in &commit.entries {
                    apply(&mut self.document, &change.ops)?;
                    self.version += 1;
                    self.outcomes.extend(kept(change, self.version));
                }
            }
            CommitKind::Batch => {}
        }
        Ok(())
    }
}

/// What must be restored when a commit did not become durable.
#[derive(Debug)]
pub struct Checkpoint {
    document: Node,
    version: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Core {
    pub(crate) document: Node,
    pub(crate) index: Index,
    pub(crate) limits: Limits,
    pub(crate) projections: Arc<Projections>,
    /// What values of `/serverConfig` go back to when a command takes its own back.
    pub(crate) start: Settings,
    outcomes: Outcomes,
    deletions: Deletions,
    counts: Counts,
    version: u64,
}

impl Core {
    /// A decider that goes on from a recovered state.
    pub fn new(recovered: Recovered, limits: Limits) -> Self {
        let mut outcomes = Outcomes::default();
        recovered.outcomes.into_iter().for_each(|outcome| outcomes.keep(outcome));
        let index = Index::of(&recovered.document);
        let projections = Arc::default();
        let start = Settings::default();
        Core {
            document: recovered.document,
            index,
            limits,
            projections,
            start,
            outcomes,
            deletions: Deletions::default(),
            counts: Counts::default(),
            version: recovered.version,
        }
    }

    /// Adds computed domains. They are computed with the next [`Input::Boot`] and followed from then on.
    #[must_use]
    pub fn with_projections(mut self, projections: Vec<Projection>) -> Self {
        self.projections = Arc::new(Projections(projections));
        self
    }

    /// The document with all decided changes.
    pub fn document(&self) -> &Node {
        &self.document
    }

    /// The version of that document.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Kept outcomes, oldest first.
    pub fn outcomes(&self) -> Vec<KeptOutcome> {
        self.outcomes.all()
    }

    /// Jobs that an earlier process had running; to be fed back as [`Input::Rescue`] right after the boot.
    pub fn orphans(&self) -> Vec<JobId> {
        self.index.running().iter().cloned().collect()
    }

    /// Attempts under way.
    pub fn running(&self) -> usize {
        self.index.running().len()
    }

    /// Where to return to when what is decided next cannot be stored.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { document: self.document.clone(), version: self.version }
    }

    /// Forgets everything decided since the checkpoint.
    pub fn restore(&mut self, checkpoint: Checkpoint) {
        self.document = checkpoint.document;
        self.version = checkpoint.version;
        self.index = Index::of(&self.document);
        self.counts = Counts::default();
        self.outcomes.take_back(self.version);
        self.deletions.take_back(self.version);
    }

    /// Writes the counts of jobs that were decided since the last time, as the last change of a commit.
    pub fn settle(&mut self, context: &Context) -> Option<Decided> {
        if self.counts.is_empty() {
            return None;
        }
        let counts = std::mem::take(&mut self.counts);
        let decided = self.change(context, |tx, _| counts.write(tx).map(|()| Node::Null));
        debug_assert!(decided.is_ok(), "the counts are there: {decided:?}");
        decided.ok().filter(|decided| decided.change.is_some())
    }

    /// Decides about an input.
    ///
    /// # Errors
    /// A typed rejection; nothing was changed.
    pub fn receive(&mut self, input: Input, context: &Context) -> Result<Decided, Rejection> {
        if let Some(kept) = self.carried_out(&input, context) {
            return Ok(kept);
        }
        match input {
            Input::Command(command) => self.request(command, &[], context),
            Input::CommandWith(command, mut known) => {
                let is_void = |id: &str| self.deletions.has_since(known.as_of, id);
                known
                    .records
                    .retain(|record| !record.child("id").and_then(Node::as_str).is_some_and(is_void));
                self.request(command, &known.records, context)
            }
            Input::Report(report) => self.report(report, context),
            Input::Boot { build, node } => {
                let projections = self.projections.clone();
                self.change(context, |tx, _| {
                    let result = restart::boot(tx, &build, &node)?;
                    projections.follow(tx, true)?;
                    Ok(result)
                })
            }
            Input::Configure(settings) => {
                self.start = *settings;
                let start = self.start.clone();
                self.change(context, |tx, _| configure::start(tx, &start))
            }
            Input::Rescue(id) => self.change(context, |tx, _| restart::rescue(tx, &id)),
            Input::Logs(meta) => self.change(context, |tx, _| restart::logs(tx, &meta)),
            Input::Breaker(note) => self.change(context, |tx, _| restart::breaker(tx, &note)),
            Input::Drain => self.change(context, |tx, _| restart::drain(tx)),
        }
    }

    /// The answer to a command that was carried out before, under the same key or for the same idempotency key.
    fn carried_out(&self, input: &Input, context: &Context) -> Option<Decided> {
        let long_key = match input {
            Input::Command(Command::Dispatch(args)) | Input::CommandWith(Command::Dispatch(args), _) => {
                args.idempotency_key.as_deref()
            }
            _ => None,
        };
        let kept = context.key.as_ref().and_then(|key| self.outcomes.get(key));
        let kept = kept.or_else(|| self.outcomes.get_long(long_key?, context.now))?;
        let (version, result) = (kept.version, kept.result.clone());
        Some(Decided { version, change: None, effects: vec![], archive: vec![], result, dup: true })
    }

    /// The next thing that time or a free slot brings, or `None`. Call until it is `None`.
    pub fn advance(&mut self, context: &Context) -> Option<Decided> {
        self.advance_one(context)
    }

    /// Whether [`Core::advance`] has something to do now.
    pub fn can_advance(&self, now: Time) -> bool {
        self.next_due().is_some_and(|due| due <= now)
            || self.index.next_ready(self.limits.concurrency).is_some()
            || self.index.next_waiter().is_some()
            || self.index.next_orphan().is_some()
            || self.index.workflows.next_open().is_some()
    }

    /// When [`Core::advance`] will have something to do although no input came.
    pub fn next_due(&self) -> Option<Time> {
        let due = self.index.next_due().map(|(at, _)| *at);
        let retired = self.next_retired().map(|(at, _)| at);
        let workflow = self.next_retired_workflow().map(|(at, _)| at);
        [due, retired, workflow, self.index.ready.next_wake()].into_iter().flatten().min()
    }

    /// Makes one change: runs the decision, keeps the index, trims history, counts the version.
    pub(crate) fn change(
        &mut self,
        context: &Context,
        decide: impl FnOnce(&mut Tx<'_>, &Index) -> Result<Node, Rejection>,
    ) -> Result<Decided, Rejection> {
        self.index.ready.tick(context.now);
        let mut tx = Tx::new(&mut self.document, &self.counts, context);
        let decided = decide(&mut tx, &self.index);
        let result = match decided.and_then(|result| workflow::follow(&mut tx, &self.index).map(|()| result))
        {
            Ok(result) => result,
            Err(rejection) => {
                tx.undo();
                return Err(rejection);
            }
        };
        catch_up(&mut self.index, &mut tx);
        while let Some(id) = self.index.surplus_finished(self.limits.history) {
            tx.remove_job(&id);
            catch_up(&mut self.index, &mut tx);
        }
        while let Some(id) = self.index.surplus_result(self.limits.results) {
            tx.remove_result(&id);
            catch_up(&mut self.index, &mut tx);
        }
        while let Some(id) = self.index.workflows.surplus(self.limits.history) {
            workflow::forget(&mut tx, &id);
            catch_up(&mut self.index, &mut tx);
        }
        if !self.projections.0.is_empty() && !tx.is_unchanged() {
            if let Err(rejection) = self.projections.follow(&mut tx, false) {
                // The index may have seen what is taken back.
                tx.undo();
                self.index = Index::of(&self.document);
                return Err(rejection);
            }
            catch_up(&mut self.index, &mut tx);
        }
        let (events, effects, archive) = (
            std::mem::take(&mut tx.events),
            std::mem::take(&mut tx.effects),
            std::mem::take(&mut tx.archive),
        );
        let long_key = tx.long_key.take();
        let counts = std::mem::take(&mut tx.counts);
        let ops = tx.into_ops();
        counts.iter().for_each(|(queue, state, by)| self.counts.count(queue, *state, *by));
        let change = (!ops.is_empty()).then(|| Change {
            at: context.now,
            key: context.key.clone(),
            long_key,
            actor: context.actor.clone(),
            events,
            ops,
            result: result.clone(),
        });
        if let Some(change) = &change {
            self.version += 1;
            kept(change, self.version).for_each(|outcome| self.outcomes.keep(outcome));
        }
        for row in &archive {
            if let Archived::Delete(id) = row {
                self.deletions.keep(self.version, id.clone());
            }
        }
        Ok(Decided { version: self.version, change, effects, archive, result, dup: false })
    }
}

/// Looks again at the records that a change touched.
fn catch_up(index: &mut Index, tx: &mut Tx<'_>) {
    for name in std::mem::take(&mut tx.queues) {
        let settings = tx.document().child("queues").and_then(|queues| queues.child(&name));
        index.refresh_queue(&name, settings);
    }
    for id in std::mem::take(&mut tx.jobs) {
        index.refresh_job(&id, tx.record(&id));
    }
    for (id, before) in std::mem::take(&mut tx.results) {
        let now = tx.at("/results").and_then(|results| results.child(&id));
        index.refresh_result(&id, before.as_ref(), now);
    }
    for id in std::mem::take(&mut tx.workflows) {
        let record = tx.document().child("workflows").and_then(|workflows| workflows.child(&id));
        index.refresh_workflow(&id, record);
    }
    for (domain, by) in std::mem::take(&mut tx.domains) {
        let is_there = tx.document().child(&domain).is_some();
        index.grow_domain(domain, by, is_there);
    }
    for (domain, id) in std::mem::take(&mut tx.things) {
        let record = tx.document().child(domain).and_then(|things| things.child(&id));
        index.refresh_thing(domain, &id, record);
    }
    for name in std::mem::take(&mut tx.schedules) {
        let record = tx.document().child("schedules").and_then(|schedules| schedules.child(&name));
        index.refresh_schedule(&name, record);
    }
}

/// What is remembered of a change: under the key of its command, and under the idempotency key of its job.
fn kept(change: &Change, version: u64) -> impl Iterator<Item = KeptOutcome> {
    let outcome = |key: &CommandKey, until: Option<Time>| KeptOutcome {
        key: key.clone(),
        at: change.at,
        version,
        result: change.result.clone(),
        until,
    };
    let short = change.key.as_ref().map(|key| outcome(key, None));
    let long = change.long_key.as_ref().map(|long| outcome(&long.key, Some(long.until)));
    short.into_iter().chain(long)
}
