//! One change in the making: writes on the document, the events they mean, what must follow.

use crate::{
    index::INDEXED,
    input::{Archived, Context, Effect},
    ready::Text,
    state::{in_domain, job_path},
    summary::Counts,
    workflow::Ended,
};
use callboard_protocol::{
    ApplyError, Event, JobId, Key, LongKey, Node, Op, Pointer, Recorder,
    error::{ErrorCode, Rejection},
    from_node,
    job::{Job, JobState},
    to_node,
};
use serde::{Serialize, de::DeserializeOwned};

/// See the module. A decision refuses before its first write; a write that does not fit is a fault of ours.
pub(crate) struct Tx<'a> {
    recorder: Recorder<'a>,
    pub(crate) context: &'a Context,
    pub(crate) events: Vec<Event>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) archive: Vec<Archived>,
    /// Jobs whose records were written where the index looks.
    pub(crate) jobs: Vec<JobId>,
    /// Results that were written, with what was there before.
    pub(crate) results: Vec<(JobId, Option<Node>)>,
    /// Queues whose settings were written.
    pub(crate) queues: Vec<Key>,
    /// Schedules that were written.
    pub(crate) schedules: Vec<Key>,
    /// Workflows that were written.
    pub(crate) workflows: Vec<Key>,
    /// Jobs of workflows that have ended.
    pub(crate) ended: Vec<Ended>,
    /// Open domains that were written, and by how many bytes each grew.
    pub(crate) domains: Vec<(Key, i64)>,
    /// Devices and streams that were written.
    pub(crate) things: Vec<(&'static str, Key)>,
    /// Counts that changes before this one are still to write.
    pub(crate) unwritten: &'a Counts,
    /// What it changes in the counts of jobs.
    pub(crate) counts: Vec<(Text, JobState, i64)>,
    /// The idempotency key that the change makes good.
    pub(crate) long_key: Option<LongKey>,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(document: &'a mut Node, unwritten: &'a Counts, context: &'a Context) -> Self {
        Tx {
            unwritten,
            recorder: Recorder::new(document),
            context,
            events: Vec::new(),
            effects: Vec::new(),
            archive: Vec::new(),
            jobs: Vec::new(),
            results: Vec::new(),
            queues: Vec::new(),
            schedules: Vec::new(),
            workflows: Vec::new(),
            ended: Vec::new(),
            domains: Vec::new(),
            things: Vec::new(),
            counts: Vec::new(),
            long_key: None,
        }
    }

    /// A job's record.
    pub(crate) fn record(&self, id: &JobId) -> Option<&Node> {
        self.recorder.document().child("jobs")?.child(id)
    }

    /// A job's record, read.
    pub(crate) fn job(&self, id: &JobId) -> Result<Job, Rejection> {
        self.read(id)
    }

    /// The state of a job.
    pub(crate) fn state(&self, id: &JobId) -> Result<JobState, Rejection> {
        let state = self.record(id).and_then(|record| JobState::parse(record.child("state")?.as_str()?));
        state.ok_or_else(|| no_job(id))
    }

    /// Some members of a job's record, read.
    pub(crate) fn read<T: DeserializeOwned>(&self, id: &JobId) -> Result<T, Rejection> {
        let record = self.record(id).ok_or_else(|| no_job(id))?;
        from_node(record).map_err(|error| fault(format!("the record of job {id} cannot be read: {error}")))
    }

    /// A member of the document.
    pub(crate) fn at(&self, pointer: &str) -> Option<&Node> {
        self.recorder.document().at(pointer)
    }

    pub(crate) fn set(&mut self, path: Pointer, value: Node) -> Result<bool, Rejection> {
        self.recorder.set(path, value).map_err(misfit)
    }

    /// Puts a whole record into `/jobs`.
    pub(crate) fn put_job(&mut self, job: &Job) -> Result<(), Rejection> {
        self.set(in_domain("jobs", &job.id), node(job)?)?;
        self.jobs.push(job.id.clone());
        Ok(())
    }

    /// Sets a member of a job's record.
    pub(crate) fn set_field(
        &mut self,
        id: &JobId,
        field: &'static str,
        value: Node,
    ) -> Result<(), Rejection> {
        self.set_fields(id, [(field, Some(value))])
    }

    /// Sets members of a job's record and takes out those that are `None`. The record is looked up once.
    pub(crate) fn set_fields<const N: usize>(
        &mut self,
        id: &JobId,
        fields: [(&'static str, Option<Node>); N],
    ) -> Result<(), Rejection> {
        if fields.iter().any(|(field, _)| INDEXED.contains(field)) {
            self.touch(id);
        }
        self.edit(&job_path(id), fields.map(|(field, value)| (Key::constant(field), value)))
    }

    /// Sets members of the object at a path and takes out those that are `None`.
    pub(crate) fn edit(
        &mut self,
        path: &Pointer,
        members: impl IntoIterator<Item = (Key, Option<Node>)>,
    ) -> Result<(), Rejection> {
        self.recorder.edit(path, members).map(drop).map_err(misfit)
    }

    /// Sets a member of a job's record to what a value serialises to.
    pub(crate) fn put_field<T: Serialize>(
        &mut self,
        id: &JobId,
        field: &'static str,
        value: &T,
    ) -> Result<(), Rejection> {
        self.set_field(id, field, node(value)?)
    }

    /// Takes members out of a job's record.
    pub(crate) fn clear_fields<const N: usize>(
        &mut self,
        id: &JobId,
        fields: [&'static str; N],
    ) -> Result<(), Rejection> {
        // Most are absent, and looking is cheaper than a path.
        match self.record(id) {
            Some(record) if fields.iter().any(|field| record.child(field).is_some()) => {
                self.set_fields(id, fields.map(|field| (field, None)))
            }
            _ => Ok(()),
        }
    }

    /// Moves a job on and keeps the counts of `/summary`: of now for active states, totals for terminal ones.
    pub(crate) fn move_job(&mut self, id: &JobId, from: JobState, to: JobState) -> Result<(), Rejection> {
        self.move_job_with(id, (from, to), [])
    }

    /// The same, with other members set or taken out before.
    pub(crate) fn move_job_with<const N: usize>(
        &mut self,
        id: &JobId,
        (from, to): (JobState, JobState),
        fields: [(&'static str, Option<Node>); N],
    ) -> Result<(), Rejection> {
        self.touch(id);
        let state = ("state", Some(to.as_str().into()));
        let members = fields.into_iter().chain([state]).map(|(field, value)| (Key::constant(field), value));
        self.edit(&job_path(id), members)?;
        let Some(Node::String(queue)) = self.record(id).and_then(|record| record.child("queue")) else {
            return Ok(());
        };
        let queue = queue.clone();
        if !from.is_terminal() {
            self.count(&queue, from, -1);
        }
        self.count(&queue, to, 1);
        Ok(())
    }

    /// Counts a job in or out of a state of a queue.
    pub(crate) fn count(&mut self, queue: &Text, state: JobState, by: i64) {
        self.counts.push((queue.clone(), state, by));
    }

    /// Puts a member into a domain that an older journal may not have.
    pub(crate) fn put_in(&mut self, domain: &'static str, member: Key, value: Node) -> Result<(), Rejection> {
        if self.recorder.document().child(domain).is_none() {
            self.set(Pointer::new([Key::constant(domain)]), Node::object())?;
        }
        self.set(in_domain(domain, member), value).map(drop)
    }

    /// Takes a member out of the document; whether it was there.
    pub(crate) fn remove(&mut self, path: Pointer) -> bool {
        self.recorder.remove(path)
    }

    /// The document as changed so far.
    pub(crate) fn document(&self) -> &Node {
        self.recorder.document()
    }

    /// Whether nothing was written so far.
    pub(crate) fn is_unchanged(&self) -> bool {
        self.recorder.ops().is_empty()
    }

    /// Where was written so far.
    pub(crate) fn paths(&self) -> Vec<Pointer> {
        self.recorder.ops().iter().map(|op| op.path().clone()).collect()
    }

    /// Puts an entry into `/results`.
    pub(crate) fn put_result(&mut self, id: &JobId, entry: Node) -> Result<(), Rejection> {
        let before = self.recorder.document().child("results").and_then(|results| results.child(id)).cloned();
        self.set(in_domain("results", id), entry)?;
        self.results.push((id.clone(), before));
        Ok(())
    }

    /// Takes an entry out of `/results`; whether it was there.
    pub(crate) fn remove_result(&mut self, id: &JobId) -> bool {
        let before = self.recorder.document().child("results").and_then(|results| results.child(id)).cloned();
        let was_there = self.recorder.remove(in_domain("results", id));
        self.results.push((id.clone(), before));
        was_there
    }

    /// Takes a record out of `/jobs`.
    pub(crate) fn remove_job(&mut self, id: &JobId) {
        self.recorder.remove(in_domain("jobs", id));
        self.touch(id);
    }

    pub(crate) fn event(&mut self, topic: &str, id: &JobId, data: Node) {
        self.events.push(Event { topic: topic.into(), job_id: Some(id.clone()), data });
    }

    /// Takes all writes back.
    pub(crate) fn undo(self) {
        self.recorder.undo();
    }

    pub(crate) fn into_ops(self) -> Vec<Op> {
        self.recorder.into_ops()
    }

    /// An event of the board or of something that is no job.
    pub(crate) fn board_event(&mut self, topic: &str, data: Node) {
        self.events.push(Event { topic: topic.into(), job_id: None, data });
    }

    fn touch(&mut self, id: &JobId) {
        if self.jobs.last() != Some(id) {
            self.jobs.push(id.clone());
        }
    }
}

pub(crate) fn no_job(id: &JobId) -> Rejection {
    Rejection::new(ErrorCode::NotFound, format!("there is no job {:?} in the live state", id.as_str()))
}

/// What a value of ours serialises to.
pub(crate) fn node<T: Serialize>(value: &T) -> Result<Node, Rejection> {
    to_node(value).map_err(|error| fault(error.to_string()))
}

pub(crate) fn fault(message: String) -> Rejection {
    Rejection::new(ErrorCode::Internal, message)
}

fn misfit(error: ApplyError) -> Rejection {
    fault(format!("a decision does not fit the state: {error}"))
}
