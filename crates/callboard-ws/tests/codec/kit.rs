//! Hand-made frames, a decoder driven chunk by chunk, a transport that trickles.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use callboard_ws::{DecodeError, Decoder, DeflateParams, Limits, Message, ReadOptions, Role};
use fastrand::Rng;
use tokio::io::{AsyncRead, ReadBuf};

pub(crate) const LIMITS: Limits =
    Limits { max_frame_bytes: 1 << 20, max_message_bytes: 1 << 20, max_inflated_bytes: 1 << 20 };

/// Both sides reset: what this crate's server agrees to when the client asks for it.
pub(crate) const INDEPENDENT: DeflateParams = DeflateParams {
    server_no_context_takeover: true,
    client_no_context_takeover: true,
    server_max_window_bits: None,
};

/// A server that takes everything it can.
pub(crate) const SERVER: ReadOptions =
    ReadOptions { role: Role::Server, limits: LIMITS, deflate: Some(INDEPENDENT), accept_binary: true };

/// A client that takes everything it can.
pub(crate) const CLIENT: ReadOptions =
    ReadOptions { role: Role::Client, limits: LIMITS, deflate: Some(INDEPENDENT), accept_binary: true };

pub(crate) const FIN: u8 = 0x80;
pub(crate) const RSV1: u8 = 0x40;
pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// A masked frame with the given first byte.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];
    let mut frame = head(first, 0x80, payload.len());
    frame.extend(KEY);
    frame.extend(payload.iter().enumerate().map(|(i, byte)| byte ^ KEY[i % 4]));
    frame
}

/// An unmasked frame with the given first byte.
pub(crate) fn unmasked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = head(first, 0, payload.len());
    frame.extend(payload);
    frame
}

fn head(first: u8, mask: u8, length: usize) -> Vec<u8> {
    let mut head = vec![first];
    match length {
        0..=125 => head.push(mask | length as u8),
        126..=0xFFFF => {
            head.push(mask | 126);
            head.extend((length as u16).to_be_bytes());
        }
        _ => {
            head.push(mask | 127);
            head.extend((length as u64).to_be_bytes());
        }
    }
    head
}

/// What `bytes` decode to, and the error that ends them if there is one, fed in chunks of `next_chunk()`.
pub(crate) fn decode(
    options: ReadOptions,
    bytes: &[u8],
    mut next_chunk: impl FnMut() -> usize,
) -> (Vec<Message>, Option<DecodeError>) {
    let (mut decoder, mut messages) = (Decoder::new(options), Vec::new());
    let (mut unread, mut rest) = (Vec::new(), bytes);
    loop {
        match decoder.decode(&mut unread) {
            Err(error) => return (messages, Some(error)),
            Ok(progress) => {
                assert!(progress.used <= unread.len());
                unread.drain(..progress.used);
                if let Some(message) = progress.message {
                    messages.push(message);
                    continue;
                }
            }
        }
        if rest.is_empty() {
            return (messages, None);
        }
        let (chunk, later) = rest.split_at(next_chunk().clamp(1, rest.len()));
        unread.extend(chunk);
        rest = later;
    }
}

/// What `bytes` decode to when they arrive at once.
pub(crate) fn decode_whole(options: ReadOptions, bytes: &[u8]) -> (Vec<Message>, Option<DecodeError>) {
    decode(options, bytes, || usize::MAX)
}

/// Text of several scripts, about `length` bytes.
pub(crate) fn random_text(rng: &mut Rng, length: usize) -> String {
    let mut text = String::with_capacity(length + 4);
    while text.len() < length {
        text.push(match rng.u8(..10) {
            0 => rng.char('\u{80}'..='\u{7FF}'),
            1 => rng.char('\u{800}'..='\u{FFFF}'),
            2 => rng.char('\u{10000}'..='\u{10FFFF}'),
            3..=5 => 'e',
            _ => rng.char(' '..='~'),
        });
    }
    text
}

/// A transport that hands out its bytes in random chunks and often says "not yet".
pub(crate) struct Trickle {
    pub(crate) bytes: Vec<u8>,
    pub(crate) at: usize,
    pub(crate) rng: Rng,
}

impl AsyncRead for Trickle {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        target: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.rng.bool() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let left = self.bytes.len() - self.at;
        let count = left.min(target.remaining()).min(self.rng.usize(1..200));
        target.put_slice(&self.bytes[self.at..self.at + count]);
        self.at += count;
        Poll::Ready(Ok(()))
    }
}
