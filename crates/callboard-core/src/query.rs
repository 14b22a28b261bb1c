//! The query language: which jobs somebody means (`docs/reference/query.md`).
//!
//! Parsed once, here, for the API, the command line and Studio. A query is a list of terms that must all fit; a term
//! tests one thing about a job's record. [`Query::parse`] reads the text, [`Query::fits`] looks at one record, and
//! [`Query::narrow`] says what of it an index can answer, so that a search need not look at every record.

mod error;
mod fields;
mod fits;
mod lexer;
mod moment;
mod narrow;
mod parser;
mod pattern;
mod range;

pub use error::QueryError;
pub use narrow::Narrow;

use callboard_protocol::{Node, Time, job::JobState};
use fields::{LengthField, MomentField, NumberField, TextField};
use moment::Moments;
use pattern::{Pattern, ValueTest};
use range::Range;

/// Which jobs are meant; [`Query::default`] means all.
///
/// ```
/// use callboard_core::Query;
/// use callboard_protocol::{Node, Time};
///
/// let query = Query::parse("state:failed kind:render.* -tag:draft error:/time.?out/i").expect("a query");
/// let job = serde_json::json!({
///     "id": "a", "kind": "render.page", "state": "failed",
///     "error": { "code": "timeout", "message": "stopped after 30 s" },
/// });
/// assert!(query.fits(&Node::from(&job), Time(0)));
///
/// let error = Query::parse("kind:a stat:failed").expect_err("a field that is none");
/// assert_eq!((error.column, error.length), (8, 4));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Query {
    terms: Vec<Term>,
}

/// One test of a record, or its opposite.
#[derive(Clone, Debug)]
struct Term {
    negated: bool,
    test: Test,
}

/// It fits when one of the alternatives does.
#[derive(Clone, Debug)]
enum Test {
    States(States),
    Text(TextField, Vec<Pattern>),
    Number(NumberField, Vec<Range<f64>>),
    /// Milliseconds.
    Length(LengthField, Vec<Range<f64>>),
    Moment(MomentField, Vec<Moments>),
    /// A value within the job's input or result, by the names on the way to it.
    Value(Vec<Box<str>>, Vec<ValueTest>),
    /// Free text: anything that people read of a job.
    Anywhere(Pattern),
}

/// A set of states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct States(u8);

impl States {
    const NONE: States = States(0);
    const ALL: States = States(0xff);

    fn of(state: JobState) -> Self {
        States(1 << state as u8)
    }

    fn with(self, other: States) -> Self {
        States(self.0 | other.0)
    }

    fn has(self, state: JobState) -> bool {
        self.0 & States::of(state).0 != 0
    }
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// What cannot be read, where it is, and what is possible there.
    pub fn parse(text: &str) -> Result<Query, QueryError> {
        parser::parse(text)
    }

    /// Jobs that are also in one of these states; all states when there are none.
    #[must_use]
    pub fn in_states(mut self, states: &[JobState]) -> Self {
        if !states.is_empty() {
            let states = states.iter().fold(States::NONE, |all, state| all.with(States::of(*state)));
            self.terms.push(Term { negated: false, test: Test::States(states) });
        }
        self
    }

    /// Jobs that are also of this kind.
    #[must_use]
    pub fn of_kind(mut self, kind: &str) -> Self {
        let test = Test::Text(TextField::Kind, vec![Pattern::Is(kind.into())]);
        self.terms.push(Term { negated: false, test });
        self
    }

    /// Whether names and states say all of it, so that an index finds what fits and little else.
    pub fn is_narrow(&self) -> bool {
        self.terms.iter().all(|term| match &term.test {
            Test::States(_) => true,
            Test::Text(TextField::Kind, patterns) => {
                !term.negated && matches!(&patterns[..], [Pattern::Is(_)])
            }
            _ => false,
        })
    }

    /// Whether a job's record is meant, at a time: ages are counted from `now`.
    pub fn fits(&self, record: &Node, now: Time) -> bool {
        self.terms.iter().all(|term| term.test.fits(record, now) != term.negated)
    }

    /// What an index can answer of it: every record that fits is within.
    pub fn narrow(&self, now: Time) -> Narrow {
        narrow::narrow(&self.terms, now)
    }
}
