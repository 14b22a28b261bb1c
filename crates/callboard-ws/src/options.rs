//! What a reader or writer must be told about its connection.

use crate::DeflateParams;

/// Which end of the connection this process is.
///
/// A client masks what it sends and a server must not; each refuses the wrong kind from the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Accepted the connection: reads masked frames, writes unmasked ones.
    Server,
    /// Opened the connection: reads unmasked frames, writes masked ones.
    Client,
}

/// The most a peer may make this process hold, in bytes. Going over one closes the connection with 1009.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Payload of one data frame as its header claims it, refused before any of it is read.
    pub max_frame_bytes: usize,
    /// Payload of one message over all its frames, as sent (compressed if it is compressed).
    pub max_message_bytes: usize,
    /// One compressed message after inflating; what stops a zip bomb.
    pub max_inflated_bytes: usize,
}

/// How to read one connection, fixed once the handshake is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// Which end this process is.
    pub role: Role,
    /// The bounds on what the peer may send.
    pub limits: Limits,
    /// What the handshake agreed on; `None` refuses compressed messages.
    pub deflate: Option<DeflateParams>,
    /// Whether binary messages are understood; otherwise one closes the connection with 1003.
    pub accept_binary: bool,
}
