//! The client's side of the handshake.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use http::header::{
    CONNECTION, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};

use crate::accept::{check_upgrade, single};
use crate::{DeflateParams, HandshakeError, accept_key};

/// One attempt to open a WebSocket: what to ask, and whether the answer will do.
///
/// ```
/// let handshake = callboard_ws::ClientHandshake::new([7; 16]).protocol("callboard.v1.json").deflate(true);
/// let headers = handshake.request_headers();
/// // A server's answer to them:
/// let accept = callboard_ws::negotiate(&headers)?;
/// let answer = accept.response_headers(Some("callboard.v1.json"));
/// let established = handshake.check(http::StatusCode::SWITCHING_PROTOCOLS, &answer)?;
/// assert_eq!(established.protocol, Some("callboard.v1.json"));
/// assert!(established.deflate.is_some());
/// # Ok::<(), callboard_ws::HandshakeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClientHandshake {
    key: String,
    protocols: Vec<&'static str>,
    deflate: bool,
}

/// What the server agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Established {
    /// For [`crate::ReadOptions::deflate`]; `Some` also allows [`crate::masked::text_deflated`].
    pub deflate: Option<DeflateParams>,
    /// The subprotocol it chose among ours, if any.
    pub protocol: Option<&'static str>,
}

impl ClientHandshake {
    /// `nonce` must be random and fresh for each connection.
    pub fn new(nonce: [u8; 16]) -> Self {
        Self { key: STANDARD.encode(nonce), protocols: Vec::new(), deflate: false }
    }

    /// Also offers the subprotocol `name`; the favourite comes first.
    #[must_use]
    pub fn protocol(mut self, name: &'static str) -> Self {
        self.protocols.push(name);
        self
    }

    /// Whether to offer `permessage-deflate`.
    #[must_use]
    pub fn deflate(mut self, offer: bool) -> Self {
        self.deflate = offer;
        self
    }

    /// The headers of the GET request, besides `Host` and the caller's own.
    ///
    /// # Panics
    /// If a subprotocol's name cannot stand in a header; it is a constant of the caller.
    pub fn request_headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        let key = HeaderValue::try_from(&self.key).expect("base64 is a header value");
        headers.insert(SEC_WEBSOCKET_KEY, key);
        if !self.protocols.is_empty() {
            let names = HeaderValue::try_from(self.protocols.join(", ")).expect("subprotocols are tokens");
            headers.insert(SEC_WEBSOCKET_PROTOCOL, names);
        }
        if self.deflate {
            headers.insert(SEC_WEBSOCKET_EXTENSIONS, DeflateParams::offer());
        }
        headers
    }

    /// Judges the server's answer. If it will do, the bytes after it are frames.
    ///
    /// # Errors
    /// [`HandshakeError::Status`] is the server's refusal; the others mean it does not speak the protocol.
    pub fn check(&self, status: StatusCode, headers: &HeaderMap) -> Result<Established, HandshakeError> {
        if status != StatusCode::SWITCHING_PROTOCOLS {
            return Err(HandshakeError::Status(status));
        }
        check_upgrade(headers)?;
        if single(headers, &SEC_WEBSOCKET_ACCEPT) != Some(accept_key(&self.key).as_str()) {
            return Err(HandshakeError::Accept);
        }
        let protocol = self.chosen_protocol(headers)?;
        let deflate = DeflateParams::check_answer(headers, self.deflate)?;
        Ok(Established { deflate, protocol })
    }

    fn chosen_protocol(&self, headers: &HeaderMap) -> Result<Option<&'static str>, HandshakeError> {
        if !headers.contains_key(SEC_WEBSOCKET_PROTOCOL) {
            return Ok(None);
        }
        let chosen = single(headers, &SEC_WEBSOCKET_PROTOCOL).ok_or(HandshakeError::Protocol)?;
        let ours = self.protocols.iter().copied().find(|name| *name == chosen);
        ours.map(Some).ok_or(HandshakeError::Protocol)
    }
}
