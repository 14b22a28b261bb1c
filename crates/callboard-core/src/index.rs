//! What the scheduler must find quickly, as a projection of `/jobs` and `/results`.
//!
//! The document is the truth. After each change the records it touched are looked at again, so the index of a
//! recovered board and that of a running one come from the same function.

use callboard_protocol::{JobId, Node, Time, from_node, job::JobState};
use std::collections::{BTreeSet, HashMap};

/// What the index knows of a job.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slim {
    pub(crate) state: JobState,
    pub(crate) priority: i32,
    pub(crate) attempt: u32,
    /// The time that places it among the jobs in its state; zero where no time does.
    at: Time,
}

/// The members of a job that the index looks at. A change of others need not be shown to it.
pub(crate) const INDEXED: [&str; 6] =
    ["state", "priority", "attempt", "createdAt", "scheduledAt", "finishedAt"];

impl Slim {
    fn read(record: &Node) -> Option<Self> {
        let time = |name: &str| record.child(name).and_then(|at| from_node::<Time>(at).ok());
        let state = JobState::parse(record.child("state")?.as_str()?)?;
        let at = match state {
            JobState::Pending | JobState::Running => Time::default(),
            JobState::Scheduled | JobState::Retrying => time("scheduledAt").unwrap_or_default(),
            JobState::Queued => time("createdAt")?,
            JobState::Succeeded | JobState::Failed | JobState::Cancelled => {
                time("finishedAt").unwrap_or_default()
            }
        };
        let priority = from_node(record.child("priority")?).ok()?;
        let attempt = from_node(record.child("attempt")?).ok()?;
        Some(Slim { state, priority, attempt, at })
    }
}

/// See the module.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Index {
    jobs: HashMap<JobId, Slim>,
    ready: BTreeSet<(i32, Time, JobId)>,
    due: BTreeSet<(Time, JobId)>,
    running: BTreeSet<JobId>,
    finished: BTreeSet<(Time, JobId)>,
    results: BTreeSet<(Time, JobId)>,
}

impl Index {
    /// The index of a whole document.
    pub(crate) fn of(document: &Node) -> Self {
        let mut index = Index::default();
        for (key, record) in members(document, "jobs") {
            index.refresh_job(&JobId::new(key), Some(record));
        }
        for (key, record) in members(document, "results") {
            index.refresh_result(&JobId::new(key), None, Some(record));
        }
        index
    }

    /// Looks again at a job's record; `None` when it is gone.
    pub(crate) fn refresh_job(&mut self, id: &JobId, record: Option<&Node>) {
        let next: Option<Slim> = record.and_then(Slim::read);
        if self.jobs.get(id) == next.as_ref() {
            return;
        }
        if let Some(old) = self.jobs.remove(id) {
            self.place(id, &old, false);
        }
        if let Some(slim) = next {
            self.place(id, &slim, true);
            self.jobs.insert(id.clone(), slim);
        }
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

    fn place(&mut self, id: &JobId, slim: &Slim, present: bool) {
        fn put<T: Ord>(set: &mut BTreeSet<T>, entry: T, present: bool) {
            if present {
                set.insert(entry);
            } else {
                set.remove(&entry);
            }
        }
        let id = id.clone();
        match slim.state {
            JobState::Pending => {}
            JobState::Scheduled | JobState::Retrying => {
                put(&mut self.due, (slim.at, id), present);
            }
            JobState::Queued => put(&mut self.ready, (slim.priority, slim.at, id), present),
            JobState::Running => put(&mut self.running, id, present),
            JobState::Succeeded | JobState::Failed | JobState::Cancelled => {
                put(&mut self.finished, (slim.at, id), present);
            }
        }
    }

    pub(crate) fn job(&self, id: &str) -> Option<&Slim> {
        self.jobs.get(id)
    }

    /// Jobs that are not finished.
    pub(crate) fn active(&self) -> usize {
        self.jobs.len() - self.finished.len()
    }

    pub(crate) fn running(&self) -> &BTreeSet<JobId> {
        &self.running
    }

    /// The job that is to start next.
    pub(crate) fn next_ready(&self) -> Option<JobId> {
        self.ready.first().map(|(_, _, id)| id.clone())
    }

    /// The first job that waits for a time, and that time.
    pub(crate) fn next_due(&self) -> Option<(Time, JobId)> {
        self.due.first().cloned()
    }

    /// The oldest finished job, when there are more than `limit`.
    pub(crate) fn surplus_finished(&self, limit: usize) -> Option<JobId> {
        let surplus = self.finished.len() > limit;
        self.finished.first().filter(|_| surplus).map(|(_, id)| id.clone())
    }

    /// The oldest result, when there are more than `limit`.
    pub(crate) fn surplus_result(&self, limit: usize) -> Option<JobId> {
        let surplus = self.results.len() > limit;
        self.results.first().filter(|_| surplus).map(|(_, id)| id.clone())
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
