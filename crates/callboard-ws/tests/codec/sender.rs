//! Random legal streams.

use callboard_ws::{CloseFrame, DeflateParams, Message, ReadOptions, Role};
use fastrand::Rng;
use flate2::{Compress, Compression, FlushCompress};

use crate::kit::*;

/// Makes legal streams of random messages and remembers what they say.
pub(crate) struct Sender {
    rng: Rng,
    role: Role,
    deflate: bool,
    takeover: bool,
    compress: Compress,
    bytes: Vec<u8>,
    said: Vec<Message>,
}

impl Sender {
    pub(crate) fn new(seed: u64, reader: ReadOptions) -> Self {
        let mut rng = Rng::with_seed(seed);
        let compress = Compress::new(Compression::new(rng.u32(0..10)), false);
        let takeover = reader.deflate == Some(DeflateParams::default());
        let deflate = reader.deflate.is_some();
        Self { rng, role: reader.role, deflate, takeover, compress, bytes: Vec::new(), said: Vec::new() }
    }

    fn frame(&mut self, first: u8, payload: &[u8]) {
        let frame = match self.role {
            Role::Server => masked(first, payload),
            Role::Client => unmasked(first, payload),
        };
        self.bytes.extend(frame);
    }

    fn length(&mut self) -> usize {
        match self.rng.u8(..10) {
            0 => 0,
            1..=6 => self.rng.usize(..200),
            7..=8 => self.rng.usize(..3000),
            _ => self.rng.usize(..70_000),
        }
    }

    fn message(&mut self) {
        let length = self.length();
        let (opcode, payload, message) = if self.rng.bool() {
            let text = random_text(&mut self.rng, length);
            (TEXT, text.clone().into_bytes(), Message::Text(text))
        } else {
            let bytes: Vec<u8> = (0..length).map(|_| self.rng.u8(..9)).collect();
            (BINARY, bytes.clone(), Message::Binary(bytes.into()))
        };
        if self.deflate && self.rng.bool() {
            let compressed = self.compressed(&payload);
            self.fragments(opcode | RSV1, &compressed);
        } else {
            self.fragments(opcode, &payload);
        }
        self.said.push(message);
    }

    fn compressed(&mut self, payload: &[u8]) -> Vec<u8> {
        if !self.takeover {
            self.compress.reset();
        }
        let mut out = Vec::with_capacity(payload.len() * 2 + 100);
        self.compress.compress_vec(payload, &mut out, FlushCompress::Sync).expect("the stream is sound");
        // With nothing new to say zlib says nothing at all; RFC 7692 7.2.3.6 asks for an empty block.
        if out.is_empty() {
            return vec![0];
        }
        out.truncate(out.len() - 4);
        out
    }

    /// One to six frames, some empty, with control frames between them.
    fn fragments(&mut self, first: u8, payload: &[u8]) {
        let (mut first, mut rest) = (first, payload);
        for _ in 0..self.rng.usize(..6) {
            let (head, tail) = rest.split_at(self.rng.usize(..=rest.len()));
            self.frame(first, head);
            (first, rest) = (CONTINUATION, tail);
            self.maybe_control();
        }
        self.frame(FIN | first, rest);
    }

    fn maybe_control(&mut self) {
        let payload: Vec<u8> = (0..self.rng.usize(..=125)).map(|_| self.rng.u8(..)).collect();
        match self.rng.u8(..6) {
            0 => {
                self.frame(FIN | PING, &payload);
                self.said.push(Message::Ping(payload.into()));
            }
            1 => {
                self.frame(FIN | PONG, &payload);
                self.said.push(Message::Pong(payload.into()));
            }
            _ => {}
        }
    }

    /// The whole stream, ended by a close, and what it says.
    pub(crate) fn stream(mut self) -> (Vec<u8>, Vec<Message>) {
        for _ in 0..self.rng.usize(1..12) {
            self.message();
            self.maybe_control();
        }
        self.frame(FIN | CLOSE, b"\x0F\xA0done");
        self.said.push(Message::Close(Some(CloseFrame { code: 4000, reason: "done".into() })));
        (self.bytes, self.said)
    }
}
