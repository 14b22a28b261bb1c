//! What happened, the newest last; somebody who reads further back stays there when more comes.

use crate::{api::PastChange, commands::history::what};
use callboard_protocol::Time;

/// Changes that are shown.
pub(crate) const KEPT: usize = 500;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Past {
    pub(crate) changes: Vec<Happened>,
    /// The version that they lead to.
    pub(crate) version: u64,
    /// Changes below the last one that is shown.
    pub(crate) back: usize,
    /// Whether they were asked for, and have not come.
    pub(crate) is_asked: bool,
}

/// One change in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Happened {
    pub(crate) version: u64,
    pub(crate) at: Time,
    pub(crate) what: String,
    pub(crate) actor: String,
}

impl From<&PastChange> for Happened {
    fn from(change: &PastChange) -> Happened {
        let (what, actor) = (what(change, true), change.actor.clone());
        Happened { version: change.version, at: change.at, what, actor }
    }
}

impl Past {
    /// The newest changes, which came from the server.
    pub(crate) fn take(&mut self, changes: Vec<Happened>, version: u64) {
        let last = self.changes.last().map_or(0, |change| change.version);
        if self.back > 0 {
            self.back += changes.iter().filter(|change| change.version > last).count();
        }
        (self.changes, self.version, self.is_asked) = (changes, version, false);
        self.scroll(0);
    }

    /// Moves by lines; down is to the newest.
    pub(crate) fn scroll(&mut self, by: isize) {
        let most = self.changes.len().saturating_sub(1);
        self.back = self.back.saturating_add_signed(by.saturating_neg()).min(most);
    }

    /// As many as there is room for.
    pub(crate) fn shown(&self, rows: usize) -> &[Happened] {
        let end = self.changes.len() - self.back.min(self.changes.len());
        &self.changes[end.saturating_sub(rows)..end]
    }
}
