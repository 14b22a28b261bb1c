//! What is decided and waits for the journal, to be stored and told as a whole.

use super::Reply;
use crate::ring::weight;
use callboard_core::{Archived, Checkpoint, Decided, Effect, Report};
use callboard_journal::{AppendError, Archive, JobRow};
use callboard_protocol::{
    Change, Node, Time, caps,
    command::Accepted,
    error::{ErrorCode, Rejection},
    from_node,
};

/// Who hears what became of an input.
pub(super) enum Hearer {
    Command(Reply),
    Nobody,
}

/// What is decided and waits for the journal.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) entries: Vec<Change>,
    pub(super) bytes: usize,
    pub(super) archive: Vec<Archive>,
    pub(super) effects: Vec<Effect>,
    pub(super) answers: Vec<(Hearer, Result<Accepted, Rejection>)>,
    /// Ends and files of attempts, to be decided again when the journal refuses this batch: facts are never lost.
    pub(super) facts: Vec<Report>,
    /// Where the core was before it, when anything was decided for it.
    pub(super) checkpoint: Option<Checkpoint>,
}

impl Batch {
    /// The batch without anything in it, for the next to come: what grew need not grow again.
    pub(super) fn emptied(mut self) -> Self {
        self.entries.clear();
        self.effects.clear();
        self.answers.clear();
        self.facts.clear();
        Batch { bytes: 0, archive: Vec::new(), checkpoint: None, ..self }
    }

    /// One place is kept for the counts of jobs.
    pub(super) fn is_full(&self) -> bool {
        self.entries.len() >= caps::COMMIT_ENTRIES - 1 || self.bytes >= caps::COMMIT_BYTES
    }

    pub(super) fn take(&mut self, decided: Decided, hearer: Hearer) {
        let accepted = Accepted { version: decided.version, result: decided.result, dup: decided.dup };
        if let Some(change) = decided.change {
            self.bytes += weight(&change);
            self.entries.push(change);
        }
        self.archive.extend(decided.archive.into_iter().filter_map(archive_row));
        self.effects.extend(decided.effects);
        self.answers.push((hearer, Ok(accepted)));
    }
}

pub(super) fn answer(answers: impl IntoIterator<Item = (Hearer, Result<Accepted, Rejection>)>) {
    for (hearer, result) in answers {
        // A hearer that has gone is no reason to stop.
        match hearer {
            Hearer::Command(reply) => drop(reply.send(result)),
            Hearer::Nobody => {}
        }
    }
}

/// What a command is told whose commit was not stored, or perhaps was.
pub(super) fn refusal(error: &AppendError) -> Rejection {
    if error.has_side_effects() {
        let message =
            format!("{error}; whether it was carried out is told under the same key after a restart");
        return Rejection::new(ErrorCode::Internal, message);
    }
    Rejection::new(ErrorCode::StorageFailed, format!("nothing was changed: {error}"))
}

pub(crate) fn archive_row(archived: Archived) -> Option<Archive> {
    match archived {
        Archived::Attempt(attempt) => Some(Archive::Attempt(attempt)),
        Archived::Delete(id) => Some(Archive::DeleteJob(id)),
        Archived::Job(id, body) => {
            let text = |name: &str| body.child(name).and_then(Node::as_str).unwrap_or_default().to_string();
            let at = |name: &str| body.child(name).and_then(|at| from_node::<Time>(at).ok());
            Some(Archive::Job(JobRow {
                id,
                kind: text("kind"),
                queue: text("queue"),
                state: body.child("state").and_then(|state| from_node(state).ok())?,
                created_at: at("createdAt")?,
                finished_at: at("finishedAt"),
                body,
            }))
        }
    }
}
