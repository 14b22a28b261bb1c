//! The newest commits in memory, for followers. A follower is a cursor: a version. One that is behind the ring
//! takes the state as it is instead.

use callboard_protocol::{Change, Commit, Op, caps};
use std::{collections::VecDeque, sync::Arc};

/// Commits in order, bounded by changes and by bytes; the oldest go first.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    commits: VecDeque<(Arc<Commit>, usize)>,
    changes: usize,
    bytes: usize,
}

impl Ring {
    /// Takes a commit of about `bytes` bytes, as [`weight`] counts them.
    pub(crate) fn push(&mut self, commit: Arc<Commit>, bytes: usize) {
        self.changes += commit.entries.len();
        self.bytes += bytes;
        self.commits.push_back((commit, bytes));
        while self.commits.len() > 1 && (self.changes > caps::RING_CHANGES || self.bytes > caps::RING_BYTES) {
            if let Some((oldest, bytes)) = self.commits.pop_front() {
                self.changes -= oldest.entries.len();
                self.bytes -= bytes;
            }
        }
    }

    /// The changes after `version`; `None` when the ring does not reach that far back.
    pub(crate) fn since(&self, version: u64, head: u64) -> Option<Window> {
        if version > head {
            return None;
        }
        let first = self.commits.partition_point(|(commit, _)| commit.head_version() <= version);
        let commits: Vec<_> = self.commits.iter().skip(first).map(|(commit, _)| commit.clone()).collect();
        let reaches = commits.first().map_or(version == head, |commit| commit.base_version <= version);
        reaches.then_some(Window { from: version, to: head, commits })
    }
}

/// About the bytes that a change takes in memory and on the wire.
pub(crate) fn weight(change: &Change) -> usize {
    let value = |op: &Op| match op {
        Op::Add { value, .. } | Op::Replace { value, .. } | Op::Test { value, .. } => value.json_len(),
        _ => 0,
    };
    128 + change.ops.iter().map(|op| 96 + value(op)).sum::<usize>()
}

/// A run of changes: those after version `from`, up to and including version `to`.
#[derive(Clone, Debug)]
pub struct Window {
    /// The version before the first change.
    pub from: u64,
    /// The version after the last change.
    pub to: u64,
    commits: Vec<Arc<Commit>>,
}

impl Window {
    /// The changes from one version to another, out of commits that hold them all.
    pub(crate) fn joined(from: u64, commits: Vec<Arc<Commit>>, to: u64) -> Window {
        Window { from, to, commits }
    }

    pub(crate) fn into_commits(self) -> Vec<Arc<Commit>> {
        self.commits
    }

    /// The changes with their versions, in order.
    pub fn changes(&self) -> impl Iterator<Item = (u64, &Change)> {
        let all = self.commits.iter().flat_map(|commit| {
            commit
                .entries
                .iter()
                .enumerate()
                .map(|(index, change)| (commit.base_version + index as u64 + 1, change))
        });
        all.filter(|(version, _)| (self.from + 1..=self.to).contains(version))
    }

    /// The same run, ended earlier.
    pub fn up_to(mut self, version: u64) -> Window {
        self.to = self.to.min(version);
        self
    }

    /// The operations of all changes, in order.
    pub fn ops(&self) -> impl Iterator<Item = &Op> {
        self.changes().flat_map(|(_, change)| &change.ops)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use callboard_protocol::{Actor, CommitKind, Epoch, Node, Pointer, Time};

    fn commit(base_version: u64, changes: usize) -> Arc<Commit> {
        let op = Op::Replace { path: Pointer::parse("/a").expect("a pointer"), value: Node::from(1u32) };
        let change = Change {
            at: Time(0),
            key: None,
            long_key: None,
            actor: Actor::new("test"),
            events: vec![],
            ops: vec![op],
            result: Node::Null,
        };
        Arc::new(Commit {
            seq: base_version,
            epoch: Epoch::new("e"),
            node: "n".into(),
            base_version,
            at: Time(0),
            prev: String::new(),
            kind: CommitKind::Batch,
            entries: vec![change; changes],
        })
    }

    #[test]
    fn a_window_starts_inside_a_commit() {
        let mut ring = Ring::default();
        ring.push(commit(0, 3), 300);
        ring.push(commit(3, 2), 200);
        let versions = |from| -> Option<Vec<u64>> {
            Some(ring.since(from, 5)?.changes().map(|(version, _)| version).collect())
        };
        assert_eq!(versions(2), Some(vec![3, 4, 5]));
        assert_eq!(versions(5), Some(vec![]));
        assert_eq!(versions(6), None, "a position from the future");
    }

    #[test]
    fn what_fell_out_cannot_be_followed() {
        let mut ring = Ring::default();
        for index in 0..40 {
            ring.push(commit(index * 512, 512), 51_200);
        }
        assert!(ring.changes <= caps::RING_CHANGES);
        assert!(ring.since(0, 40 * 512).is_none());
        assert!(ring.since(39 * 512, 40 * 512).is_some());
    }

    #[test]
    fn an_empty_ring_serves_only_the_head() {
        assert!(Ring::default().since(7, 7).is_some());
        assert!(Ring::default().since(6, 7).is_none());
    }
}
