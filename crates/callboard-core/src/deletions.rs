//! Jobs that were deleted a moment ago: what was read of one from the store before that is void.

use callboard_protocol::{JobId, caps};
use std::collections::VecDeque;

/// The last [`caps::DELETIONS`] deletions with their versions, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Deletions {
    in_order: VecDeque<(u64, JobId)>,
    /// The version of the last one that is no longer among them.
    forgotten: u64,
}

impl Deletions {
    pub(crate) fn keep(&mut self, version: u64, id: JobId) {
        if self.in_order.len() >= caps::DELETIONS
            && let Some((version, _)) = self.in_order.pop_front()
        {
            self.forgotten = version;
        }
        self.in_order.push_back((version, id));
    }

    /// Whether what was known of a job at this version is void now. So long ago that nobody knows counts as void.
    pub(crate) fn has_since(&self, version: u64, id: &str) -> bool {
        let mut since = self.in_order.iter().rev().take_while(|(at, _)| *at > version);
        version < self.forgotten || since.any(|(_, deleted)| deleted.as_str() == id)
    }

    /// Takes back those after this version, which did not become durable.
    pub(crate) fn take_back(&mut self, version: u64) {
        while self.in_order.pop_back_if(|(at, _)| *at > version).is_some() {}
    }
}
