//! What of a query an index can answer.

use super::{
    LengthField, MomentField, Pattern, States, Term, Test, TextField,
    moment::Moments,
    range::{End, Range},
};
use callboard_protocol::{Node, Time, job::JobState};

/// Bounds that an index can keep. Every record that fits the query is within them; others may be, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Narrow {
    /// In one of these states; in none when it is empty, so that nothing fits.
    pub states: Vec<JobState>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Of this queue.
    pub queue: Option<String>,
    /// Accepted at this time or later.
    pub created_from: Option<Time>,
    /// Accepted at this time or earlier.
    pub created_until: Option<Time>,
}

impl Narrow {
    /// Whether all states are possible.
    pub fn has_all_states(&self) -> bool {
        self.states.len() == JobState::ALL.len()
    }

    /// Whether a record is within the bounds that names make; the times are not looked at.
    pub fn may_fit(&self, record: &Node) -> bool {
        let text = |name: &str| record.child(name).and_then(Node::as_str);
        let state = || text("state").and_then(JobState::parse);
        (self.has_all_states() || state().is_some_and(|state| self.states.contains(&state)))
            && self.kind.as_deref().is_none_or(|kind| text("kind") == Some(kind))
            && self.queue.as_deref().is_none_or(|queue| text("queue") == Some(queue))
    }
}

pub(super) fn narrow(terms: &[Term], now: Time) -> Narrow {
    let mut states = States::ALL;
    let mut narrow =
        Narrow { states: Vec::new(), kind: None, queue: None, created_from: None, created_until: None };
    for term in terms {
        match &term.test {
            Test::States(named) if term.negated => states = States(states.0 & !named.0),
            Test::States(named) => states = States(states.0 & named.0),
            _ if term.negated => {}
            Test::Text(field @ (TextField::Kind | TextField::Queue), patterns) => {
                if let [Pattern::Is(name)] = &patterns[..] {
                    let slot = if *field == TextField::Kind { &mut narrow.kind } else { &mut narrow.queue };
                    slot.get_or_insert_with(|| name.to_string());
                }
            }
            Test::Moment(field, moments) => narrow.bound_by_moment(*field, moments, now),
            Test::Length(LengthField::Age, ages) => narrow.bound_by_age(ages, now),
            _ => {}
        }
    }
    narrow.states = JobState::ALL.into_iter().filter(|state| states.has(*state)).collect();
    narrow
}

impl Narrow {
    fn bound_by_moment(&mut self, field: MomentField, moments: &[Moments], now: Time) {
        let [Moments { from, until }] = moments else { return };
        match field {
            MomentField::Created => {
                self.bound(from.map(|from| from.ms(now)), until.map(|until| until.ms(now).saturating_sub(1)));
            }
            // Whatever happened to a job, it was accepted before.
            MomentField::Started | MomentField::Finished => {
                self.bound(None, until.map(|until| until.ms(now).saturating_sub(1)));
            }
            MomentField::Due => {}
        }
    }

    fn bound_by_age(&mut self, ages: &[Range<f64>], now: Time) {
        let [Range { low, high }] = ages else { return };
        // Rounded away from what fits; a job from after now has the age 0.
        let at = |end: End<f64>| now.0.saturating_sub(end.value as i64);
        let until = low.filter(|low| low.value > 0.0);
        self.bound(high.map(|high| at(high).saturating_sub(1)), until.map(at));
    }

    /// Milliseconds, both within.
    fn bound(&mut self, from: Option<i64>, until: Option<i64>) {
        let from = from.map(Time);
        let until = until.map(Time);
        self.created_from = [self.created_from, from].into_iter().flatten().max();
        self.created_until = [self.created_until, until].into_iter().flatten().min();
    }
}
