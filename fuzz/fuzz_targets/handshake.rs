//! Headers of an upgrade: an answer or a refusal, and no answer that the client did not ask for.
#![no_main]

use callboard_ws::negotiate;
use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|lines: Vec<(u8, &[u8])>| {
    const NAMES: [&str; 6] = [
        "upgrade",
        "connection",
        "sec-websocket-version",
        "sec-websocket-key",
        "sec-websocket-extensions",
        "sec-websocket-protocol",
    ];
    let mut headers = HeaderMap::new();
    for (name, value) in lines.iter().take(32) {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(HeaderName::from_static(NAMES[usize::from(*name) % NAMES.len()]), value);
        }
    }
    if let Ok(accept) = negotiate(&headers) {
        let answer = accept.response_headers(None);
        assert_eq!(answer.contains_key("sec-websocket-extensions"), accept.deflate.is_some());
    }
});
