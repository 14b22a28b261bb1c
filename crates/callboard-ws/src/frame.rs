//! Complete frames as a server sends them: built once, written any number of times.
//!
//! Each function makes one unfragmented, unmasked frame. A client sends the ones of [`crate::masked`].

use bytes::Bytes;

use crate::header::{self, FIN, MAX_CONTROL_BYTES, Opcode, RSV1};
use crate::{Deflater, close};

/// A complete frame, header and payload, in refcounted bytes. A clone costs one atomic addition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded(Bytes);

impl Encoded {
    /// Copies `payload` behind a header into exactly as many bytes as the frame needs.
    pub(crate) fn build(first: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Self {
        let mut frame = Vec::with_capacity(payload.len() + header_bytes(payload.len(), mask.is_some()));
        header::put(&mut frame, first, payload.len(), mask);
        let start = frame.len();
        frame.extend_from_slice(payload);
        if let Some(key) = mask {
            crate::mask::apply(&mut frame[start..], key, 0);
        }
        Self(Bytes::from(frame))
    }

    /// The whole frame.
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// The payload as it is on the wire: compressed if the frame is, masked if it is.
    pub fn payload(&self) -> &[u8] {
        &self.0[header::length_of(&self.0)..]
    }

    /// What it costs on the wire and in memory.
    pub fn size_bytes(&self) -> usize {
        self.0.len()
    }

    /// Whether it is a compressed message, to be sent only where `permessage-deflate` was negotiated.
    pub fn is_compressed(&self) -> bool {
        self.0[0] & RSV1 != 0
    }

    /// Whether it is a client's frame.
    pub fn is_masked(&self) -> bool {
        header::is_masked(&self.0)
    }
}

impl From<Encoded> for Bytes {
    fn from(frame: Encoded) -> Self {
        frame.0
    }
}

fn header_bytes(payload_bytes: usize, masked: bool) -> usize {
    let length = match payload_bytes {
        0..=125 => 2,
        126..=0xFFFF => 4,
        _ => 10,
    };
    if masked { length + 4 } else { length }
}

pub(crate) const fn first_byte(opcode: Opcode) -> u8 {
    FIN | opcode as u8
}

pub(crate) const DEFLATED_TEXT: u8 = first_byte(Opcode::Text) | RSV1;

/// A control frame's payload, cut to what a control frame may carry.
pub(crate) fn control_payload(payload: &[u8]) -> &[u8] {
    debug_assert!(payload.len() <= MAX_CONTROL_BYTES, "a control frame carries at most 125 bytes");
    &payload[..payload.len().min(MAX_CONTROL_BYTES)]
}

/// A text message.
pub fn text(payload: &str) -> Encoded {
    Encoded::build(first_byte(Opcode::Text), payload.as_bytes(), None)
}

/// A compressed text message that refers to no other, so that every connection which negotiated
/// `permessage-deflate` can read it.
pub fn text_deflated(payload: &str, deflater: &mut Deflater) -> Encoded {
    Encoded::build(DEFLATED_TEXT, deflater.compress(payload.as_bytes()), None)
}

/// A binary message.
pub fn binary(payload: &[u8]) -> Encoded {
    Encoded::build(first_byte(Opcode::Binary), payload, None)
}

/// A ping; `payload` (at most 125 bytes, the rest is cut) comes back in the pong.
pub fn ping(payload: &[u8]) -> Encoded {
    Encoded::build(first_byte(Opcode::Ping), control_payload(payload), None)
}

/// The answer to a ping with the ping's bytes.
pub fn pong(payload: &[u8]) -> Encoded {
    Encoded::build(first_byte(Opcode::Pong), control_payload(payload), None)
}

/// The last frame of a connection. The reason is cut to 123 bytes between two characters.
pub fn close(code: u16, reason: &str) -> Encoded {
    Encoded::build(first_byte(Opcode::Close), &close::payload(code, reason), None)
}
