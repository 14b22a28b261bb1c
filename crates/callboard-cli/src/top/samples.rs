//! The counts of the last minute, one sample a second.

use callboard_protocol::Node;
use std::collections::VecDeque;

/// Samples that are kept.
const KEPT: usize = 60;

/// What is counted, in the order in which it is shown. What failed is counted since the beginning: its bars show how much more.
pub(crate) const COUNTED: [&str; 4] = ["queued", "running", "retrying", "failed"];

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    kept: [VecDeque<u64>; 4],
    now: [u64; 4],
    before: Option<[u64; 4]>,
    /// Jobs that ended, in each second.
    finished: VecDeque<u64>,
    finished_now: u64,
    finished_before: Option<u64>,
}

impl Samples {
    /// The counts of a state document.
    pub(crate) fn see(&mut self, state: &Node) {
        let summary = state.child("summary");
        let count =
            |name: &str| summary.and_then(|summary| summary.child(name)).and_then(Node::as_u64).unwrap_or(0);
        self.now = COUNTED.map(count);
        self.finished_now = ["succeeded", "failed", "cancelled"].map(count).iter().sum();
    }

    /// A second has passed.
    pub(crate) fn tick(&mut self) {
        let before = self.before.replace(self.now).unwrap_or(self.now);
        for (index, kept) in self.kept.iter_mut().enumerate() {
            let is_total = COUNTED[index] == "failed";
            kept.push_back(if is_total {
                self.now[index].saturating_sub(before[index])
            } else {
                self.now[index]
            });
            if kept.len() > KEPT {
                kept.pop_front();
            }
        }
        let before = self.finished_before.replace(self.finished_now).unwrap_or(self.finished_now);
        self.finished.push_back(self.finished_now.saturating_sub(before));
        if self.finished.len() > KEPT {
            self.finished.pop_front();
        }
    }

    /// Jobs that ended in the last minute, or in so many seconds since this began.
    pub(crate) fn finished_in_a_minute(&self) -> (u64, usize) {
        (self.finished.iter().sum(), self.finished.len())
    }

    /// Jobs that ended in each of the newest seconds, oldest first.
    pub(crate) fn finished(&self, count: usize) -> Vec<u64> {
        self.finished.iter().skip(self.finished.len().saturating_sub(count)).copied().collect()
    }

    pub(crate) fn count(&self, index: usize) -> u64 {
        self.now[index]
    }

    /// The newest samples, oldest first.
    pub(crate) fn newest(&self, index: usize, count: usize) -> Vec<u64> {
        let kept = &self.kept[index];
        kept.iter().skip(kept.len().saturating_sub(count)).copied().collect()
    }
}
