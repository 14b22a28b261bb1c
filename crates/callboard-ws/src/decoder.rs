//! The rules of reading, without I/O: bytes in, messages out.

use bytes::Bytes;

use crate::header::{Header, Opcode};
use crate::inflate::Inflater;
use crate::{DecodeError, Limit, Message, ReadOptions, Role, Violation, close, mask};

/// How far one call of [`Decoder::decode`] came.
#[derive(Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the input that are done with. The rest, if any, must be the start of the next input.
    pub used: usize,
    /// A message, if one became whole; there may be more in the rest.
    pub message: Option<Message>,
}

/// The state machine behind [`crate::Reader`].
///
/// It keeps nothing but the payload of an unfinished message, and of that only what has arrived.
/// An error is final: the caller must not go on decoding.
pub struct Decoder {
    options: ReadOptions,
    /// The frame whose payload is arriving.
    frame: Option<OpenFrame>,
    /// The data message whose frames are arriving.
    partial: Option<Partial>,
    /// The payload so far of an arriving control frame; it may come between the frames of `partial`.
    control: Vec<u8>,
    /// Present inside a compressed message, and between them if the peer may refer back.
    inflater: Option<Box<Inflater>>,
    closed: bool,
}

#[derive(Clone, Copy)]
struct OpenFrame {
    header: Header,
    seen_bytes: u64,
}

struct Partial {
    opcode: Opcode,
    compressed: bool,
    /// Sum of the payload lengths that its frames claimed.
    wire_bytes: u64,
    data: Vec<u8>,
}

impl Decoder {
    /// A decoder at the first byte after the handshake.
    pub fn new(options: ReadOptions) -> Self {
        Self { options, frame: None, partial: None, control: Vec::new(), inflater: None, closed: false }
    }

    /// Reads `input`, unmasking in place, up to the end of the first whole message.
    ///
    /// After a close message everything is used and nothing comes out.
    pub fn decode(&mut self, input: &mut [u8]) -> Result<Progress, DecodeError> {
        if self.closed {
            return Ok(Progress { used: input.len(), message: None });
        }
        let mut used = 0;
        loop {
            let frame = match self.frame.take() {
                Some(frame) => frame,
                None => {
                    let Some((header, length)) = Header::parse(&input[used..], self.options.role)? else {
                        return Ok(Progress { used, message: None });
                    };
                    used += length;
                    self.begin(&header)?;
                    OpenFrame { header, seen_bytes: 0 }
                }
            };
            let (taken, message) = self.payload(frame, &mut input[used..])?;
            used += taken;
            if message.is_some() || self.frame.is_some() {
                return Ok(Progress { used, message });
            }
        }
    }

    /// Whether the next byte begins a message, so that the connection may end here.
    pub fn is_between_messages(&self) -> bool {
        self.frame.is_none() && self.partial.is_none()
    }

    /// Whether a close message has been read.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Checks a header against what came before it, and the limits, before any payload is kept.
    fn begin(&mut self, header: &Header) -> Result<(), DecodeError> {
        if header.opcode.is_control() {
            return if header.compressed { Err(Violation::ReservedBits.into()) } else { Ok(()) };
        }
        if header.opcode == Opcode::Continuation {
            let partial = self.partial.as_mut().ok_or(Violation::UnexpectedContinuation)?;
            if header.compressed {
                return Err(Violation::ReservedBits.into());
            }
            partial.wire_bytes = partial.wire_bytes.saturating_add(header.payload_bytes);
        } else {
            self.begin_message(header)?;
        }
        let wire_bytes = self.partial.as_ref().map_or(0, |partial| partial.wire_bytes);
        check_limit(header.payload_bytes, Limit::Frame, self.options.limits.max_frame_bytes)?;
        check_limit(wire_bytes, Limit::Message, self.options.limits.max_message_bytes)
    }

    fn begin_message(&mut self, header: &Header) -> Result<(), DecodeError> {
        if self.partial.is_some() {
            return Err(Violation::InterleavedMessage.into());
        }
        if header.compressed && self.options.deflate.is_none() {
            return Err(Violation::ReservedBits.into());
        }
        if header.opcode == Opcode::Binary && !self.options.accept_binary {
            return Err(DecodeError::UnexpectedBinary);
        }
        let (opcode, compressed, wire_bytes) = (header.opcode, header.compressed, header.payload_bytes);
        self.partial = Some(Partial { opcode, compressed, wire_bytes, data: Vec::new() });
        Ok(())
    }

    /// Takes what `input` has of the frame's payload; a frame that stays open is put back.
    fn payload(
        &mut self,
        frame: OpenFrame,
        input: &mut [u8],
    ) -> Result<(usize, Option<Message>), DecodeError> {
        let missing = frame.header.payload_bytes - frame.seen_bytes;
        let taken = usize::try_from(missing).unwrap_or(usize::MAX).min(input.len());
        let chunk = &mut input[..taken];
        if let Some(key) = frame.header.mask {
            mask::apply(chunk, key, (frame.seen_bytes % 4) as usize);
        }
        let seen_bytes = frame.seen_bytes + taken as u64;
        let complete = seen_bytes == frame.header.payload_bytes;
        if !complete {
            self.frame = Some(OpenFrame { seen_bytes, ..frame });
        }
        let message = if frame.header.opcode.is_control() {
            self.control.extend_from_slice(chunk);
            complete.then(|| self.end_control(frame.header.opcode)).transpose()?
        } else {
            self.data(chunk, complete && frame.header.fin)?
        };
        Ok((taken, message))
    }

