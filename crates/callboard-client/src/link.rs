//! One WebSocket: opened, read and written.

use crate::{
    ClientError, Endpoint, caps,
    http::{body, connect, drive, refusal, request},
};
use ::http::{Method, Response, StatusCode, header};
use bytes::Bytes;
use callboard_protocol::{caps::MESSAGE_BYTES_OUT, frame::SUBPROTOCOL};
use callboard_ws::{
    ClientHandshake, DecodeError, Encoded, Established, Limits, Message, ReadError, ReadOptions, Reader,
    Role, Writer, masked,
};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use tokio::net::{
    TcpStream,
    tcp::{OwnedReadHalf, OwnedWriteHalf},
};

/// How to reach the server.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) token: Arc<str>,
    /// For `User-Agent`.
    pub(crate) agent: Arc<str>,
}

/// An open WebSocket that speaks our subprotocol.
pub(crate) struct Link {
    reader: Reader<OwnedReadHalf>,
    writer: Writer<OwnedWriteHalf>,
    pub(crate) deflate: bool,
}

/// What came out of a link.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    /// A text message.
    Text(String),
    /// The server closed, with its code if it gave one.
    Closed(Option<u16>, String),
    /// What the server compressed cannot be read.
    BadCompression,
    /// The connection failed.
    Failed(String),
}

impl Link {
    /// Opens a socket. The caller bounds the time.
    pub(crate) async fn open(target: Target, deflate: bool) -> Result<Link, ClientError> {
        let nonce = *uuid::Uuid::now_v7().as_bytes();
        let handshake = ClientHandshake::new(nonce).protocol(SUBPROTOCOL).deflate(deflate);
        let path = if deflate { "ws" } else { "ws?deflate=0" };
        let mut request = request(&target.endpoint, &target.token, Method::GET, path)?;
        request.headers_mut().extend(handshake.request_headers());
        if let Ok(agent) = target.agent.parse() {
            request.headers_mut().insert(header::USER_AGENT, agent);
        }
        let stream = connect(&target.endpoint).await?;
        let lost = |error: hyper::Error| {
            ClientError::offline(format!("the connection to {} was lost: {error}", target.endpoint))
        };
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(lost)?;
        let upgrade = async {
            let response =
                sender.send_request(request.map(|()| Empty::<Bytes>::new())).await.map_err(lost)?;
            if response.status() != StatusCode::SWITCHING_PROTOCOLS {
                return Err(refused(response).await);
            }
            let established = handshake.check(response.status(), response.headers());
            let established = established.map_err(|error| ClientError::protocol(error.to_string()))?;
            let upgraded = hyper::upgrade::on(response).await.map_err(lost)?;
            Link::new(upgraded, established)
        };
        drive(connection.with_upgrades(), upgrade).await
    }

    fn new(upgraded: hyper::upgrade::Upgraded, established: Established) -> Result<Link, ClientError> {
        if established.protocol.is_none() {
            return Err(ClientError::protocol(format!("the server does not speak {SUBPROTOCOL}")));
        }
        let parts = upgraded
            .downcast::<TokioIo<TcpStream>>()
            .map_err(|_| ClientError::protocol("the upgraded connection is none of ours"))?;
        let (read, write) = parts.io.into_inner().into_split();
        let limits = Limits {
            max_frame_bytes: MESSAGE_BYTES_OUT,
            max_message_bytes: MESSAGE_BYTES_OUT,
            max_inflated_bytes: MESSAGE_BYTES_OUT,
        };
        let options =
            ReadOptions { role: Role::Client, limits, deflate: established.deflate, accept_binary: false };
        Ok(Link {
            reader: Reader::with_prefix(read, options, &parts.read_buf),
            writer: Writer::new(write, Role::Client),
            deflate: established.deflate.is_some(),
        })
    }

    /// The next thing that happens; writes what is queued meanwhile. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Heard {
        loop {
            let message = tokio::select! {
                message = self.reader.next() => message,
                flushed = self.writer.flush(), if self.writer.pending_bytes() > 0 => match flushed {
                    Ok(()) => continue,
                    Err(error) => return Heard::Failed(format!("failed to write: {error}")),
                },
            };
            match message {
                Ok(Some(Message::Text(text))) => return Heard::Text(text),
                Ok(Some(Message::Ping(payload))) if self.has_room() => {
                    self.queue(masked::pong(&payload, mask()));
                }
                Ok(Some(Message::Ping(_) | Message::Pong(_) | Message::Binary(_))) => {}
                Ok(Some(Message::Close(Some(close)))) => {
                    return Heard::Closed(Some(close.code), close.reason);
                }
                Ok(Some(Message::Close(None)) | None) => return Heard::Closed(None, String::new()),
                Err(ReadError::Decode(DecodeError::BadDeflate)) => return Heard::BadCompression,
                Err(error) => return Heard::Failed(error.to_string()),
            }
        }
    }

    /// Queues a text message.
    pub(crate) fn send(&mut self, text: &str) {
        self.queue(masked::text(text, mask()));
    }

    /// Whether more may be queued.
    pub(crate) fn has_room(&self) -> bool {
        self.writer.pending_bytes() < caps::WRITE_BYTES
    }

    /// Bytes received and sent so far.
    pub(crate) fn traffic(&self) -> (u64, u64) {
        (self.reader.bytes_read(), self.writer.bytes_written())
    }

    /// Says goodbye, for a while at most. Needs nobody to wait for it.
    pub(crate) async fn close(mut self, code: u16, reason: &'static str) {
        self.queue(masked::close(code, reason, mask()));
        // Who does not listen any more misses nothing.
        let _ = tokio::time::timeout(caps::GOODBYE, self.writer.shutdown()).await;
    }

    fn queue(&mut self, frame: Encoded) {
        self.writer.queue(&[frame]);
    }
}

/// A masking key. It guards proxies on the way from bytes that a web page chose; no page chooses ours.
fn mask() -> [u8; 4] {
    fastrand::u32(..).to_ne_bytes()
}

/// Why the server did not upgrade. Only what another try cannot change is final.
async fn refused(response: Response<Incoming>) -> ClientError {
    let status = response.status();
    let is_final = matches!(status.as_u16(), 401 | 403 | 426 | 501);
    let body = body(response, caps::REFUSAL_BYTES).await.unwrap_or_default();
    refusal(status, &body).retryable(!is_final)
}
