//! Both sides of the handshake, and the table of compression offers.

use callboard_ws::{Accept, ClientHandshake, DeflateParams, HandshakeError, accept_key, negotiate};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{StatusCode, header};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

fn request(changes: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", KEY),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in changes {
        headers.remove(*name);
        for line in value.split('\n').filter(|line| !line.is_empty()) {
            let value = HeaderValue::from_str(line).expect("a header value");
            headers.append(HeaderName::from_static(name), value);
        }
    }
    headers
}

#[test]
fn the_key_of_the_rfc() {
    assert_eq!(accept_key(KEY), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

#[test]
fn requests() {
    use HandshakeError::{Key, NotUpgrade, NotWebSocket, Protocols, Version};
    let twice = format!("{KEY}\n{KEY}");
    let table: &[(&str, &'static str, &str, Option<HandshakeError>)] = &[
        ("as it is", "upgrade", "websocket", None),
        ("any case", "upgrade", "WebSocket", None),
        ("one of several", "upgrade", "h2c, websocket", None),
        ("no upgrade", "upgrade", "", Some(NotWebSocket)),
        ("another upgrade", "upgrade", "h2c", Some(NotWebSocket)),
        ("firefox", "connection", "keep-alive, Upgrade", None),
        ("two lines", "connection", "keep-alive\nupgrade", None),
        ("no connection", "connection", "", Some(NotUpgrade)),
        ("keep-alive only", "connection", "keep-alive", Some(NotUpgrade)),
        ("part of a word", "connection", "upgraded", Some(NotUpgrade)),
        ("version 8", "sec-websocket-version", "8", Some(Version)),
        ("no version", "sec-websocket-version", "", Some(Version)),
        ("no key", "sec-websocket-key", "", Some(Key)),
        ("two keys", "sec-websocket-key", &twice, Some(Key)),
        ("15 bytes", "sec-websocket-key", "dGhlIHNhbXBsZSBub25j", Some(Key)),
        ("not base64", "sec-websocket-key", "dGhlIHNhbXBsZSBub25jZ!==", Some(Key)),
        ("protocols", "sec-websocket-protocol", "callboard.v1.json, other", None),
        ("not a token", "sec-websocket-protocol", "a b", Some(Protocols)),
    ];
    for (name, header, value, error) in table {
        assert_eq!(negotiate(&request(&[(header, value)])).err(), *error, "{name}");
    }
    assert_eq!(Version.status(), StatusCode::UPGRADE_REQUIRED);
    assert_eq!(Key.status(), StatusCode::BAD_REQUEST);
}

/// An offer and the answer to it; an empty answer means to go without compression.
const OFFERS: &[(&str, &str)] = &[
    ("permessage-deflate", "permessage-deflate; client_no_context_takeover"),
    // Chromium, Firefox
    ("permessage-deflate; client_max_window_bits", "permessage-deflate; client_no_context_takeover"),
    ("permessage-deflate; client_max_window_bits=10", "permessage-deflate; client_no_context_takeover"),
    ("permessage-deflate; client_no_context_takeover", "permessage-deflate; client_no_context_takeover"),
    (
        "permessage-deflate; server_no_context_takeover",
        "permessage-deflate; client_no_context_takeover; server_no_context_takeover",
    ),
    (
        "permessage-deflate; server_max_window_bits=15",
        "permessage-deflate; client_no_context_takeover; server_max_window_bits=15",
    ),
    (
        "permessage-deflate; server_max_window_bits=\"15\"",
        "permessage-deflate; client_no_context_takeover; server_max_window_bits=15",
    ),
    ("Permessage-Deflate;client_max_window_bits", "permessage-deflate; client_no_context_takeover"),
    // Passed over: a smaller window.
    ("permessage-deflate; server_max_window_bits=14", ""),
    ("permessage-deflate; server_max_window_bits=8", ""),
    // The next offer is taken.
    (
        "permessage-deflate; server_max_window_bits=10, permessage-deflate",
        "permessage-deflate; client_no_context_takeover",
    ),
    (
        "permessage-deflate; server_max_window_bits=10\npermessage-deflate",
        "permessage-deflate; client_no_context_takeover",
    ),
    ("x-webkit-deflate-frame, permessage-deflate", "permessage-deflate; client_no_context_takeover"),
    ("foo; bar=\"a,b;c\", permessage-deflate", "permessage-deflate; client_no_context_takeover"),
    // Malformed.
    ("permessage-deflate; server_max_window_bits", ""),
    ("permessage-deflate; server_max_window_bits=16", ""),
    ("permessage-deflate; server_max_window_bits=7", ""),
    ("permessage-deflate; server_max_window_bits=015", ""),
    ("permessage-deflate; client_max_window_bits=16", ""),
    ("permessage-deflate; client_max_window_bits; client_max_window_bits", ""),
    ("permessage-deflate; server_no_context_takeover=1", ""),
    ("permessage-deflate; client_no_context_takeover; client_no_context_takeover", ""),
    ("permessage-deflate; unknown", ""),
    ("permessage-deflate;", ""),
    ("permessage-deflate; server_max_window_bits=\"15", ""),
    ("permessage-bzip2", ""),
    ("\"", ""),
    (",,;;==", ""),
];

#[test]
fn compression_offers() {
    for (offer, answer) in OFFERS {
        let accept = negotiate(&request(&[("sec-websocket-extensions", offer)])).expect(offer);
        let headers = accept.response_headers(None);
        let given = headers.get(header::SEC_WEBSOCKET_EXTENSIONS).map_or("", |v| v.to_str().expect("text"));
        assert_eq!(given, *answer, "{offer}");
        assert_eq!(accept.deflate.is_some(), !answer.is_empty(), "{offer}");
    }
}

#[test]
fn the_answer() {
    let offered = [("sec-websocket-protocol", "callboard.v1.json, other\nthird")];
    let mut accept = negotiate(&request(&offered)).expect("a good request");
    assert_eq!(accept.protocols, ["callboard.v1.json", "other", "third"]);
    accept.deflate = None;
    let headers = accept.response_headers(Some("other"));
    assert_eq!(headers[header::SEC_WEBSOCKET_ACCEPT], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(headers[header::SEC_WEBSOCKET_PROTOCOL], "other");
    assert!(!headers.contains_key(header::SEC_WEBSOCKET_EXTENSIONS));
}

fn answered(extensions: &'static str) -> Result<Option<DeflateParams>, HandshakeError> {
    let handshake = ClientHandshake::new(*b"the sample nonce").deflate(true);
    let accept = Accept { key: KEY.into(), deflate: None, protocols: Vec::new() };
    let mut headers = accept.response_headers(None);
    headers.insert(header::SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static(extensions));
    handshake.check(StatusCode::SWITCHING_PROTOCOLS, &headers).map(|established| established.deflate)
}

#[test]
fn the_client_accepts_only_what_it_offered() {
    let free = DeflateParams::default();
    let (server_no, bits) = (DeflateParams { server_no_context_takeover: true, ..free }, Some(10));
    assert_eq!(answered("permessage-deflate"), Ok(Some(free)));
    assert_eq!(answered("permessage-deflate; server_no_context_takeover"), Ok(Some(server_no)));
    let limited = DeflateParams { server_max_window_bits: bits, ..free };
    assert_eq!(answered("permessage-deflate; server_max_window_bits=10"), Ok(Some(limited)));
    for bad in [
        "permessage-deflate; client_max_window_bits=10",
        "permessage-deflate; unknown",
        "permessage-deflate, permessage-deflate",
        "permessage-bzip2",
    ] {
        assert_eq!(answered(bad), Err(HandshakeError::Extension), "{bad}");
    }
}

#[test]
fn the_client_judges_the_answer() {
    let ok = StatusCode::SWITCHING_PROTOCOLS;
    let handshake = ClientHandshake::new(*b"the sample nonce").protocol("ours");
    let accept = negotiate(&handshake.request_headers()).expect("our own request");
    assert_eq!(
        (accept.key.as_str(), &accept.protocols[..], accept.deflate),
        (KEY, &["ours".into()][..], None)
    );

    let good = accept.response_headers(Some("ours"));
    assert_eq!(handshake.check(ok, &good).map(|established| established.protocol), Ok(Some("ours")));
    let refused = StatusCode::UNAUTHORIZED;
    assert_eq!(handshake.check(refused, &good), Err(HandshakeError::Status(refused)));

    let changed = |name: HeaderName, value: &'static str| {
        let mut headers = good.clone();
        headers.insert(name, HeaderValue::from_static(value));
        handshake.check(ok, &headers).err()
    };
    assert_eq!(changed(header::UPGRADE, "h2c"), Some(HandshakeError::NotWebSocket));
    assert_eq!(changed(header::CONNECTION, "close"), Some(HandshakeError::NotUpgrade));
    assert_eq!(changed(header::SEC_WEBSOCKET_ACCEPT, KEY), Some(HandshakeError::Accept));
    assert_eq!(changed(header::SEC_WEBSOCKET_PROTOCOL, "theirs"), Some(HandshakeError::Protocol));
    let not_offered = changed(header::SEC_WEBSOCKET_EXTENSIONS, "permessage-deflate");
    assert_eq!(not_offered, Some(HandshakeError::Extension));
}
