//! Against tungstenite, which reads what we read but without compression: same messages, and we are never the
//! more lenient one.

use std::io::{self, Cursor, Read, Write};

use callboard_ws::{Message, ReadOptions, Role};
use fastrand::Rng;
use tungstenite::WebSocket;
use tungstenite::protocol::Role as TheirRole;

use crate::kit::*;
use crate::sender::Sender;

/// Reads from memory, writes to nowhere.
struct Tape(Cursor<Vec<u8>>);

impl Read for Tape {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        self.0.read(target)
    }
}

impl Write for Tape {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A close without its payload: tungstenite rewrites codes it does not like.
fn without_reason(message: Message) -> Message {
    if let Message::Close(_) = message { Message::Close(None) } else { message }
}

struct Theirs {
    messages: Vec<Message>,
    /// They refuse bad text as soon as it comes, we when the message ends: control frames may lie between.
    stopped_inside_text: bool,
}

fn their_reading(bytes: &[u8], role: Role) -> Theirs {
    let role = if role == Role::Server { TheirRole::Server } else { TheirRole::Client };
    let mut socket = WebSocket::from_raw_socket(Tape(Cursor::new(bytes.to_vec())), role, None);
    let mut messages = Vec::new();
    let error = loop {
        match socket.read() {
            Ok(message) => messages.push(translate(message)),
            Err(error) => break error,
        }
    };
    Theirs { messages, stopped_inside_text: matches!(error, tungstenite::Error::Utf8(_)) }
}

fn translate(message: tungstenite::Message) -> Message {
    match message {
        tungstenite::Message::Text(text) => Message::Text(text.to_string()),
        tungstenite::Message::Binary(bytes) => Message::Binary(bytes),
        tungstenite::Message::Ping(bytes) => Message::Ping(bytes),
        tungstenite::Message::Pong(bytes) => Message::Pong(bytes),
        tungstenite::Message::Close(_) => Message::Close(None),
        tungstenite::Message::Frame(_) => unreachable!("never read"),
    }
}

fn is_control(message: &Message) -> bool {
    matches!(message, Message::Ping(_) | Message::Pong(_) | Message::Close(_))
}

fn our_reading(bytes: &[u8], options: ReadOptions) -> Vec<Message> {
    decode_whole(options, bytes).0.into_iter().map(without_reason).collect()
}

fn options(seed: u64) -> ReadOptions {
    ReadOptions { deflate: None, ..if seed.is_multiple_of(2) { SERVER } else { CLIENT } }
}

#[test]
fn legal_streams_read_the_same() {
    for seed in 0..300 {
        let options = options(seed);
        let (bytes, said) = Sender::new(seed, options).stream();
        let ours = our_reading(&bytes, options);
        assert_eq!(ours.len(), said.len(), "seed {seed}");
        assert!(ours == their_reading(&bytes, options.role).messages, "seed {seed}: the messages differ");
    }
}

/// One to three bytes of a legal stream changed: whatever we still accept, they accept and read alike.
#[test]
fn we_accept_nothing_that_they_refuse() {
    let mut refused = 0;
    for seed in 0..2000 {
        let options = options(seed);
        let (mut bytes, said) = Sender::new(seed, options).stream();
        bytes.truncate(20_000);
        let mut rng = Rng::with_seed(seed);
        for _ in 0..rng.usize(1..4) {
            // Near the start, where headers are dense.
            let at = rng.usize(..bytes.len().min(300));
            bytes[at] ^= 1 << rng.u8(..8);
        }
        let (ours, theirs) = (our_reading(&bytes, options), their_reading(&bytes, options.role));
        let (same, extra) = ours.split_at(theirs.messages.len().min(ours.len()));
        assert!(theirs.messages.starts_with(same), "seed {seed}: the messages differ");
        let excused = theirs.stopped_inside_text && extra.iter().all(is_control);
        assert!(extra.is_empty() || excused, "seed {seed}: we read {extra:?}");
        refused += usize::from(ours.len() < said.len());
    }
    assert!(refused > 500, "the changes matter: {refused}");
}
