//! What the oracle reads of a job's record: by names, not by the product's types.

use callboard_protocol::{Node, job::JobState};

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Record<'a> {
    pub(crate) state: JobState,
    pub(crate) attempt: u64,
    node: &'a Node,
}

impl<'a> Record<'a> {
    pub(crate) fn read(node: &'a Node) -> Option<Self> {
        let state = JobState::parse(node.child("state")?.as_str()?)?;
        let attempt = node.child("attempt").and_then(Node::as_u64).unwrap_or(0);
        Some(Record { state, attempt, node })
    }

    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.node.child(name)?.as_str()
    }

    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.node.child(name)?.as_u64()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.node.child(name).is_some()
    }

    /// A point in time, ms since 1970.
    pub(crate) fn time(&self, name: &str) -> Option<i64> {
        callboard_protocol::from_node::<callboard_protocol::Time>(self.node.child(name)?)
            .ok()
            .map(|time| time.0)
    }

    pub(crate) fn error_code(&self) -> Option<&'a str> {
        self.node.child("error")?.child("code")?.as_str()
    }

    pub(crate) fn is_late(&self) -> bool {
        let cause = self.node.child("cancel").and_then(|cancel| cancel.child("cause")?.as_str());
        cause == Some("deadline")
    }

    pub(crate) fn is_bulk(&self) -> bool {
        self.text("kind") == Some(callboard_protocol::bulk::KIND)
    }

    pub(crate) fn same(&self, other: &Record<'_>, name: &str) -> bool {
        self.text(name) == other.text(name)
    }
}

/// All jobs of a document.
pub(crate) fn jobs(document: &Node) -> impl Iterator<Item = (&str, Record<'_>)> {
    let jobs = document.child("jobs").and_then(Node::as_object);
    jobs.into_iter()
        .flat_map(|jobs| jobs.iter())
        .filter_map(|(id, node)| Some((id.as_str(), Record::read(node)?)))
}

/// A job of a document.
pub(crate) fn job<'a>(document: &'a Node, id: &str) -> Option<Record<'a>> {
    Record::read(document.child("jobs")?.child(id)?)
}
