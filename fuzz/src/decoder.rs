//! Bytes from a peer: messages or an error, the same however they are cut, and never more than the limits.

use callboard_ws::{Decoder, DeflateParams, Limits, Message, ReadOptions, Role};

const LIMITS: Limits =
    Limits { max_frame_bytes: 1 << 16, max_message_bytes: 1 << 16, max_inflated_bytes: 1 << 18 };

/// The first byte says how to read, the second how large the pieces are, the others are the stream.
pub fn check(input: &[u8]) {
    let [flags, chunk, bytes @ ..] = input else { return };
    let deflate = (flags & 1 != 0).then(|| DeflateParams {
        client_no_context_takeover: flags & 2 != 0,
        server_no_context_takeover: flags & 4 != 0,
        ..DeflateParams::default()
    });
    let role = if flags & 8 != 0 { Role::Client } else { Role::Server };
    let options = ReadOptions { role, limits: LIMITS, deflate, accept_binary: flags & 16 != 0 };
    let whole = read(options, bytes, usize::MAX);
    let pieces = read(options, bytes, usize::from(*chunk).max(1));
    assert_eq!(whole, pieces, "how the network cuts a stream does not matter");
}

fn read(options: ReadOptions, bytes: &[u8], chunk: usize) -> (Vec<Message>, bool) {
    let (mut decoder, mut messages, mut unread) = (Decoder::new(options), Vec::new(), Vec::new());
    for piece in bytes.chunks(chunk) {
        unread.extend_from_slice(piece);
        loop {
            let Ok(progress) = decoder.decode(&mut unread) else { return (messages, true) };
            unread.drain(..progress.used);
            match progress.message {
                Some(Message::Text(text)) => {
                    assert!(text.len() <= LIMITS.max_inflated_bytes);
                    messages.push(Message::Text(text));
                }
                Some(message) => messages.push(message),
                None => break,
            }
        }
    }
    (messages, false)
}
