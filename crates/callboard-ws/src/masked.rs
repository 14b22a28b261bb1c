//! Complete frames as a client sends them: masked with a key of four random bytes, one key per frame.
//!
//! The key is an argument because this crate has no randomness. It must be unpredictable to whoever chose the
//! payload; it protects proxies from crafted bytes, not the payload from readers.

use crate::frame::{DEFLATED_TEXT, control_payload, first_byte};
use crate::header::Opcode;
use crate::{Deflater, Encoded, close};

/// A text message.
pub fn text(payload: &str, key: [u8; 4]) -> Encoded {
    Encoded::build(first_byte(Opcode::Text), payload.as_bytes(), Some(key))
}

/// A compressed text message, for a connection that negotiated `permessage-deflate`.
pub fn text_deflated(payload: &str, deflater: &mut Deflater, key: [u8; 4]) -> Encoded {
    Encoded::build(DEFLATED_TEXT, deflater.compress(payload.as_bytes()), Some(key))
}

/// A binary message.
pub fn binary(payload: &[u8], key: [u8; 4]) -> Encoded {
    Encoded::build(first_byte(Opcode::Binary), payload, Some(key))
}

/// A ping; `payload` (at most 125 bytes, the rest is cut) comes back in the pong.
pub fn ping(payload: &[u8], key: [u8; 4]) -> Encoded {
    Encoded::build(first_byte(Opcode::Ping), control_payload(payload), Some(key))
}

/// The answer to a ping with the ping's bytes.
pub fn pong(payload: &[u8], key: [u8; 4]) -> Encoded {
    Encoded::build(first_byte(Opcode::Pong), control_payload(payload), Some(key))
}

/// The last frame of a connection. The reason is cut to 123 bytes between two characters.
pub fn close(code: u16, reason: &str, key: [u8; 4]) -> Encoded {
    Encoded::build(first_byte(Opcode::Close), &close::payload(code, reason), Some(key))
}
