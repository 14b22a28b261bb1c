//! What a hostile peer can make us hold or compute.

use std::time::{Duration, Instant};

use callboard_ws::{DecodeError, Deflater, Limit, Message, ReadError, Reader, Violation};

use crate::kit::*;

/// 50 MB in 50 KB: stopped at the cap, far from the end.
#[test]
fn a_zip_bomb_is_stopped() {
    let bomb = Deflater::new(9).compress(&vec![0; 50 << 20]).to_vec();
    assert!(bomb.len() < 64 << 10, "the bomb is small: {}", bomb.len());
    for chunk in [usize::MAX, 1000] {
        let (messages, error) = decode(SERVER, &masked(FIN | RSV1 | BINARY, &bomb), || chunk);
        assert_eq!((messages.len(), error), (0, Some(DecodeError::TooBig(Limit::Inflated, 1 << 20))));
    }
}

/// Final blocks make the inflater start over; two bytes each would buy a lot of work.
#[test]
fn a_chain_of_final_blocks_is_refused() {
    let started = Instant::now();
    let (_, error) = decode_whole(SERVER, &masked(FIN | RSV1 | TEXT, &[3, 0].repeat(500_000)));
    assert_eq!(error, Some(DecodeError::BadDeflate));
    assert!(started.elapsed() < Duration::from_secs(5));
}

/// Stored blocks without content: a megabyte of work for nothing is read once and yields an empty message.
#[test]
fn empty_blocks_are_read_in_one_pass() {
    let started = Instant::now();
    let blocks = [0, 0, 0, 0xFF, 0xFF].repeat(200_000);
    let bytes = masked(FIN | RSV1 | TEXT, &blocks);
    let (messages, error) = decode(SERVER, &bytes, || 777);
    assert_eq!((messages, error), (vec![Message::Text(String::new())], None));
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn the_end_of_the_transport_has_three_meanings() {
    let message = masked(FIN | TEXT, b"hello");
    for (bytes, whole) in [
        (message.clone(), true),
        (message[..8].to_vec(), false),
        (message[..1].to_vec(), false),
        (masked(TEXT, b"half"), false),
    ] {
        let mut reader = Reader::new(&bytes[..], SERVER);
        match reader.next().await {
            Ok(Some(Message::Text(text))) if whole => assert_eq!(text, "hello"),
            Err(ReadError::Truncated) if !whole => {}
            other => panic!("{bytes:?} gave {other:?}"),
        }
        assert!(matches!(reader.next().await, Ok(None)), "after that the reader is at its end");
    }
}

#[tokio::test]
async fn nothing_is_read_after_a_close_or_an_error() {
    let bytes = [masked(FIN | CLOSE, b"\x03\xE8bye"), masked(FIN | TEXT, b"late")].concat();
    let mut reader = Reader::new(&bytes[..], SERVER);
    assert!(matches!(reader.next().await, Ok(Some(Message::Close(Some(close)))) if close.reason == "bye"));
    assert!(matches!(reader.next().await, Ok(None)));

    let bytes = [masked(FIN | 3, b""), masked(FIN | TEXT, b"late")].concat();
    let mut reader = Reader::new(&bytes[..], SERVER);
    let error = reader.next().await.expect_err("opcode 3 is reserved");
    assert_eq!(error.close_code(), Some(1002));
    assert!(matches!(error, ReadError::Decode(DecodeError::Protocol(Violation::ReservedOpcode(3)))));
    assert!(matches!(reader.next().await, Ok(None)));
}
