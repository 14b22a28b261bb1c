//! Kinds and what runs of each: told from the mirror and from what the server says that it can run.

use super::metrics::percentile;
use callboard_protocol::{Node, job::JobState};
use std::collections::BTreeMap;

/// A kind, counted over the jobs of the mirror.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Executor {
    pub(crate) kind: String,
    pub(crate) title: String,
    pub(crate) running: usize,
    /// Jobs that have not begun, or are to run again.
    pub(crate) waiting: usize,
    pub(crate) failed: usize,
    pub(crate) succeeded: usize,
    /// Attempts at once on the whole board.
    pub(crate) limit: Option<u64>,
    /// What half of those that succeeded took at most, ms.
    pub(crate) took_ms: Option<u64>,
}

/// The kinds of a server's answer: name and title.
pub(crate) fn kinds_of(answer: &Node) -> Vec<(String, String)> {
    let Some(Node::Array(kinds)) = answer.child("kinds") else { return Vec::new() };
    let text = |kind: &Node, member| kind.child(member).and_then(Node::as_str).unwrap_or_default().to_owned();
    kinds.iter().map(|kind| (text(kind, "kind"), text(kind, "title"))).collect()
}

/// The busiest first.
pub(crate) fn executors(state: &Node, known: &[(String, String)]) -> Vec<Executor> {
    let named = |(kind, title): &(String, String)| {
        (
            kind.clone(),
            (Executor { kind: kind.clone(), title: title.clone(), ..Executor::default() }, Vec::new()),
        )
    };
    let mut found: BTreeMap<String, (Executor, Vec<u64>)> = known.iter().map(named).collect();
    let jobs = state.child("jobs").and_then(Node::as_object);
    for (_, job) in jobs.into_iter().flat_map(|jobs| jobs.iter()) {
        let text = |member| job.child(member).and_then(Node::as_str);
        let (Some(kind), Some(state)) = (text("kind"), text("state").and_then(JobState::parse)) else {
            continue;
        };
        let (executor, took) = found.entry(kind.to_owned()).or_default();
        kind.clone_into(&mut executor.kind);
        match state {
            JobState::Running => executor.running += 1,
            JobState::Failed => executor.failed += 1,
            JobState::Succeeded => {
                executor.succeeded += 1;
                took.extend(super::metrics::took_ms(job));
            }
            state if !state.is_terminal() => executor.waiting += 1,
            _ => {}
        }
    }
    let limits = state.at("/queues/*/kinds");
    let finish = |(executor, mut took): (Executor, Vec<u64>)| {
        let limit = limits.and_then(|limits| limits.child(&executor.kind)?.as_u64());
        Executor { limit, took_ms: percentile(&mut took, 50), ..executor }
    };
    let mut rows: Vec<Executor> = found.into_values().map(finish).collect();
    rows.sort_by_key(|row| std::cmp::Reverse((row.running, row.waiting)));
    rows
}
