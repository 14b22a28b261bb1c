//! One message, many connections.

use callboard_ws::{Compressor, Encoded, Message, SharedText, frame, masked};

use crate::kit::*;

fn patch() -> String {
    r#"{"op":"replace","path":"/jobs/01J/progress","value":0.5},"#.repeat(12)
}

#[test]
fn plain_and_deflated_say_the_same() {
    let (compressor, text) = (Compressor::new(6, 64), patch());
    let shared = SharedText::new(&text);
    let (plain, deflated) = (shared.for_peer(None), shared.for_peer(Some(&compressor)));
    assert!(!plain.is_compressed() && deflated.is_compressed());
    assert!(deflated.size_bytes() * 4 < plain.size_bytes());
    assert_eq!(shared.text(), text);
    for frame in [plain, deflated] {
        assert_eq!(decode_whole(CLIENT, frame.as_bytes()), (vec![Message::Text(text.clone())], None));
    }
}

/// The same memory for everybody, from any thread, compressed once.
#[test]
fn all_connections_get_the_same_bytes() {
    let (compressor, shared) = (Compressor::new(6, 64), SharedText::new(&patch()));
    let before = shared.size_bytes();
    let frames: Vec<&Encoded> = std::thread::scope(|scope| {
        let ask = || shared.for_peer(Some(&compressor));
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().expect("it does not panic")).collect()
    });
    let address = frames[0].as_bytes().as_ptr();
    assert!(frames.iter().all(|frame| frame.as_bytes().as_ptr() == address));
    assert_eq!(shared.size_bytes(), before + frames[0].size_bytes());
}

#[test]
fn what_does_not_shrink_is_sent_plain() {
    let compressor = Compressor::new(6, 64);
    let short = SharedText::new(r#"{"type":"ack"}"#);
    assert_eq!(short.for_peer(Some(&compressor)), short.plain());
    assert_eq!(short.size_bytes(), short.plain().size_bytes());

    let mut rng = fastrand::Rng::with_seed(1);
    let noise: String = (0..80).map(|_| rng.char('\u{20000}'..'\u{2A000}')).collect();
    assert!(Compressor::new(6, 0).text(&noise).size_bytes() <= frame::text(&noise).size_bytes());
}

#[test]
fn frames_of_every_length_form_and_kind() {
    for length in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
        let text = "x".repeat(length);
        let said = vec![Message::Text(text.clone())];
        assert_eq!(decode_whole(CLIENT, frame::text(&text).as_bytes()), (said.clone(), None));
        let ours = masked::text(&text, [1, 2, 3, 4]);
        assert!(ours.is_masked());
        assert_eq!(decode_whole(SERVER, ours.as_bytes()), (said, None));
        assert_eq!(frame::text(&text).payload(), text.as_bytes());
    }
    let mut deflater = callboard_ws::Deflater::new(6);
    let key = [9, 8, 7, 6];
    let from_client = [
        masked::text_deflated(&patch(), &mut deflater, key),
        masked::binary(b"\0\xFF", key),
        masked::ping(b"p", key),
        masked::pong(b"q", key),
        masked::close(4000, "bye", key),
    ];
    let from_server = [
        frame::text_deflated(&patch(), &mut deflater),
        frame::binary(b"\0\xFF"),
        frame::ping(b"p"),
        frame::pong(b"q"),
        frame::close(4000, "bye"),
    ];
    let bytes = |frames: &[Encoded]| frames.iter().flat_map(|frame| frame.as_bytes().to_vec()).collect();
    let (client, server): (Vec<u8>, Vec<u8>) = (bytes(&from_client), bytes(&from_server));
    let (read, error) = decode_whole(SERVER, &client);
    assert_eq!((read.len(), error), (5, None));
    assert_eq!((read, None), decode_whole(CLIENT, &server));
}

#[test]
fn a_long_reason_is_cut_between_characters() {
    let frame = frame::close(1000, &"é".repeat(100));
    let (read, error) = decode_whole(CLIENT, frame.as_bytes());
    assert_eq!(error, None);
    assert!(matches!(&read[..], [Message::Close(Some(close))] if close.reason == "é".repeat(61)));
}
