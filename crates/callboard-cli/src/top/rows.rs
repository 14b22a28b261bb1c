//! Jobs as rows: which ones, and in which order.

use callboard::Query;
use callboard_protocol::{JobId, Node, Time, from_node, job::Job, job::JobState};

/// A job of the mirror.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: JobId,
    pub(crate) state: JobState,
    record: Node,
}

/// The order of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sort {
    /// The newest first.
    #[default]
    Newest,
    /// What is under way first.
    State,
    /// By kind.
    Kind,
    /// The most advanced first.
    Progress,
    /// What is done soonest first.
    Eta,
}

impl Sort {
    const ALL: [Sort; 5] = [Sort::Newest, Sort::State, Sort::Kind, Sort::Progress, Sort::Eta];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Sort::Newest => "newest",
            Sort::State => "state",
            Sort::Kind => "kind",
            Sort::Progress => "progress",
            Sort::Eta => "eta",
        }
    }

    pub(crate) fn next(self) -> Sort {
        let at = Sort::ALL.iter().position(|sort| *sort == self).unwrap_or(0);
        Sort::ALL[(at + 1) % Sort::ALL.len()]
    }
}

impl Row {
    fn read(record: &Node) -> Option<Row> {
        let id = JobId::new(record.child("id")?.as_str()?);
        let state = JobState::parse(record.child("state")?.as_str()?)?;
        Some(Row { id, state, record: record.clone() })
    }

    /// The whole record.
    pub(crate) fn job(&self) -> Option<Job> {
        from_node(&self.record).ok()
    }

    fn text(&self, member: &str) -> &str {
        self.record.child(member).and_then(Node::as_str).unwrap_or_default()
    }

    fn progress(&self, member: &str) -> Option<f64> {
        self.record.child("progress")?.child(member)?.as_f64()
    }
}

/// The rows of a state document, filtered and in order.
pub(crate) fn rows(state: &Node, query: &Query, now: Time, sort: Sort, reversed: bool) -> Vec<Row> {
    let Some(jobs) = state.child("jobs").and_then(Node::as_object) else { return Vec::new() };
    let meant = jobs.iter().filter(|(_, record)| query.fits(record, now));
    let mut rows: Vec<Row> = meant.filter_map(|(_, record)| Row::read(record)).collect();
    // The newest first, whatever else: equal rows keep a stable order.
    rows.sort_by(|a, b| (b.text("createdAt"), &*b.id).cmp(&(a.text("createdAt"), &*a.id)));
    match sort {
        Sort::Newest => {}
        Sort::State => rows.sort_by_key(|row| urgency(row.state)),
        Sort::Kind => rows.sort_by(|a, b| a.text("kind").cmp(b.text("kind"))),
        Sort::Progress => rows.sort_by(|a, b| {
            b.progress("value").unwrap_or(-1.0).total_cmp(&a.progress("value").unwrap_or(-1.0))
        }),
        Sort::Eta => rows.sort_by(|a, b| left(a).total_cmp(&left(b))),
    }
    if reversed {
        rows.reverse();
    }
    rows
}

fn urgency(state: JobState) -> u8 {
    match state {
        JobState::Running => 0,
        JobState::Retrying => 1,
        JobState::Queued => 2,
        JobState::Scheduled | JobState::Pending => 3,
        JobState::Failed => 4,
        JobState::Cancelled => 5,
        JobState::Succeeded => 6,
    }
}

/// Milliseconds that are left; endless where nobody knows.
fn left(row: &Row) -> f64 {
    match row.state {
        JobState::Running => row.progress("etaMs").unwrap_or(f64::MAX),
        _ => f64::INFINITY,
    }
}
