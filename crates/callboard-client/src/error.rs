//! Why something was not done, as a caller of the client sees it.

use callboard_protocol::{
    Node,
    error::{ErrorCode, Rejection},
};
use std::fmt;

/// What went wrong, as a stable word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The server said so.
    Server(ErrorCode),
    /// There is no connection, or it could not be made.
    Offline,
    /// The client was closed.
    Closed,
    /// What answered does not speak the protocol.
    Protocol,
    /// The address cannot be used.
    BadUrl,
}

impl Code {
    /// The stable word, the same as on the wire for the server's codes.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::Server(code) => server_code(code),
            Code::Offline => "offline",
            Code::Closed => "closed",
            Code::Protocol => "protocol",
            Code::BadUrl => "bad_url",
        }
    }
}

fn server_code(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::BadMessage => "bad_message",
        ErrorCode::UnknownCommand => "unknown_command",
        ErrorCode::UnknownKind => "unknown_kind",
        ErrorCode::InvalidArgs => "invalid_args",
        ErrorCode::Unauthorized => "unauthorized",
        ErrorCode::Forbidden => "forbidden",
        ErrorCode::NotFound => "not_found",
        ErrorCode::Conflict => "conflict",
        ErrorCode::VersionConflict => "version_conflict",
        ErrorCode::TooLarge => "too_large",
        ErrorCode::RateLimited => "rate_limited",
        ErrorCode::Overloaded => "overloaded",
        ErrorCode::Timeout => "timeout",
        ErrorCode::Cancelled => "cancelled",
        ErrorCode::Unsupported => "unsupported",
        ErrorCode::StorageFailed => "storage_failed",
        ErrorCode::Internal => "internal",
    }
}

/// A request was not carried out, or its outcome is not known.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientError {
    code: Code,
    message: String,
    retryable: bool,
    side_effects: bool,
    details: Option<Node>,
}

impl ClientError {
    /// An error that is not retryable and changed nothing.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        ClientError { code, message: message.into(), retryable: false, side_effects: false, details: None }
    }

    /// There is no connection; nothing was sent.
    pub(crate) fn offline(message: impl Into<String>) -> Self {
        ClientError::new(Code::Offline, message).retryable(true)
    }

    /// What answered does not speak the protocol.
    pub(crate) fn protocol(message: impl Into<String>) -> Self {
        ClientError::new(Code::Protocol, message)
    }

    pub(crate) fn retryable(self, retryable: bool) -> Self {
        ClientError { retryable, ..self }
    }

    /// Says that the request may have been carried out all the same.
    pub(crate) fn in_doubt(self, side_effects: bool) -> Self {
        ClientError { side_effects, ..self }
    }

    pub(crate) fn details(self, details: Option<Node>) -> Self {
        ClientError { details, ..self }
    }

    /// What went wrong.
    pub fn code(&self) -> Code {
        self.code
    }

    /// A sentence without a full stop.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Facts for programs, such as the field or the limit.
    pub fn facts(&self) -> Option<&Node> {
        self.details.as_ref()
    }

    /// Whether the same request may succeed later without being changed.
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }

    /// Whether the request may have been carried out all the same; repeat it only with the same key.
    pub fn has_side_effects(&self) -> bool {
        self.side_effects
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for ClientError {}

impl From<Rejection> for ClientError {
    fn from(rejection: Rejection) -> Self {
        ClientError::new(Code::Server(rejection.code), rejection.message)
            .retryable(rejection.code.is_retryable())
            .details(rejection.details)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_wire() {
        for code in
            [ErrorCode::BadMessage, ErrorCode::UnknownKind, ErrorCode::StorageFailed, ErrorCode::Internal]
        {
            let wire = serde_json::to_value(code).unwrap();
            assert_eq!(wire, Code::Server(code).as_str());
        }
    }
}
