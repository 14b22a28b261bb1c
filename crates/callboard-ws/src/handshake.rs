//! The server's side of the handshake.

use http::header::{
    CONNECTION, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};

use crate::accept::{check_upgrade, is_key, list, single};
use crate::{DeflateParams, HandshakeError, accept_key};

/// A request that may become a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accept {
    /// The client's `Sec-WebSocket-Key`.
    pub key: String,
    /// What was agreed for compression; set it to `None` to go without.
    pub deflate: Option<DeflateParams>,
    /// The subprotocols the client speaks, its favourite first; empty if it named none.
    pub protocols: Vec<String>,
}

/// Reads the headers of an upgrade request.
///
/// The caller checks what headers do not show: method GET, HTTP/1.1, `Host`, `Origin` and who is asking.
///
/// # Errors
/// [`HandshakeError::status`] is the answer to give.
pub fn negotiate(headers: &HeaderMap) -> Result<Accept, HandshakeError> {
    check_upgrade(headers)?;
    if single(headers, &SEC_WEBSOCKET_VERSION) != Some("13") {
        return Err(HandshakeError::Version);
    }
    let key = single(headers, &SEC_WEBSOCKET_KEY).filter(|key| is_key(key)).ok_or(HandshakeError::Key)?;
    let protocols: Vec<String> = list(headers, &SEC_WEBSOCKET_PROTOCOL).map(str::to_owned).collect();
    if !protocols.iter().all(|name| is_token(name)) {
        return Err(HandshakeError::Protocols);
    }
    Ok(Accept { key: key.to_owned(), deflate: DeflateParams::choose(headers), protocols })
}

impl Accept {
    /// Whether the client speaks `protocol`.
    pub fn offers(&self, protocol: &str) -> bool {
        self.protocols.iter().any(|offered| offered == protocol)
    }

    /// The headers of the answer, which must have status 101.
    ///
    /// `protocol` must be one that the client [offers](Self::offers), or `None`.
    ///
    /// # Panics
    /// If `protocol` cannot stand in a header; it is a constant of the caller.
    pub fn response_headers(&self, protocol: Option<&'static str>) -> HeaderMap {
        debug_assert!(protocol.is_none_or(|name| self.offers(name)), "the client did not offer {protocol:?}");
        let accept = HeaderValue::try_from(accept_key(&self.key)).expect("base64 is a header value");
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        if let Some(protocol) = protocol {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
        }
        if let Some(deflate) = self.deflate {
            headers.insert(SEC_WEBSOCKET_EXTENSIONS, deflate.answer());
        }
        headers
    }
}

/// A token of RFC 9110: visible ASCII without separators.
fn is_token(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
