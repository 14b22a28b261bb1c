//! What the scheduler must find quickly, as a projection of `/jobs`, `/results`, `/queues` and `/schedules`.
//!
//! The document is the truth. After each change the records it touched are looked at again, so the index of a
//! recovered board and that of a running one come from the same function. Only whose turn it is among keys, and the
//! tokens of rates, are of this process alone.

mod families;
mod slim;
mod workflows;

use crate::{
    ready::{Ready, Text},
    things::Thing,
    workflow,
};
use callboard_protocol::{
    JobId, Key, Node, Object, Time, domain::APP, from_node, job::JobState, queue::Queue,
};
use families::Families;
use foldhash::{HashMap, HashSet};
pub(crate) use slim::{INDEXED, Slim, rank_of};
use std::collections::{BTreeMap, BTreeSet};
use workflows::Workflows;

/// What a time brings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// A job need not wait any longer.
    Release(JobId),
    /// A job was not started in time.
    Expire(JobId),
    /// A job was not done in time.
    Deadline(JobId),
    /// A schedule's next time.
    Fire(Text),
    /// A workflow has not ended in time.
    Overdue(Text),
    /// A device or stream was not seen in time.
    Lose(&'static str, Text),
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Index {
    jobs: HashMap<JobId, Slim>,
    pub(crate) ready: Ready,
    due: BTreeSet<(Time, Due)>,
    running: BTreeSet<JobId>,
    /// Finished jobs by outcome, the one that ended first at the front; without those in `concluded`.
    finished: [BTreeSet<(Time, JobId)>; 3],
    terminal: usize,
    results: BTreeSet<(Time, JobId)>,
    /// Pending jobs by what they wait for.
    waiters: BTreeSet<(JobId, JobId)>,
    families: Families,
    /// Finished jobs that others still wait for: those must hear of it before the record may go.
    concluded: BTreeSet<JobId>,
    /// Unfinished jobs by their unique key, and the keys of those that run.
    unique: BTreeSet<(Text, JobId)>,
    unique_running: HashSet<Text>,
    schedules: HashMap<Text, Time>,
    pub(crate) workflows: Workflows,
    /// When workflows must have ended.
    deadlines: HashMap<Text, Time>,
    /// When devices and streams are lost.
    things: HashMap<(&'static str, Text), Time>,
    /// Bytes of the open domains, by estimate.
    domains: BTreeMap<Key, i64>,
}

impl Index {
    /// The index of a whole document.
    pub(crate) fn of(document: &Node) -> Self {
        let mut index = Index::default();
        for (name, record) in members(document, "queues") {
            index.refresh_queue(name, Some(record));
        }
        for (key, record) in members(document, "jobs") {
            index.refresh_job(&JobId::new(key), Some(record));
        }
        for (key, record) in members(document, "results") {
            index.refresh_result(&JobId::new(key), None, Some(record));
        }
        for (name, record) in members(document, "schedules") {
            index.refresh_schedule(name, Some(record));
        }
        for (id, record) in members(document, "workflows") {
            index.refresh_workflow(id, Some(record));
        }
        for domain in ["devices", "streams"] {
            members(document, domain).for_each(|(id, record)| index.refresh_thing(domain, id, Some(record)));
        }
        for (domain, value) in document.as_object().into_iter().flat_map(Object::iter) {
            if domain.starts_with(APP) {
                index.domains.insert(domain.clone(), value.json_len() as i64);
            }
        }
        index
    }

    /// Looks again at a job's record; `None` when it is gone.
    pub(crate) fn refresh_job(&mut self, id: &JobId, record: Option<&Node>) {
        let Some(next) = record.and_then(Slim::read) else {
            if let Some(old) = self.jobs.remove(id) {
                self.unplace(id, &old, false, false);
            }
            return;
        };
        let mut stays = false;
        match self.jobs.get_mut(id) {
            Some(known) if *known == next => return,
            Some(known) => {
                stays = known.is_same_start(&next);
                let old = std::mem::replace(known, next.clone());
                self.unplace(id, &old, stays, next.state == JobState::Running);
            }
            None => drop(self.jobs.insert(id.clone(), next.clone())),
        }
        self.place(id, &next, stays);
    }

    /// Looks again at an entry of the results.
    pub(crate) fn refresh_result(&mut self, id: &JobId, old: Option<&Node>, new: Option<&Node>) {
        let created = |record: &Node| record.child("createdAt").and_then(|at| from_node::<Time>(at).ok());
        if let Some(at) = old.and_then(created) {
            self.results.remove(&(at, id.clone()));
        }
        if let Some(at) = new.and_then(created) {
            self.results.insert((at, id.clone()));
        }
    }

    /// Looks again at the settings of a queue.
    pub(crate) fn refresh_queue(&mut self, name: &str, record: Option<&Node>) {
        let settings = record.and_then(|record| from_node::<Queue>(record).ok()).unwrap_or_default();
        self.ready.configure(name, settings);
    }

    /// Looks again at a schedule.
    pub(crate) fn refresh_schedule(&mut self, name: &str, record: Option<&Node>) {
        if let Some((name, at)) = self.schedules.remove_entry(name) {
            self.due.remove(&(at, Due::Fire(name)));
        }
        let next = record.and_then(|record| from_node::<Time>(record.child("nextAt")?).ok());
        if let Some(at) = next {
            let name: Text = name.into();
            self.due.insert((at, Due::Fire(name.clone())));
            self.schedules.insert(name, at);
        }
    }

    /// Looks again at a workflow.
    pub(crate) fn refresh_workflow(&mut self, id: &str, record: Option<&Node>) {
        self.workflows.refresh(id, record);
        if let Some((name, at)) = self.deadlines.remove_entry(id) {
            self.due.remove(&(at, Due::Overdue(name)));
        }
        if let Some(at) = record.and_then(workflow::deadline_of) {
            let name: Text = id.into();
            self.due.insert((at, Due::Overdue(name.clone())));
            self.deadlines.insert(name, at);
        }
    }

    /// Looks again at a device or stream.
    pub(crate) fn refresh_thing(&mut self, domain: &'static str, id: &str, record: Option<&Node>) {
        let name: Text = id.into();
        if let Some(at) = self.things.remove(&(domain, name.clone())) {
            self.due.remove(&(at, Due::Lose(domain, name.clone())));
        }
        if let Some(at) = record.and_then(Thing::read).and_then(|thing| thing.lost_at()) {
            self.due.insert((at, Due::Lose(domain, name.clone())));
            self.things.insert((domain, name), at);
        }
    }

    /// An open domain has grown, or is gone.
    pub(crate) fn grow_domain(&mut self, domain: Key, by: i64, is_there: bool) {
        if !domain.starts_with(APP) {
            return;
        }
        if is_there {
            *self.domains.entry(domain).or_default() += by;
        } else {
            self.domains.remove(&domain);
        }
    }

    /// Bytes of an open domain, by estimate.
    pub(crate) fn domain_bytes(&self, domain: &Key) -> usize {
        self.domains.get(domain).map_or(0, |bytes| usize::try_from(*bytes).unwrap_or(0))
    }

    fn unplace(&mut self, id: &JobId, slim: &Slim, stays: bool, starts: bool) {
        for due in slim.dues(id) {
            self.due.remove(&due);
        }
        if let Some(key) = slim.unique.as_ref().filter(|_| !slim.state.is_terminal()) {
            self.unique.remove(&(key.clone(), id.clone()));
        }
        if slim.is_called_off {
            self.families.call_back(id);
        }
        if let Some(parent) = slim.parent.as_ref().filter(|_| slim.is_open) {
            self.families.remove(parent, id);
            self.let_go(parent);
        }
        match slim.state {
            JobState::Pending => slim.waits_for().for_each(|on| self.stop_waiting(on, id)),
            JobState::Queued => {
                self.ready.remove(&slim.place, &(slim.rank, id.clone()));
                if !starts {
                    self.ready.left(&slim.place);
                }
            }
            JobState::Running if !stays => {
                self.running.remove(id);
                self.ready.ended(&slim.place);
                if let Some(key) = &slim.unique {
                    self.unique_running.remove(key);
                    self.siblings(key, id).iter().for_each(|(id, slim)| self.enqueue(id, slim));
                }
            }
            JobState::Scheduled | JobState::Retrying | JobState::Running => {}
            JobState::Succeeded | JobState::Failed | JobState::Cancelled => {
                self.terminal -= 1;
                if !self.concluded.remove(id) {
                    self.finished[outcome(slim.state)].remove(&(slim.at, id.clone()));
                }
            }
        }
    }

    fn place(&mut self, id: &JobId, slim: &Slim, stays: bool) {
        self.due.extend(slim.dues(id));
        if let Some(key) = slim.unique.as_ref().filter(|_| !slim.state.is_terminal()) {
            self.unique.insert((key.clone(), id.clone()));
        }
        if slim.is_called_off {
            self.families.call_off(id);
        }
        if let Some(parent) = slim.parent.as_ref().filter(|_| slim.is_open) {
            let is_orphan = self.jobs.get(parent).is_some_and(|slim| slim.is_called_off);
            self.families.insert(parent, id, is_orphan);
            if is_orphan {
                self.hold(parent);
            }
        }
        match slim.state {
            JobState::Pending => slim.waits_for().for_each(|on| self.start_waiting(on, id)),
            JobState::Queued => self.enqueue(id, slim),
            JobState::Running if !stays => {
                self.running.insert(id.clone());
                self.ready.started(&slim.place, slim.at);
                if let Some(key) = &slim.unique {
                    self.unique_running.insert(key.clone());
                    for (id, slim) in self.siblings(key, id) {
                        self.ready.remove(&slim.place, &(slim.rank, id));
                        self.ready.left(&slim.place);
                    }
                }
            }
            JobState::Scheduled | JobState::Retrying | JobState::Running => {}
            JobState::Succeeded | JobState::Failed | JobState::Cancelled => {
                self.terminal += 1;
                if self.has_waiters(id) {
                    self.concluded.insert(id.clone());
                } else {
                    self.finished[outcome(slim.state)].insert((slim.at, id.clone()));
                }
            }
        }
    }

    /// Two jobs of one unique key never run at once.
    fn enqueue(&mut self, id: &JobId, slim: &Slim) {
        if slim.unique.as_ref().is_none_or(|key| !self.unique_running.contains(key)) {
            self.ready.insert(&slim.place, (slim.rank, id.clone()));
        }
    }

    /// Other queued jobs of a unique key; there is hardly ever more than one.
    fn siblings(&self, key: &Text, id: &JobId) -> Vec<(JobId, Slim)> {
        let queued = |other: &JobId| {
            let slim = self.jobs.get(other).filter(|slim| slim.state == JobState::Queued && other != id)?;
            Some((other.clone(), slim.clone()))
        };
        self.with_unique(key).filter_map(queued).collect()
    }

    fn start_waiting(&mut self, on: JobId, waiter: &JobId) {
        self.hold(&on);
        self.waiters.insert((on, waiter.clone()));
    }

    /// A finished job stays until somebody has heard of its end.
    fn hold(&mut self, on: &JobId) {
        if let Some(slim) = self.jobs.get(on).filter(|slim| slim.state.is_terminal())
            && self.finished[outcome(slim.state)].remove(&(slim.at, on.clone()))
        {
            self.concluded.insert(on.clone());
        }
    }

    fn stop_waiting(&mut self, on: JobId, waiter: &JobId) {
        let entry = (on, waiter.clone());
        self.waiters.remove(&entry);
        self.let_go(&entry.0);
    }

    /// A finished job of which everybody has heard may go.
    fn let_go(&mut self, on: &JobId) {
        if !self.has_waiters(on)
            && self.concluded.remove(on)
            && let Some(slim) = self.jobs.get(on)
        {
            self.finished[outcome(slim.state)].insert((slim.at, on.clone()));
        }
    }

    pub(crate) fn job(&self, id: &str) -> Option<&Slim> {
        self.jobs.get(id)
    }

    /// Jobs that are not finished.
    pub(crate) fn active(&self) -> usize {
        self.jobs.len() - self.terminal
    }

    pub(crate) fn running(&self) -> &BTreeSet<JobId> {
        &self.running
    }

    /// The job that is to start next.
    pub(crate) fn next_ready(&self, slots: usize) -> Option<&JobId> {
        self.ready.next(slots)
    }

    /// The first thing that waits for a time, and that time.
    pub(crate) fn next_due(&self) -> Option<&(Time, Due)> {
        self.due.first()
    }

    /// A finished job and one that waits for it.
    pub(crate) fn next_waiter(&self) -> Option<(&JobId, &JobId)> {
        let on = self.concluded.first()?;
        self.waiters_of(on).next().map(|waiter| (on, waiter))
    }

    /// A job that was called off and one that it started, which has not heard of it.
    pub(crate) fn next_orphan(&self) -> Option<&(JobId, JobId)> {
        self.families.next_orphan()
    }

    /// Whether jobs are to hear of this one's end: they wait for it, or stop because it was called off.
    pub(crate) fn has_waiters(&self, id: &JobId) -> bool {
        self.waiters_of(id).next().is_some() || self.families.has_orphans(id)
    }

    fn waiters_of(&self, id: &JobId) -> impl Iterator<Item = &JobId> {
        let from = (id.clone(), JobId::new(""));
        self.waiters.range(from..).take_while(move |(on, _)| on == id).map(|(_, waiter)| waiter)
    }

    /// Unfinished jobs with this unique key.
    pub(crate) fn with_unique(&self, key: &str) -> impl Iterator<Item = &JobId> {
        let from = (Text::from(key), JobId::new(""));
        self.unique.range(from..).take_while(move |(other, _)| other.as_ref() == key).map(|(_, id)| id)
    }

    /// Finished jobs of an outcome that nobody waits for, the one that ended first at the front.
    pub(crate) fn finished_of(&self, state: JobState) -> impl Iterator<Item = &(Time, JobId)> {
        self.finished[outcome(state)].iter()
    }

    /// The oldest finished job, when there are more than `limit`.
    pub(crate) fn surplus_finished(&self, limit: usize) -> Option<JobId> {
        let surplus = self.finished.iter().map(BTreeSet::len).sum::<usize>() > limit;
        let oldest = self.finished.iter().filter_map(BTreeSet::first).min();
        oldest.filter(|_| surplus).map(|(_, id)| id.clone())
    }

    /// The oldest result, when there are more than `limit`.
    pub(crate) fn surplus_result(&self, limit: usize) -> Option<JobId> {
        let surplus = self.results.len() > limit;
        self.results.first().filter(|_| surplus).map(|(_, id)| id.clone())
    }
}

/// Where [`Index::finished`] keeps a terminal state.
fn outcome(state: JobState) -> usize {
    match state {
        JobState::Succeeded => 0,
        JobState::Failed => 1,
        _ => 2,
    }
}

fn members<'a>(document: &'a Node, domain: &str) -> impl Iterator<Item = (&'a str, &'a Node)> {
    document
        .child(domain)
        .and_then(Node::as_object)
        .into_iter()
        .flat_map(|object| object.iter())
        .map(|(key, value)| (key.as_str(), value))
}

/// Equality of what follows from the document; see the module.
#[cfg(test)]
impl PartialEq for Index {
    fn eq(&self, other: &Self) -> bool {
        self.jobs == other.jobs
            && self.due == other.due
            && self.running == other.running
            && self.finished == other.finished
            && self.terminal == other.terminal
            && self.results == other.results
            && self.waiters == other.waiters
            && self.concluded == other.concluded
            && self.families == other.families
            && self.unique == other.unique
            && self.unique_running == other.unique_running
            && self.schedules == other.schedules
            && self.workflows == other.workflows
            && self.things == other.things
            && self.domains == other.domains
            && self.ready.projection() == other.ready.projection()
    }
}
