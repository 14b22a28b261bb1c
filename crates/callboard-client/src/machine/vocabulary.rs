//! The machine's words: what goes in, what comes out, and what close codes mean.

use super::{Submit, Ticket};
use crate::{ClientError, Code, LogEvent};
use callboard_protocol::{
    Epoch, Time,
    command::Accepted,
    config::WsConfig,
    error::ErrorCode,
    frame::{ClientFrame, LogRequest, ServerFrame, close},
};
use std::time::Duration;

/// A moment: since the client began, which never jumps, and by the calendar, for people.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) mono: Duration,
    pub(crate) wall: Time,
}

/// Something that happened.
#[derive(Debug)]
pub(crate) enum Input {
    /// The client begins.
    Start,
    /// The socket is open.
    Opened { deflate: bool },
    /// The socket could not be opened; an error that is not retryable is final.
    Refused(ClientError),
    /// A message.
    Frame(Box<ServerFrame>),
    /// The connection is over, with the server's close code if there was one.
    Dropped { code: Option<u16>, reason: String },
    /// A command of the user.
    Submit(Submit),
    /// The user does not want to wait for the retry.
    RetryNow,
    /// The user closes the client.
    Close,
    /// A deadline may have passed.
    Tick,
}

/// Something to do.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    /// Open a socket; ends in `Opened` or `Refused`.
    Open { deflate: bool },
    /// Send a message.
    Send(ClientFrame),
    /// Close or abandon the socket; nothing more is heard of it.
    Hangup { code: u16, reason: &'static str },
    /// Show the mirror.
    Publish,
    /// Tell listeners of the log.
    Log(LogEvent),
    /// Keep so many lines of the log.
    LogCapacity(u32),
    /// Answer a command.
    Settle { ticket: Ticket, result: Result<Done, ClientError> },
    /// The client is over.
    Stop,
}

/// A command that was carried out, and in which history.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Done {
    pub(crate) accepted: Accepted,
    pub(crate) epoch: Epoch,
}

/// What does not change during a client's life.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) instance: String,
    pub(crate) logs: Option<LogRequest>,
    pub(crate) mirror: bool,
    pub(crate) deflate: bool,
    pub(crate) ws: WsConfig,
}

/// Gives numbers in [0, 1).
pub(crate) type Random = Box<dyn FnMut() -> f64 + Send>;

/// The server's state is another one than it said; start from a snapshot.
pub(super) const STATE_INVALIDATED: u16 = 4003;
/// The other side could not inflate.
pub(crate) const BAD_COMPRESSION: u16 = 4008;

/// What a close code means. Codes from 4500 on are final (protocol 8).
pub(super) fn close_error(code: Option<u16>, reason: &str) -> ClientError {
    let Some(code) = code else {
        let why = if reason.is_empty() { "the connection was cut" } else { reason };
        return ClientError::offline(why);
    };
    let said = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    let message = format!("the server closed the connection with code {code}{said}");
    let word = match code {
        close::UNAUTHORIZED => Code::Server(ErrorCode::Unauthorized),
        close::FORBIDDEN => Code::Server(ErrorCode::Forbidden),
        close::PROTOCOL_UNSUPPORTED => Code::Server(ErrorCode::Unsupported),
        close::BAD_MESSAGE => Code::Server(ErrorCode::BadMessage),
        4504..=4999 => Code::Closed,
        _ => Code::Offline,
    };
    ClientError::new(word, message).retryable(!(4500..=4999).contains(&code))
}
