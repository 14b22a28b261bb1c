//! A small model of what may become of a job, written against the design and not against the core: it follows the
//! journal change by change and says what must not be.

use crate::{
    cast::Cast,
    invariant::Invariant,
    life::{self, Step},
    record::{self, Record},
};
use callboard_protocol::{
    Change, Node, Op,
    job::{Attempt, AttemptOutcome, JobState},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The circumstances in which a change was stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// Real time, ms.
    pub(crate) at_ms: u64,
    pub(crate) boot: u64,
    pub(crate) is_draining: bool,
}

/// What the model remembers of a job.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// Attempts since it last began anew that count as tries.
    pub(crate) tries: u32,
    /// The outcome of each attempt.
    pub(crate) outcomes: BTreeMap<u64, AttemptOutcome>,
    /// Attempts that have a row. The one that succeeded is a part of the job's record until the job is run again.
    rows: BTreeSet<u64>,
    /// When the present attempt's start was stored, ms of real time, and the changes of its progress since.
    pub(crate) started_ms: u64,
    pub(crate) progress: u64,
}

/// See the module.
pub(crate) struct Oracle {
    pub(crate) cast: Arc<Cast>,
    pub(crate) past: BTreeMap<String, Past>,
    /// Ends so far, by state.
    totals: BTreeMap<&'static str, u64>,
    /// Attempts of the board at once.
    pub(crate) slots: usize,
    /// Results that stay in the live state.
    results: usize,
}

pub(crate) type Found = Vec<(Invariant, String)>;

impl Oracle {
    pub(crate) fn new(cast: Arc<Cast>, slots: usize, results: usize) -> Self {
        Oracle { cast, past: BTreeMap::new(), totals: BTreeMap::new(), slots, results }
    }

    /// How often jobs have come to this end.
    pub(crate) fn total(&self, state: JobState) -> u64 {
        self.totals.get(state.as_str()).copied().unwrap_or(0)
    }

    /// Rows of attempts that are stored with a commit.
    pub(crate) fn record(&mut self, attempts: &[Attempt], found: &mut Found) {
        for row in attempts {
            let past = self.past.entry(row.job_id.as_str().to_owned()).or_default();
            let number = u64::from(row.attempt);
            let first = past.outcomes.insert(number, row.outcome);
            if !past.rows.insert(number) || first.is_some_and(|first| first != row.outcome) {
                let what = format!(
                    "attempt {} of {} ended {first:?}, then {:?}",
                    row.attempt, row.job_id, row.outcome
                );
                found.push((Invariant::OneEnd, what));
            }
        }
    }

    /// One change, and the states before and after it.
    pub(crate) fn follow(
        &mut self,
        (before, after): (&Node, &Node),
        change: &Change,
        seen: Seen,
        found: &mut Found,
    ) {
        for id in touched(change) {
            let step = Step { id, before: (before, record::job(before, id)), change, seen };
            self.take(&step, record::job(after, id), found);
        }
        let results = after.child("results").and_then(Node::as_object).map_or(0, |results| results.len());
        if results > self.results {
            found.push((Invariant::Bounded, format!("{results} results are live")));
        }
    }

    fn take(&mut self, step: &Step<'_>, after: Option<Record<'_>>, found: &mut Found) {
        let was = step.before.1.as_ref();
        let from = was.map(|record| record.state);
        let Some(after) = after else {
            if let Some(was) = was.filter(|was| !was.state.is_terminal()) {
                match life::leave(self, step, was) {
                    Ok(state) => self.remember(step, state),
                    Err(what) => {
                        let what = format!("job {} was {} and is gone: {what}", step.id, was.state.as_str());
                        found.push((Invariant::OneEnd, what));
                    }
                }
            }
            return;
        };
        if from == Some(after.state) {
            self.stay(step, &after, found);
            return;
        }
        if let Err(what) = life::check(self, step, &after) {
            let from = from.map_or("nothing", JobState::as_str);
            let what = format!("job {} from {from} to {}: {what}", step.id, after.state.as_str());
            found.push((Invariant::OneEnd, what));
        }
        self.remember(step, after.state);
        let past = self.past.get(step.id).filter(|_| step.has("job.redriven"));
        if let Some(lost) =
            past.and_then(|past| past.outcomes.keys().find(|number| !past.rows.contains(number)))
        {
            let what = format!("job {} is run again, and its attempt {lost} has no row", step.id);
            found.push((Invariant::OneEnd, what));
        }
    }

    /// The state stayed.
    fn stay(&mut self, step: &Step<'_>, after: &Record<'_>, found: &mut Found) {
        let Some(was) = &step.before.1 else { return };
        if was.attempt != after.attempt {
            let what = format!("job {} went from attempt {} to {}", step.id, was.attempt, after.attempt);
            found.push((Invariant::OneEnd, what));
        }
        let is_progress = step
            .change
            .ops
            .iter()
            .any(|op| matches!(op.path().segments(), [_, _, field, ..] if field.as_str() == "progress"));
        if after.state == JobState::Running && is_progress {
            let past = self.past.entry(step.id.to_owned()).or_default();
            past.progress += 1;
            let may = step.seen.at_ms.saturating_sub(past.started_ms) / 100 + 1;
            if past.progress > may {
                let what = format!("progress of {}: {} changes, {may} are due", step.id, past.progress);
                found.push((Invariant::Coalesced, what));
            }
        }
    }

    fn remember(&mut self, step: &Step<'_>, after: JobState) {
        let is_anew =
            step.has("job.redriven") && step.before.1.as_ref().is_none_or(|was| was.state.is_terminal());
        let past = self.past.entry(step.id.to_owned()).or_default();
        if is_anew {
            past.tries = 0;
        }
        match after {
            JobState::Running => (past.started_ms, past.progress) = (step.seen.at_ms, 0),
            state if state.is_terminal() => *self.totals.entry(state.as_str()).or_default() += 1,
            _ => {}
        }
        let was = step.before.1.as_ref().filter(|was| was.state == JobState::Running);
        if let Some(was) = was.filter(|_| after == JobState::Succeeded) {
            past.outcomes.entry(was.attempt).or_insert(AttemptOutcome::Succeeded);
        }
        if let Some(was) = was
            && past.outcomes.get(&was.attempt).is_some_and(|outcome| life::counts(*outcome))
        {
            past.tries += 1;
        }
    }
}

/// The jobs whose records a change touches.
fn touched(change: &Change) -> BTreeSet<&str> {
    let of_job = |op| match Op::path(op).segments() {
        [domain, id, ..] if domain.as_str() == "jobs" => Some(id.as_str()),
        _ => None,
    };
    change.ops.iter().filter_map(of_job).collect()
}
