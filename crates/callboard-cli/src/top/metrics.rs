//! Numbers of the board, told from the mirror: how fast, how long, how often it went wrong.

use callboard_protocol::{Node, Time, from_node, job::JobState};

/// Of the finished jobs that the mirror has: the newest 200.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Metrics {
    pub(crate) finished: usize,
    pub(crate) failed: usize,
    /// 50, 95 and 99 of a hundred took at most so long, ms.
    pub(crate) took_ms: [Option<u64>; 3],
    /// They waited at most so long from their acceptance, or their time, to their last start, ms.
    pub(crate) waited_ms: [Option<u64>; 3],
}

pub(crate) const PERCENTS: [usize; 3] = [50, 95, 99];

/// See the module.
pub(crate) fn metrics(state: &Node) -> Metrics {
    let (mut took, mut waited) = (Vec::new(), Vec::new());
    let mut metrics = Metrics::default();
    let jobs = state.child("jobs").and_then(Node::as_object);
    for (_, job) in jobs.into_iter().flat_map(|jobs| jobs.iter()) {
        let state = job.child("state").and_then(Node::as_str).and_then(JobState::parse);
        if !state.is_some_and(JobState::is_terminal) {
            continue;
        }
        metrics.finished += 1;
        metrics.failed += usize::from(state == Some(JobState::Failed));
        took.extend(took_ms(job));
        // A job that was tried several times waited for its backoff, too; that is no wait for a slot.
        if job.child("attempt").and_then(Node::as_u64) == Some(1) {
            let due = time(job, "scheduledAt").or_else(|| time(job, "createdAt"));
            waited.extend(due.zip(time(job, "startedAt")).map(|(due, started)| started.since_ms(due)));
        }
    }
    metrics.took_ms = PERCENTS.map(|percent| percentile(&mut took, percent));
    metrics.waited_ms = PERCENTS.map(|percent| percentile(&mut waited, percent));
    metrics
}

/// What a job took from its last start to its end.
pub(super) fn took_ms(job: &Node) -> Option<u64> {
    Some(time(job, "finishedAt")?.since_ms(time(job, "startedAt")?))
}

fn time(job: &Node, member: &str) -> Option<Time> {
    from_node(job.child(member)?).ok()
}

/// The smallest value that so many of a hundred are not above (the nearest rank).
pub(super) fn percentile(values: &mut [u64], percent: usize) -> Option<u64> {
    values.sort_unstable();
    let rank = (values.len() * percent).div_ceil(100);
    values.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::executors::{Executor, executors, kinds_of};
    use serde_json::json;

    fn at(second: u32) -> String {
        format!("2026-01-01T00:00:{second:02}.000Z")
    }

    fn state() -> Node {
        let job = |kind: &str, state: &str, attempt: u32, times: [u32; 3]| {
            let [created, started, finished] = times.map(at);
            json!({ "kind": kind, "state": state, "attempt": attempt,
                "createdAt": created, "startedAt": started, "finishedAt": finished })
        };
        Node::from(&json!({
            "jobs": {
                "a": job("mail", "succeeded", 1, [0, 1, 3]),
                "b": job("mail", "succeeded", 1, [0, 5, 15]),
                "c": job("mail", "failed", 3, [0, 50, 51]),
                "d": { "kind": "paint", "state": "running", "createdAt": at(0), "startedAt": at(1) },
                "e": { "kind": "paint", "state": "retrying", "createdAt": at(0) },
                "f": { "kind": "gone", "state": "queued" },
                "g": { "state": 7 },
            },
            "queues": { "*": { "kinds": { "paint": 4 } } },
        }))
    }

    #[test]
    fn numbers_are_those_of_the_jobs() {
        let found = metrics(&state());
        assert_eq!((found.finished, found.failed), (3, 1));
        assert_eq!(found.took_ms, [Some(2000), Some(10_000), Some(10_000)]);
        assert_eq!(found.waited_ms, [Some(1000), Some(5000), Some(5000)], "tries wait for their backoff");
        assert_eq!(metrics(&Node::Null), Metrics::default());
    }

    #[test]
    fn the_nearest_rank() {
        let mut values: Vec<u64> = (1..=100).rev().collect();
        assert_eq!(
            [1, 50, 95, 99, 100].map(|percent| percentile(&mut values, percent)),
            [1, 50, 95, 99, 100].map(Some)
        );
        assert_eq!((percentile(&mut [], 50), percentile(&mut [7], 1)), (None, Some(7)));
    }

    #[test]
    fn kinds_are_those_that_can_run_and_those_that_do() {
        let known = kinds_of(&Node::from(
            &json!({ "kinds": [{ "kind": "mail", "title": "Sends" }, { "kind": "idle" }] }),
        ));
        let rows = executors(&state(), &known);
        let names: Vec<&str> = rows.iter().map(|row| &*row.kind).collect();
        assert_eq!(names, ["paint", "gone", "idle", "mail"], "the busiest first");
        let paint =
            Executor { kind: "paint".into(), running: 1, waiting: 1, limit: Some(4), ..Executor::default() };
        assert_eq!(rows[0], paint);
        let mail = Executor {
            kind: "mail".into(),
            title: "Sends".into(),
            failed: 1,
            succeeded: 2,
            took_ms: Some(2000),
            ..Executor::default()
        };
        assert_eq!(rows[3], mail);
        assert_eq!(kinds_of(&Node::Null), []);
    }
}
