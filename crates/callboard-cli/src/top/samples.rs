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
}

impl Samples {
    /// The counts of a state document.
    pub(crate) fn see(&mut self, state: &Node) {
        let summary = state.child("summary");
        self.now = COUNTED
            .map(|name| summary.and_then(|summary| summary.child(name)).and_then(Node::as_u64).unwrap_or(0));
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
