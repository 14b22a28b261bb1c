//! Every broken rule, with the exact close code, whole and byte by byte.

use callboard_ws::{Limits, ReadOptions};

use crate::kit::*;

struct Case {
    name: &'static str,
    options: ReadOptions,
    bytes: Vec<u8>,
    code: u16,
}

fn case(name: &'static str, code: u16, bytes: Vec<u8>) -> Case {
    Case { name, options: SERVER, bytes, code }
}

fn check(cases: Vec<Case>) {
    for Case { name, options, bytes, code } in cases {
        for chunk in [usize::MAX, 1] {
            let (_, error) = decode(options, &bytes, || chunk);
            assert_eq!(error.map(|error| error.close_code()), Some(code), "{name}, chunks of {chunk}");
        }
    }
}

fn join(frames: &[Vec<u8>]) -> Vec<u8> {
    frames.concat()
}

#[test]
fn headers() {
    let plain = ReadOptions { deflate: None, ..SERVER };
    check(vec![
        case("RSV2", 1002, masked(FIN | 0x20 | TEXT, b"x")),
        case("RSV3", 1002, masked(FIN | 0x10 | TEXT, b"x")),
        case("RSV2 beside RSV1", 1002, masked(FIN | RSV1 | 0x20 | TEXT, b"x")),
        Case { options: plain, ..case("RSV1 without deflate", 1002, masked(FIN | RSV1 | TEXT, b"x")) },
        case("opcode 3", 1002, masked(FIN | 3, b"x")),
        case("opcode 4", 1002, masked(FIN | 4, b"x")),
        case("opcode 5", 1002, masked(FIN | 5, b"x")),
        case("opcode 6", 1002, masked(FIN | 6, b"x")),
        case("opcode 7", 1002, masked(FIN | 7, b"x")),
        case("opcode 11", 1002, masked(FIN | 11, b"x")),
        case("opcode 15", 1002, masked(FIN | 15, b"x")),
        case("client does not mask", 1002, unmasked(FIN | TEXT, b"x")),
        case("client does not mask a ping", 1002, unmasked(FIN | PING, b"")),
        Case { options: CLIENT, ..case("server masks", 1002, masked(FIN | TEXT, b"x")) },
        case("16-bit length of 125", 1002, vec![FIN | TEXT, 0x80 | 126, 0, 125]),
        case("16-bit length of 0", 1002, vec![FIN | BINARY, 0x80 | 126, 0, 0]),
        case("64-bit length of 65535", 1002, vec![FIN | TEXT, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]),
        case("64-bit length of 1", 1002, vec![FIN | TEXT, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0, 1]),
        case("64-bit length below zero", 1002, vec![FIN | TEXT, 0x80 | 127, 0x80, 0, 0, 0, 0, 1, 0, 0]),
    ]);
}

#[test]
fn control_frames() {
    check(vec![
        case("ping without FIN", 1002, masked(PING, b"")),
        case("pong without FIN", 1002, masked(PONG, b"")),
        case("close without FIN", 1002, masked(CLOSE, b"")),
        case("ping of 126 bytes", 1002, masked(FIN | PING, &[0; 126])),
        case("pong of 70000 bytes", 1002, masked(FIN | PONG, &[0; 70_000])),
        case("close of 126 bytes", 1002, masked(FIN | CLOSE, &[3; 126])),
        case("compressed ping", 1002, masked(FIN | RSV1 | PING, b"")),
        case("compressed close", 1002, masked(FIN | RSV1 | CLOSE, b"")),
        case("close of one byte", 1002, masked(FIN | CLOSE, &[3])),
        case("reason is not UTF-8", 1007, masked(FIN | CLOSE, b"\x03\xE8\xFF\xFE")),
        case("reason ends in a character", 1007, masked(FIN | CLOSE, b"\x03\xE8\xE2\x82")),
    ]);
}

#[test]
fn close_codes() {
    let bad = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535];
    for code in bad {
        check(vec![case("close code", 1002, masked(FIN | CLOSE, &u16::to_be_bytes(code)))]);
    }
    let good = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4000, 4999];
    for code in good {
        let (messages, error) = decode_whole(SERVER, &masked(FIN | CLOSE, &u16::to_be_bytes(code)));
        assert_eq!((messages.len(), error), (1, None), "close code {code}");
    }
}

