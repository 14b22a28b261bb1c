//! What a reader hands out.

use bytes::Bytes;

use crate::CloseFrame;

/// One whole message, reassembled, unmasked, inflated and checked.
///
/// Pings are not answered by this crate: the caller should send [`crate::frame::pong`] with the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text; valid UTF-8 by the time it is here.
    Text(String),
    /// Bytes.
    Binary(Bytes),
    /// The peer asks for a pong with these bytes (at most 125).
    Ping(Bytes),
    /// An answer to a ping, or an unsolicited sign of life.
    Pong(Bytes),
    /// The peer closes, with its reason unless it gave none. Nothing follows it.
    Close(Option<CloseFrame>),
}
