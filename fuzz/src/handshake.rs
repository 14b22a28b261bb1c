//! Headers of an upgrade: an answer or a refusal, and no answer that the client did not ask for.

use callboard_ws::negotiate;
use http::{HeaderMap, HeaderName, HeaderValue};

const NAMES: [&str; 6] = [
    "upgrade",
    "connection",
    "sec-websocket-version",
    "sec-websocket-key",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
];

/// A header in each line: its first byte says which, the others are the value.
pub fn check(input: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in input.split(|byte| *byte == b'\n').take(32) {
        let [name, value @ ..] = line else { continue };
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(HeaderName::from_static(NAMES[usize::from(*name) % NAMES.len()]), value);
        }
    }
    if let Ok(accept) = negotiate(&headers) {
        let answer = accept.response_headers(None);
        assert_eq!(answer.contains_key("sec-websocket-extensions"), accept.deflate.is_some());
    }
}
