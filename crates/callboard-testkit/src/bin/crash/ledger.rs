//! What the clients sent and what they were told.

use crate::plan::{Plan, Planned};
use callboard_protocol::{Node, error::ErrorCode, frame::ServerFrame};
use fastrand::Rng;
use std::{collections::BTreeMap, time::Instant};

/// What became of a command, as far as its client knows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fate {
    /// No answer has come: it may have been carried out or not.
    Unanswered,
    /// It was carried out.
    Acknowledged(Ack),
    /// It was refused.
    Refused(ErrorCode),
}

/// The answer to a command that was carried out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ack {
    pub(crate) version: u64,
    pub(crate) result: Node,
    pub(crate) dup: bool,
}

/// A command that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) planned: Planned,
    pub(crate) fate: Fate,
    pub(crate) sent: Instant,
}

/// All commands of a run. Its index is a command's id on the wire.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    plan: Plan,
    pub(crate) entries: Vec<Entry>,
    refused: BTreeMap<&'static str, u64>,
}

impl Ledger {
    /// Plans a command and notes that it is sent.
    pub(crate) fn send(&mut self, rng: &mut Rng) -> (usize, Planned) {
        let planned = self.plan.next(rng);
        self.entries.push(Entry { planned: planned.clone(), fate: Fate::Unanswered, sent: Instant::now() });
        (self.entries.len() - 1, planned)
    }

    /// Notes an answer.
    pub(crate) fn hear(&mut self, index: usize, fate: Fate) {
        let Some(entry) = self.entries.get_mut(index) else { return };
        if matches!(fate, Fate::Refused(_)) {
            *self.refused.entry(entry.planned.name).or_default() += 1;
        }
        entry.fate = fate;
    }

    pub(crate) fn acknowledged(&self) -> usize {
        self.entries.iter().filter(|entry| matches!(entry.fate, Fate::Acknowledged(_))).count()
    }

    /// How many commands of a name were refused. Cancels and retries may come too late, dispatches never do.
    pub(crate) fn refused(&self, name: &str) -> u64 {
        self.refused.get(name).copied().unwrap_or_default()
    }
}

/// The index of the command that a message answers, and the answer.
pub(crate) fn answer(text: &str) -> Option<(usize, Fate)> {
    // Patches are many and large; they need not be read to know that they are no answers.
    if !text.starts_with(r#"{"type":"ack""#) && !text.starts_with(r#"{"type":"error""#) {
        return None;
    }
    match serde_json::from_str(text).ok()? {
        ServerFrame::Ack { id, result, version, dup, .. } => {
            let ack = Ack { version, result, dup: dup.unwrap_or(false) };
            Some((id.parse().ok()?, Fate::Acknowledged(ack)))
        }
        ServerFrame::Error { re, code, .. } => Some((re?.parse().ok()?, Fate::Refused(code))),
        _ => None,
    }
}