#[test]
fn fragmentation() {
    check(vec![
        case("continuation of nothing", 1002, masked(FIN | CONTINUATION, b"x")),
        case("first continuation of nothing", 1002, masked(CONTINUATION, b"x")),
        case("text in text", 1002, join(&[masked(TEXT, b"a"), masked(FIN | TEXT, b"b")])),
        case("binary in text", 1002, join(&[masked(TEXT, b"a"), masked(BINARY, b"b")])),
        case(
            "continuation after the end",
            1002,
            join(&[masked(TEXT, b"a"), masked(FIN | CONTINUATION, b"b"), masked(FIN | CONTINUATION, b"c")]),
        ),
        case("RSV1 on a continuation", 1002, join(&[masked(TEXT, b"a"), masked(FIN | RSV1, b"b")])),
        case(
            "RSV1 on a compressed message's continuation",
            1002,
            join(&[masked(RSV1 | TEXT, b"\xf2\x48"), masked(FIN | RSV1, b"\xcd\xc9\xc9\x07\x00")]),
        ),
    ]);
}

#[test]
fn content() {
    let text_only = ReadOptions { accept_binary: false, ..SERVER };
    check(vec![
        Case { options: text_only, ..case("binary is not accepted", 1003, masked(FIN | BINARY, b"x")) },
        case("a lone continuation byte", 1007, masked(FIN | TEXT, b"\x80")),
        case("overlong slash", 1007, masked(FIN | TEXT, b"\xC0\xAF")),
        case("a surrogate", 1007, masked(FIN | TEXT, b"\xED\xA0\x80")),
        case("above U+10FFFF", 1007, masked(FIN | TEXT, b"\xF4\x90\x80\x80")),
        case("text ends in a character", 1007, masked(FIN | TEXT, "κόσμε".as_bytes()[..9].into())),
        case(
            "bad text over two frames",
            1007,
            join(&[masked(TEXT, b"\xCE"), masked(FIN | CONTINUATION, b"\xCE")]),
        ),
        case("deflate: reserved block type", 1007, masked(FIN | RSV1 | TEXT, &[0xFF; 8])),
        case("deflate: stored length mismatch", 1007, masked(FIN | RSV1 | TEXT, &[0, 5, 0, 5, 0, b'x'])),
        case("deflate: refers before the start", 1007, masked(FIN | RSV1 | TEXT, b"\xf2\x00\x11\x00\x00")),
        case("deflate: two final blocks", 1007, masked(FIN | RSV1 | TEXT, &[3, 0, 3, 0])),
        case(
            "deflate: inflates to bad text",
            1007,
            masked(FIN | RSV1 | TEXT, b"\x00\x01\x00\xfe\xff\xff\x00"),
        ),
    ]);
}

#[test]
fn sizes() {
    let limits = Limits { max_frame_bytes: 100, max_message_bytes: 150, max_inflated_bytes: 200 };
    let small = ReadOptions { limits, ..SERVER };
    let case = |name, bytes| Case { options: small, ..case(name, 1009, bytes) };
    let stored: Vec<u8> = [&[0, 80, 0, !80, 0xFF][..], &[b'a'; 80]].concat();
    check(vec![
        case("frame of 101 bytes", masked(FIN | TEXT, &[b'a'; 101])),
        case("the claim is enough", vec![FIN | TEXT, 0x80 | 126, 0x7F, 0xFF, 1, 2, 3, 4]),
        case("a claim of 2^62", vec![FIN | BINARY, 0x80 | 127, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]),
        case("message of 160 bytes", join(&[masked(TEXT, &[b'a'; 80]), masked(FIN, &[b'a'; 80])])),
        case(
            "endless message",
            join(&[masked(TEXT, &[b'a'; 60]), masked(0, &[b'a'; 60]), masked(0, &[b'a'; 60])]),
        ),
        case("compressed: message as sent", join(&[masked(RSV1 | TEXT, &stored), masked(0, &stored)])),
        case("compressed: inflated", {
            let mut deflater = callboard_ws::Deflater::new(6);
            masked(FIN | RSV1 | TEXT, deflater.compress(&[b'a'; 201]))
        }),
    ]);
    let exactly = join(&[masked(TEXT, &[b'a'; 100]), masked(FIN, &[b'a'; 50])]);
    assert_eq!(decode_whole(small, &exactly).1, None);
}
