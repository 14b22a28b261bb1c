//! RFC 7692 section 7.2.3, and messages of our own compressor.

use callboard_ws::{DeflateParams, Deflater, Message, ReadOptions, frame};

use crate::kit::*;

fn hello() -> Message {
    Message::Text("Hello".into())
}

fn assert_hellos(options: ReadOptions, bytes: &[u8], count: usize) {
    for chunk in [usize::MAX, 1, 3] {
        assert_eq!(decode(options, bytes, || chunk), (vec![hello(); count], None), "chunks of {chunk}");
    }
}

/// 7.2.3.1
#[test]
fn one_block() {
    assert_hellos(CLIENT, b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00", 1);
    assert_hellos(CLIENT, b"\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00", 1);
}

/// 7.2.3.2: the second message refers to the first, which only a peer that may do so is allowed.
#[test]
fn shared_window() {
    let bytes = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00";
    let takeover = ReadOptions { deflate: Some(DeflateParams::default()), ..CLIENT };
    assert_hellos(takeover, bytes, 2);
    let (messages, error) = decode_whole(CLIENT, bytes);
    assert_eq!((messages.len(), error.map(|error| error.close_code())), (1, Some(1007)));
}

/// 7.2.3.3
#[test]
fn stored_block() {
    assert_hellos(CLIENT, b"\xc1\x0b\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 1);
}

/// 7.2.3.4
#[test]
fn final_block() {
    assert_hellos(CLIENT, b"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 1);
    let twice = b"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00".repeat(2);
    let takeover = ReadOptions { deflate: Some(DeflateParams::default()), ..CLIENT };
    assert_hellos(takeover, &twice, 2);
}

/// 7.2.3.5
#[test]
fn two_blocks() {
    assert_hellos(CLIENT, b"\xc1\x0d\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 1);
}

/// 7.2.3.6: an empty message is one zero byte. No byte at all is read as empty too.
#[test]
fn empty_message() {
    for level in 0..=9 {
        let mut deflater = Deflater::new(level);
        assert_eq!(deflater.compress(b""), [0], "level {level}");
        assert_eq!(deflater.compress(b""), [0], "level {level}, again");
    }
    let empty = || vec![Message::Text(String::new())];
    assert_eq!(decode_whole(CLIENT, &unmasked(FIN | RSV1 | TEXT, &[0])), (empty(), None));
    assert_eq!(decode_whole(CLIENT, &unmasked(FIN | RSV1 | TEXT, &[])), (empty(), None));
}

#[test]
fn our_first_message_is_the_one_of_the_rfc() {
    let frame = frame::text_deflated("Hello", &mut Deflater::new(6));
    assert_eq!(&frame.as_bytes()[..], b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00");
}

/// The same text twice gives the same bytes: nothing is remembered.
#[test]
fn our_messages_are_independent() {
    let mut rng = fastrand::Rng::with_seed(7);
    let mut deflater = Deflater::new(6);
    for length in [1, 60, 125, 126, 1000, 65_535, 65_536, 300_000] {
        let text = random_text(&mut rng, length);
        let first = frame::text_deflated(&text, &mut deflater);
        let _between = frame::text_deflated("something else", &mut deflater);
        assert_eq!(first, frame::text_deflated(&text, &mut deflater), "{length} bytes");
        assert_eq!(decode_whole(CLIENT, first.as_bytes()), (vec![Message::Text(text)], None));
    }
}
