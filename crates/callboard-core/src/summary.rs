//! The projection `/summary`: how many jobs are in each state, on the board and in each queue.
//!
//! Active states count what is there now, terminal ones are totals. The members of the board are at `/summary/<state>`,
//! those of a queue at `/summary/queues/<queue>/<state>`.
//!
//! A job that is asked for, begins and ends moves ten counts. They are gathered while decisions are made and written
//! once, at the end of a commit ([`crate::Core::settle`]): nothing is visible before its commit is.

use crate::{ready::Text, state::in_domain, tx::Tx};
use callboard_protocol::{
    Key, Node, Object, Pointer, caps,
    error::{ErrorCode, Rejection},
    from_node,
    job::JobState,
    queue::Queue,
};
use std::collections::BTreeMap;

const QUEUES: &str = "queues";

/// By how much the count of each state changes, in the order of [`JobState::ALL`].
type ByState = [i64; JobState::ALL.len()];

/// What was counted and is not written yet, by queue.
#[derive(Debug, Default)]
pub(crate) struct Counts(BTreeMap<Text, ByState>);

impl Counts {
    /// A job has come to a state of a queue (+1) or left it (-1).
    pub(crate) fn count(&mut self, queue: &Text, state: JobState, by: i64) {
        if let Some(counts) = self.0.get_mut(queue) {
            counts[state as usize] += by;
        } else {
            let mut counts = ByState::default();
            counts[state as usize] = by;
            self.0.insert(queue.clone(), counts);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn has(&self, queue: &str) -> bool {
        self.0.contains_key(queue)
    }

    /// Writes what was counted.
    pub(crate) fn write(self, tx: &mut Tx<'_>) -> Result<(), Rejection> {
        let mut board = ByState::default();
        for (queue, counts) in self.0 {
            board.iter_mut().zip(counts).for_each(|(sum, by)| *sum += by);
            let path = [Key::constant("summary"), Key::constant(QUEUES), Key::shared(queue)];
            add(tx, &Pointer::new(path), counts)?;
        }
        add(tx, &Pointer::new([Key::constant("summary")]), board)
    }
}

/// Adds to the counts at a path, when there are any.
fn add(tx: &mut Tx<'_>, path: &Pointer, counts: ByState) -> Result<(), Rejection> {
    let known = path.segments().iter().try_fold(tx.document(), |node, segment| node.child(segment));
    let Some(known) = known else { return Ok(()) };
    let changed = JobState::ALL.into_iter().zip(counts).filter(|(_, by)| *by != 0);
    let now: Vec<_> = changed
        .map(|(state, by)| {
            let now = number(known.child(state.as_str())).saturating_add_signed(by);
            (Key::constant(state.as_str()), Some(now.into()))
        })
        .collect();
    tx.edit(path, now)
}

/// Makes a queue known when a job first comes to it.
pub(crate) fn ensure_queue(tx: &mut Tx<'_>, queue: &str) -> Result<(), Rejection> {
    if tx.document().child(QUEUES).is_some_and(|queues| queues.child(queue).is_some()) {
        return Ok(());
    }
    make_room(tx)?;
    tx.put_in(QUEUES, Key::new(queue), Node::object())?;
    tx.queues.push(Key::new(queue));
    ensure_counts(tx, queue)
}

/// Takes away a queue of which nothing was said and in which nothing is, when there are too many.
fn make_room(tx: &mut Tx<'_>) -> Result<(), Rejection> {
    let known = tx.document().child(QUEUES).and_then(Node::as_object);
    if known.map_or(0, Object::len) < caps::QUEUES {
        return Ok(());
    }
    let counts = tx.document().child("summary").and_then(|summary| summary.child(QUEUES));
    let is_idle = |name: &str, record: &Node| {
        let counts = counts.and_then(|counts| counts.child(name));
        let is_empty = |state: &JobState| number(counts.and_then(|counts| counts.child(state.as_str()))) == 0;
        from_node::<Queue>(record).is_ok_and(|queue| queue.is_plain())
            && !tx.unwritten.has(name)
            && JobState::ALL.iter().filter(|state| !state.is_terminal()).all(is_empty)
    };
    let idle = known.into_iter().flat_map(Object::iter).find(|(name, record)| is_idle(name, record));
    let Some(idle) = idle.map(|(name, _)| name.clone()) else {
        let message = format!("there are {} queues already, all in use or configured", caps::QUEUES);
        return Err(Rejection::new(ErrorCode::Overloaded, message));
    };
    tx.remove(in_domain(QUEUES, idle.clone()));
    tx.remove(Pointer::new([Key::constant("summary"), Key::constant(QUEUES), idle]));
    Ok(())
}

fn ensure_counts(tx: &mut Tx<'_>, queue: &str) -> Result<(), Rejection> {
    let Some(summary) = tx.document().child("summary") else { return Ok(()) };
    let counts = summary.child(QUEUES);
    let is_there = counts.is_some_and(|counts| counts.child(queue).is_some());
    if counts.is_none() {
        tx.set(in_domain("summary", Key::constant(QUEUES)), Node::object())?;
    }
    if !is_there {
        let path = Pointer::new([Key::constant("summary"), Key::constant(QUEUES), Key::new(queue)]);
        tx.set(path, zeros(&[]))?;
    }
    Ok(())
}

/// Adds what a journal of an earlier version lacks: the queues of its jobs, and their counts.
pub(crate) fn complete(tx: &mut Tx<'_>) -> Result<(), Rejection> {
    let summary = tx.document().child("summary");
    if summary.is_none_or(|summary| summary.child(QUEUES).is_some()) {
        return Ok(());
    }
    let mut counts: std::collections::BTreeMap<Key, Vec<JobState>> = Default::default();
    let jobs = tx.document().child("jobs").and_then(Node::as_object);
    for (_, record) in jobs.into_iter().flat_map(Object::iter) {
        let state = record.child("state").and_then(|state| JobState::parse(state.as_str()?));
        if let (Some(queue), Some(state)) = (record.child("queue").and_then(Node::as_str), state) {
            counts.entry(Key::new(queue)).or_default().push(state);
        }
    }
    tx.set(in_domain("summary", Key::constant(QUEUES)), Node::object())?;
    for (queue, states) in counts {
        if tx.document().child(QUEUES).is_none_or(|queues| queues.child(&queue).is_none()) {
            tx.put_in(QUEUES, queue.clone(), Node::object())?;
        }
        tx.set(Pointer::new([Key::constant("summary"), Key::constant(QUEUES), queue]), zeros(&states))?;
    }
    Ok(())
}

/// A count for each state: how often it is among these.
fn zeros(states: &[JobState]) -> Node {
    let count = |state: JobState| states.iter().filter(|other| **other == state).count() as u64;
    JobState::ALL
        .map(|state| (Key::constant(state.as_str()), count(state).into()))
        .into_iter()
        .collect::<Object>()
        .into()
}

fn number(node: Option<&Node>) -> u64 {
    node.and_then(Node::as_u64).unwrap_or(0)
}
