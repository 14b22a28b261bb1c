//! Errors as the wire knows them: a stable code, a sentence, and whether trying again can help.

use crate::Node;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Stable codes; the same over WebSocket, HTTP and in the CLI's `--json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The frame is no message of this protocol.
    BadMessage,
    /// There is no such command.
    UnknownCommand,
    /// There is no executor for this kind.
    UnknownKind,
    /// The arguments do not fit; the message names the field.
    InvalidArgs,
    /// No valid token.
    Unauthorized,
    /// The token's role does not allow this, or the origin is foreign.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// It cannot be done in the present state of the thing.
    Conflict,
    /// `ifVersion` did not hold.
    VersionConflict,
    /// Over a cap; the message names it.
    TooLarge,
    /// Too many requests.
    RateLimited,
    /// A queue is full; try again later.
    Overloaded,
    /// It took too long.
    Timeout,
    /// It was cancelled.
    Cancelled,
    /// This server does not do that.
    Unsupported,
    /// The journal could not store the change; nothing was changed.
    StorageFailed,
    /// A fault of ours.
    Internal,
}

impl ErrorCode {
    /// Whether the same request may succeed later without being changed.
    pub fn is_retryable(self) -> bool {
        matches!(
            self,
            ErrorCode::RateLimited | ErrorCode::Overloaded | ErrorCode::Timeout | ErrorCode::StorageFailed
        )
    }

    /// The status that answers an HTTP request.
    pub fn http_status(self) -> u16 {
        match self {
            ErrorCode::BadMessage | ErrorCode::InvalidArgs => 400,
            ErrorCode::Unauthorized => 401,
            ErrorCode::Forbidden => 403,
            ErrorCode::UnknownCommand | ErrorCode::UnknownKind | ErrorCode::NotFound => 404,
            ErrorCode::Conflict | ErrorCode::VersionConflict | ErrorCode::Cancelled => 409,
            ErrorCode::TooLarge => 413,
            ErrorCode::RateLimited => 429,
            ErrorCode::Unsupported => 501,
            ErrorCode::Overloaded => 503,
            ErrorCode::Timeout => 504,
            ErrorCode::StorageFailed => 507,
            ErrorCode::Internal => 500,
        }
    }
}

/// Why a command was not carried out. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, thiserror::Error)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[error("{message}")]
pub struct Rejection {
    /// The stable code.
    pub code: ErrorCode,
    /// What was wrong, where, and what to do.
    pub message: String,
    /// Facts for programs, such as the field or the limit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub details: Option<Node>,
}

impl Rejection {
    /// A rejection without details.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Rejection { code, message: message.into(), details: None }
    }
}
