//! Everything that can go wrong, and the close code that tells the peer.

use std::io;

use http::StatusCode;

use crate::close_code;

/// A broken rule of the framing layer. Each closes the connection with 1002.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// RSV2 or RSV3, or RSV1 where no compression was negotiated or none may begin.
    #[error("a reserved bit is set")]
    ReservedBits,
    /// An opcode nobody has defined.
    #[error("opcode {0} is reserved")]
    ReservedOpcode(u8),
    /// A client sent an unmasked frame.
    #[error("a client's frame is not masked")]
    NotMasked,
    /// A server sent a masked frame.
    #[error("a server's frame is masked")]
    Masked,
    /// A longer form of the length than the length needs.
    #[error("the payload length is not in its shortest form")]
    LengthNotMinimal,
    /// A 64-bit length with its first bit set.
    #[error("the payload length has its first bit set")]
    LengthOverflow,
    /// A ping, pong or close without FIN.
    #[error("a control frame is fragmented")]
    ControlFragmented,
    /// A ping, pong or close of more than 125 bytes.
    #[error("a control frame is longer than 125 bytes")]
    ControlTooLong,
    /// A continuation without a message to continue.
    #[error("a continuation has nothing to continue")]
    UnexpectedContinuation,
    /// A new message inside an unfinished one.
    #[error("a message begins inside another")]
    InterleavedMessage,
    /// A close frame whose payload is one byte.
    #[error("a close frame carries half a code")]
    ClosePayload,
    /// A close code that must not be sent.
    #[error("close code {0} must not be sent")]
    CloseCode(u16),
}

/// Which of [`crate::Limits`] was exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// [`crate::Limits::max_frame_bytes`].
    Frame,
    /// [`crate::Limits::max_message_bytes`].
    Message,
    /// [`crate::Limits::max_inflated_bytes`].
    Inflated,
}

/// Bytes that are not a message this connection may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// A broken framing rule (1002).
    #[error("the peer broke the protocol: {0}")]
    Protocol(#[from] Violation),
    /// A binary message where only text is accepted (1003).
    #[error("binary messages are not accepted")]
    UnexpectedBinary,
    /// A text message or a close reason that is not UTF-8 (1007).
    #[error("text is not valid UTF-8")]
    InvalidUtf8,
    /// Compressed data that does not inflate (1007 by the RFCs; an application may prefer a code of its own
    /// that makes the client come back without compression).
    #[error("compressed data does not inflate")]
    BadDeflate,
    /// More than a limit allows (1009).
    #[error("{limit:?} is larger than {max} bytes", limit = .0, max = .1)]
    TooBig(Limit, usize),
}

impl DecodeError {
    /// The code to close the connection with.
    pub fn close_code(self) -> u16 {
        match self {
            Self::Protocol(_) => close_code::PROTOCOL,
            Self::UnexpectedBinary => close_code::UNSUPPORTED,
            Self::InvalidUtf8 | Self::BadDeflate => close_code::INVALID_PAYLOAD,
            Self::TooBig(..) => close_code::TOO_BIG,
        }
    }
}

/// Why a [`crate::Reader`] gave up. Every one is final for the connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The transport failed.
    #[error("failed to read from the connection")]
    Io(#[from] io::Error),
    /// The transport ended inside a frame or a fragmented message.
    #[error("the connection ended inside a message")]
    Truncated,
    /// The peer sent something it must not.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

impl ReadError {
    /// The code to close with, or `None` when there is nobody left to tell.
    pub fn close_code(&self) -> Option<u16> {
        match self {
            Self::Io(_) | Self::Truncated => None,
            Self::Decode(error) => Some(error.close_code()),
        }
    }
}

/// Why a handshake was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// No `Upgrade: websocket`.
    #[error("the Upgrade header does not name websocket")]
    NotWebSocket,
    /// No `Connection: upgrade`.
    #[error("the Connection header does not name upgrade")]
    NotUpgrade,
    /// A version other than 13.
    #[error("Sec-WebSocket-Version is not 13")]
    Version,
    /// A key that is missing, repeated, or not 16 bytes of base64.
    #[error("Sec-WebSocket-Key is not one key of 16 bytes")]
    Key,
    /// A list of subprotocols that is not a list of tokens.
    #[error("Sec-WebSocket-Protocol is not a list of names")]
    Protocols,
    /// The server did not answer 101.
    #[error("the server answered {0} instead of 101")]
    Status(StatusCode),
    /// The server's answer to the key is not the one that belongs to it.
    #[error("Sec-WebSocket-Accept does not answer the key")]
    Accept,
    /// The server chose a subprotocol that was not offered.
    #[error("the server chose a subprotocol that was not offered")]
    Protocol,
    /// The server chose an extension, or a parameter of one, that was not offered.
    #[error("the server chose an extension that was not offered")]
    Extension,
}

impl HandshakeError {
    /// The status a server should refuse with: 426 for a wrong version (add `Sec-WebSocket-Version: 13`),
    /// otherwise 400.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Version => StatusCode::UPGRADE_REQUIRED,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}
