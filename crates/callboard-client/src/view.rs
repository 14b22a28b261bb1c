//! What a mirror shows at one moment.

use callboard_protocol::{JobId, Node, frame::StatePosition, from_node, job::Job, workflow::Workflow};

/// The mirror at one moment. A clone copies a few pointers, however large the state is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// The document; `null` before the first snapshot.
    pub state: Node,
    /// Where in its history; `None` before the first snapshot.
    pub position: Option<StatePosition>,
    /// Whether this is what the server has, as far as is known. Otherwise the state is the last one seen: the
    /// connection is gone, or a snapshot is on its way.
    pub live: bool,
}

impl View {
    /// A job's record, if the state has it: all active jobs and the newest finished ones.
    pub fn job(&self, id: &JobId) -> Option<Job> {
        from_node(self.state.child("jobs")?.child(id)?).ok()
    }

    /// A workflow's record, if the state has it.
    pub fn workflow(&self, id: &str) -> Option<Workflow> {
        from_node(self.state.child("workflows")?.child(id)?).ok()
    }

    /// Whether what was visible at a position can be seen here. In another epoch it is for good or not at all.
    pub(crate) fn shows(&self, wanted: &StatePosition) -> bool {
        self.position
            .as_ref()
            .is_some_and(|position| position.epoch != wanted.epoch || position.version >= wanted.version)
    }
}
