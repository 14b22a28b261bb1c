//! Whether a record fits a term.

use super::{Test, fields::anywhere};
use callboard_protocol::{Node, Time, job::JobState};

impl Test {
    pub(super) fn fits(&self, record: &Node, now: Time) -> bool {
        match self {
            Test::States(states) => {
                let state = record.child("state").and_then(Node::as_str).and_then(JobState::parse);
                state.is_some_and(|state| states.has(state))
            }
            Test::Text(field, patterns) => {
                field.any(record, &|text| patterns.iter().any(|pattern| pattern.fits(text)))
            }
            Test::Number(field, ranges) => {
                field.read(record).is_some_and(|number| ranges.iter().any(|range| range.has(&number)))
            }
            Test::Length(field, ranges) => {
                field.read(record, now).is_some_and(|ms| ranges.iter().any(|range| range.has(&ms)))
            }
            Test::Moment(field, moments) => {
                field.read(record).is_some_and(|at| moments.iter().any(|moments| moments.has(at, now)))
            }
            Test::Value(path, tests) => {
                let value = path.iter().try_fold(record, |node, segment| node.child(segment));
                value.is_some_and(|value| tests.iter().any(|test| test.fits(value)))
            }
            Test::Anywhere(pattern) => anywhere(record, &|text| pattern.fits(text)),
        }
    }
}
