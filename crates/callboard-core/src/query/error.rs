//! What is wrong with a query.

use callboard_protocol::{
    Key, Node, Object,
    error::{ErrorCode, Rejection},
};

/// A text is no query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// Where the wrong part begins, in characters from 1.
    pub column: usize,
    /// How many characters it has; 0 where something is missing.
    pub length: usize,
    /// What is wrong there and what is possible.
    pub message: String,
}

impl QueryError {
    /// About the bytes of `text` from `at` on.
    pub(super) fn at(text: &str, (at, bytes): (usize, usize), message: impl Into<String>) -> Self {
        let column = text[..at].chars().count() + 1;
        let length = text[at..at + bytes].chars().count();
        QueryError { column, length, message: message.into() }
    }
}

impl std::fmt::Display for QueryError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "column {}: {}", self.column, self.message)
    }
}

impl std::error::Error for QueryError {}

impl From<QueryError> for Rejection {
    fn from(error: QueryError) -> Self {
        let number = |number: usize| Node::from(number as u64);
        let facts = [("column", number(error.column)), ("length", number(error.length))];
        let facts = facts.into_iter().map(|(name, value)| (Key::constant(name), value)).collect::<Object>();
        let message = format!("the query cannot be read: {error}");
        Rejection { details: Some(facts.into()), ..Rejection::new(ErrorCode::InvalidArgs, message) }
    }
}
