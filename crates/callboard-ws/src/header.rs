//! The first 2 to 14 bytes of a frame.

use crate::{Role, Violation};

/// Most payload bytes of a ping, pong or close.
pub(crate) const MAX_CONTROL_BYTES: usize = 125;

pub(crate) const FIN: u8 = 0x80;
pub(crate) const RSV1: u8 = 0x40;
const RSV2_RSV3: u8 = 0x30;
const MASKED: u8 = 0x80;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Opcode {
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xA,
}

impl Opcode {
    fn parse(nibble: u8) -> Result<Self, Violation> {
        Ok(match nibble {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            other => return Err(Violation::ReservedOpcode(other)),
        })
    }

    pub(crate) fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }
}

/// A frame's header, with everything checked that needs no memory of earlier frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) fin: bool,
    /// RSV1: this frame begins a compressed message.
    pub(crate) compressed: bool,
    pub(crate) opcode: Opcode,
    pub(crate) mask: Option<[u8; 4]>,
    pub(crate) payload_bytes: u64,
}

impl Header {
    /// Reads a header and says how long it is, or `None` when more bytes are needed.
    pub(crate) fn parse(input: &[u8], reader: Role) -> Result<Option<(Self, usize)>, Violation> {
        let [first, second, ..] = *input else { return Ok(None) };
        let opcode = check_first(first)?;
        let masked = check_mask(second, reader)?;
        let short = second & !MASKED;
        if opcode.is_control() && usize::from(short) > MAX_CONTROL_BYTES {
            return Err(Violation::ControlTooLong);
        }
        let Some((payload_bytes, after_length)) = parse_length(input, short)? else { return Ok(None) };
        let (mask, end) = match (masked, input.get(after_length..after_length + 4)) {
            (false, _) => (None, after_length),
            (true, None) => return Ok(None),
            (true, Some(key)) => (Some([key[0], key[1], key[2], key[3]]), after_length + 4),
        };
        let header =
            Self { fin: first & FIN != 0, compressed: first & RSV1 != 0, opcode, mask, payload_bytes };
        Ok(Some((header, end)))
    }
}

fn check_first(first: u8) -> Result<Opcode, Violation> {
    if first & RSV2_RSV3 != 0 {
        return Err(Violation::ReservedBits);
    }
    let opcode = Opcode::parse(first & 0x0F)?;
    if opcode.is_control() && first & FIN == 0 {
        return Err(Violation::ControlFragmented);
    }
    Ok(opcode)
}

fn check_mask(second: u8, reader: Role) -> Result<bool, Violation> {
    match (second & MASKED != 0, reader) {
        (false, Role::Server) => Err(Violation::NotMasked),
        (true, Role::Client) => Err(Violation::Masked),
        (masked, _) => Ok(masked),
    }
}

/// The payload's length and where its field ends, or `None` when more bytes are needed.
fn parse_length(input: &[u8], short: u8) -> Result<Option<(u64, usize)>, Violation> {
    match short {
        126 => {
            let Some(&[high, low]) = input.get(2..4).and_then(|field| field.first_chunk()) else {
                return Ok(None);
            };
            let length = u16::from_be_bytes([high, low]);
            if length < 126 { Err(Violation::LengthNotMinimal) } else { Ok(Some((length.into(), 4))) }
        }
        127 => {
            let Some(field) = input.get(2..10).and_then(|field| field.first_chunk::<8>()) else {
                return Ok(None);
            };
            let length = u64::from_be_bytes(*field);
            match length {
                0..=0xFFFF => Err(Violation::LengthNotMinimal),
                _ if length >> 63 != 0 => Err(Violation::LengthOverflow),
                _ => Ok(Some((length, 10))),
            }
        }
        short => Ok(Some((short.into(), 2))),
    }
}

/// Appends a header with FIN and the shortest length.
pub(crate) fn put(out: &mut Vec<u8>, first: u8, payload_bytes: usize, mask: Option<[u8; 4]>) {
    let mask_bit = if mask.is_some() { MASKED } else { 0 };
    out.push(first);
    if payload_bytes <= MAX_CONTROL_BYTES {
        out.push(mask_bit | payload_bytes as u8);
    } else if let Ok(length) = u16::try_from(payload_bytes) {
        out.push(mask_bit | 126);
        out.extend_from_slice(&length.to_be_bytes());
    } else {
        out.push(mask_bit | 127);
        out.extend_from_slice(&(payload_bytes as u64).to_be_bytes());
    }
    out.extend_from_slice(mask.as_ref().map_or(&[][..], |key| key));
}

/// How many bytes of `frame`, which [`put`] began, are its header.
pub(crate) fn length_of(frame: &[u8]) -> usize {
    let length = match frame[1] & !MASKED {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    if is_masked(frame) { length + 4 } else { length }
}

pub(crate) fn is_masked(frame: &[u8]) -> bool {
    frame[1] & MASKED != 0
}
