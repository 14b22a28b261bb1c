//! The proof that the answer to a handshake was meant for it, and the header rules both sides share.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONNECTION, HeaderMap, HeaderName, UPGRADE};
use sha1::{Digest, Sha1};

use crate::HandshakeError;

const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The value of `Sec-WebSocket-Accept` for a value of `Sec-WebSocket-Key`.
///
/// ```
/// assert_eq!(callboard_ws::accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
pub fn accept_key(key: &str) -> String {
    STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize())
}

/// Whether `key` is 16 bytes in base64.
pub(crate) fn is_key(key: &str) -> bool {
    key.len() == 24 && STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 16)
}

/// Checks the two headers that make a request or an answer an upgrade.
pub(crate) fn check_upgrade(headers: &HeaderMap) -> Result<(), HandshakeError> {
    if !list(headers, &UPGRADE).any(|name| name.eq_ignore_ascii_case("websocket")) {
        return Err(HandshakeError::NotWebSocket);
    }
    if !list(headers, &CONNECTION).any(|name| name.eq_ignore_ascii_case("upgrade")) {
        return Err(HandshakeError::NotUpgrade);
    }
    Ok(())
}

/// The only value of a header, or `None` if it is missing, repeated or not text.
pub(crate) fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok().map(str::trim),
        _ => None,
    }
}

/// The elements of a comma-separated header, over all its lines, without the empty ones.
pub(crate) fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .filter(|element| !element.is_empty())
}