    fn end_control(&mut self, opcode: Opcode) -> Result<Message, DecodeError> {
        let payload = std::mem::take(&mut self.control);
        Ok(match opcode {
            Opcode::Ping => Message::Ping(payload.into()),
            Opcode::Pong => Message::Pong(payload.into()),
            _ => {
                let close = close::parse(&payload)?;
                self.closed = true;
                Message::Close(close)
            }
        })
    }

    /// Adds to the open data message, and ends it with its `last` chunk.
    fn data(&mut self, chunk: &[u8], last: bool) -> Result<Option<Message>, DecodeError> {
        let partial = self.partial.as_mut().expect("a data frame's header opened or found a message");
        if partial.compressed {
            let max_bytes = self.options.limits.max_inflated_bytes;
            let inflater = self.inflater.get_or_insert_with(|| Box::new(Inflater::new(max_bytes)));
            inflater.feed(chunk, &mut partial.data)?;
            if last {
                inflater.finish(&mut partial.data)?;
            }
        } else if last && partial.data.is_empty() {
            // The usual message, whole in one read: no buffer in between.
            let message = whole(partial.opcode, chunk)?;
            self.partial = None;
            return Ok(Some(message));
        } else {
            partial.data.extend_from_slice(chunk);
        }
        if last { self.end_message().map(Some) } else { Ok(None) }
    }

    fn end_message(&mut self) -> Result<Message, DecodeError> {
        let Partial { opcode, data, .. } = self.partial.take().expect("the caller is inside a message");
        if !self.peer_refers_back() {
            self.inflater = None;
        }
        match opcode {
            Opcode::Binary => Ok(Message::Binary(data.into())),
            _ => whole(opcode, &data),
        }
    }

    /// Whether the peer's compressed messages may refer to its earlier ones.
    fn peer_refers_back(&self) -> bool {
        self.options.deflate.is_some_and(|params| match self.options.role {
            Role::Server => !params.client_no_context_takeover,
            Role::Client => !params.server_no_context_takeover,
        })
    }
}

/// A text or binary message out of its whole payload.
///
/// Text is copied after the check: taking the buffer over would mean a second scan (`String::from_utf8`) and
/// the slack that a growing buffer has.
fn whole(opcode: Opcode, payload: &[u8]) -> Result<Message, DecodeError> {
    if opcode == Opcode::Binary {
        return Ok(Message::Binary(Bytes::copy_from_slice(payload)));
    }
    let text = simdutf8::basic::from_utf8(payload).map_err(|_| DecodeError::InvalidUtf8)?;
    Ok(Message::Text(text.to_owned()))
}

fn check_limit(bytes: u64, limit: Limit, max: usize) -> Result<(), DecodeError> {
    if bytes > max as u64 { Err(DecodeError::TooBig(limit, max)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DeflateParams, Deflater, Limits, frame};

    fn client() -> Decoder {
        let limits =
            Limits { max_frame_bytes: 1 << 30, max_message_bytes: 1 << 30, max_inflated_bytes: 1 << 30 };
        let deflate = Some(DeflateParams { server_no_context_takeover: true, ..DeflateParams::default() });
        Decoder::new(ReadOptions { role: Role::Client, limits, deflate, accept_binary: true })
    }

    /// A header may claim a gigabyte; memory is given for what came.
    #[test]
    fn a_claimed_length_allocates_nothing() {
        let mut decoder = client();
        let mut claim = [0x82, 127, 0, 0, 0, 0, 0x3F, 0, 0, 0, 1, 2, 3, 4, 5];
        assert_eq!(decoder.decode(&mut claim), Ok(Progress { used: claim.len(), message: None }));
        let held = decoder.partial.as_ref().unwrap().data.capacity();
        assert!(held < 64, "five bytes came, {held} are held");
    }

    /// Between messages nothing is kept, not even the inflater, unless the peer may refer back.
    #[test]
    fn nothing_is_kept_between_messages() {
        let mut decoder = client();
        let frame = frame::text_deflated(&"a".repeat(10_000), &mut Deflater::new(6));
        let (head, tail) = frame.as_bytes().split_at(8);
        assert_eq!(decoder.decode(&mut head.to_vec()).unwrap().message, None);
        assert!(decoder.inflater.is_some() && !decoder.is_between_messages());
        assert!(decoder.decode(&mut tail.to_vec()).unwrap().message.is_some());
        assert!(decoder.inflater.is_none() && decoder.partial.is_none() && decoder.is_between_messages());
        assert_eq!(decoder.control.capacity(), 0);
    }
}
