//! Why a command line did not do what it was asked, and the exit code that says so.

use callboard_client::{ClientError, Code};
use callboard_protocol::error::ErrorCode;
use serde_json::json;
use std::process::ExitCode;

/// Exit codes (design: ui 5.3). `run` passes the child's own instead of [`JOB_FAILED`](exit::JOB_FAILED).
pub(crate) mod exit {
    /// Done.
    pub(crate) const OK: u8 = 0;
    /// A job failed, or the server did.
    pub(crate) const JOB_FAILED: u8 = 1;
    /// The command line does not make sense.
    pub(crate) const USAGE: u8 = 2;
    /// There is no such thing.
    pub(crate) const NOT_FOUND: u8 = 3;
    /// The server refuses, or something is in the way.
    pub(crate) const CONFLICT: u8 = 4;
    /// There is no server.
    pub(crate) const NOT_CONNECTED: u8 = 5;
    /// It took too long.
    pub(crate) const TIMEOUT: u8 = 6;
    /// The token does not allow it.
    pub(crate) const FORBIDDEN: u8 = 7;
    /// It was cancelled.
    pub(crate) const CANCELLED: u8 = 130;
}

/// What a command ends with: an exit code, or why not.
pub(crate) type Outcome = Result<u8, Failure>;

/// A failure: a stable code, a sentence, perhaps what to do about it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) exit: u8,
}

impl Failure {
    pub(crate) fn new(exit: u8, code: &'static str, message: impl Into<String>) -> Self {
        Failure { code, message: message.into(), hint: None, exit }
    }

    /// The command line does not make sense.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Failure::new(exit::USAGE, "usage", message)
    }

    /// Nobody reads what we write: there is nothing left to say.
    pub(crate) fn unread() -> Self {
        Failure::new(exit::OK, "unread", "")
    }

    pub(crate) fn is_unread(&self) -> bool {
        self.code == "unread"
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Failure { hint: Some(hint.into()), ..self }
    }

    /// Says it on standard error: as JSON for programs, as lines for people.
    pub(crate) fn report(&self, as_json: bool) -> ExitCode {
        if self.is_unread() {
            return ExitCode::from(self.exit);
        }
        if as_json {
            let mut error = json!({ "code": self.code, "message": self.message });
            if let Some(hint) = &self.hint {
                error["hint"] = hint.as_str().into();
            }
            anstream::eprintln!("{}", json!({ "error": error }));
        } else {
            let style = anstyle::Style::new().bold().fg_color(Some(anstyle::AnsiColor::Red.into()));
            anstream::eprintln!("{style}error{style:#}: {}", self.message);
            if let Some(hint) = &self.hint {
                anstream::eprintln!("hint: {}", hint.replace('\n', "\n      "));
            }
        }
        ExitCode::from(self.exit)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Failure::new(exit_code(error.code()), error.code().as_str(), error.message())
    }
}

fn exit_code(code: Code) -> u8 {
    match code {
        Code::Offline | Code::Closed | Code::Protocol => exit::NOT_CONNECTED,
        Code::BadUrl => exit::USAGE,
        Code::Server(code) => match code {
            ErrorCode::Unauthorized | ErrorCode::Forbidden => exit::FORBIDDEN,
            ErrorCode::NotFound | ErrorCode::UnknownKind | ErrorCode::UnknownCommand => exit::NOT_FOUND,
            ErrorCode::Timeout => exit::TIMEOUT,
            ErrorCode::Cancelled => exit::CANCELLED,
            ErrorCode::Internal => exit::JOB_FAILED,
            _ => exit::CONFLICT,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_the_server_become_exit_codes() {
        for (code, expected) in [
            (Code::Server(ErrorCode::NotFound), 3),
            (Code::Server(ErrorCode::UnknownKind), 3),
            (Code::Server(ErrorCode::InvalidArgs), 4),
            (Code::Server(ErrorCode::Conflict), 4),
            (Code::Server(ErrorCode::Overloaded), 4),
            (Code::Offline, 5),
            (Code::Server(ErrorCode::Timeout), 6),
            (Code::Server(ErrorCode::Unauthorized), 7),
            (Code::BadUrl, 2),
        ] {
            let failure = Failure::from(ClientError::new(code, "why"));
            assert_eq!((failure.exit, failure.code), (expected, code.as_str()));
        }
    }
}
