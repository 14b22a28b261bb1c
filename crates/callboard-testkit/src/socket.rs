//! A WebSocket client that does exactly what a test says: it reconnects, resumes and answers nothing by itself.

use crate::raw_http::parse_head;
use callboard_protocol::frame::{
    Auth, ClientFrame, ClientInfo, LogRequest, PROTOCOL, SUBPROTOCOL, ServerFrame, StatePosition, SubRequest,
};
use callboard_ws::{ClientHandshake, Encoded, Limits, Message, ReadOptions, Reader, Role, Writer, masked};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::{io, net::SocketAddr};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// How a socket is opened.
#[derive(Clone, Debug)]
pub struct SocketOptions {
    /// Path and query below the address.
    pub path: String,
    /// The value of `Host`; the address when absent.
    pub host: Option<String>,
    /// The value of `Origin`.
    pub origin: Option<String>,
    /// The token in the `Authorization` header.
    pub token: Option<String>,
    /// Whether to offer the subprotocol; without it the server is in seed-3 mode.
    pub subprotocol: bool,
    /// Whether to offer compression.
    pub deflate: bool,
}

impl Default for SocketOptions {
    fn default() -> Self {
        SocketOptions {
            path: "/ws".into(),
            host: None,
            origin: None,
            token: None,
            subprotocol: true,
            deflate: true,
        }
    }
}

/// What came from the server.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// A text message.
    Text(String),
    /// A WebSocket ping or pong.
    Control,
    /// The server closed, with its code and reason if it gave them.
    Closed(Option<(u16, String)>),
    /// The connection ended without a word.
    Dropped,
}

/// An open WebSocket.
pub struct Socket {
    reader: Reader<OwnedReadHalf>,
    writer: Writer<OwnedWriteHalf>,
    /// The subprotocol that the server chose.
    pub protocol: Option<&'static str>,
    /// Whether compression was agreed on.
    pub deflate: bool,
}

/// The greeting of a client with this name, and what it already has.
pub fn hello(instance: &str, token: Option<&str>, resume: Option<StatePosition>) -> ClientFrame {
    ClientFrame::Hello {
        protocol: PROTOCOL,
        client: ClientInfo { name: "testkit".into(), version: "0".into(), instance: instance.into() },
        auth: token.map(|token| Auth { token: token.into() }),
        subs: Some(vec![SubRequest {
            sub: "main".into(),
            paths: vec![String::new()],
            max_rate_ms: None,
            resume,
        }]),
        logs: Some(LogRequest { enabled: Some(false), ..LogRequest::default() }),
        caps: Some(vec!["parts".into()]),
        connection_count: None,
    }
}

impl Socket {
    /// Opens a socket.
    ///
    /// # Errors
    /// The transport's; `PermissionDenied` with the status when the server refused the upgrade.
    pub async fn open(to: SocketAddr, options: &SocketOptions) -> io::Result<Socket> {
        let mut handshake = ClientHandshake::new(fastrand::u128(..).to_ne_bytes()).deflate(options.deflate);
        if options.subprotocol {
            handshake = handshake.protocol(SUBPROTOCOL);
        }
        let mut stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        stream.write_all(request(to, options, &handshake).as_bytes()).await?;
        let (head, rest) = read_head(&mut stream).await?;
        let (status, headers) = head_of(&head)?;
        if status != StatusCode::SWITCHING_PROTOCOLS {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("the server said {status}")));
        }
        let agreed = handshake.check(status, &headers).map_err(io::Error::other)?;
        let limits =
            Limits { max_frame_bytes: 64 << 20, max_message_bytes: 64 << 20, max_inflated_bytes: 64 << 20 };
        let options =
            ReadOptions { role: Role::Client, limits, deflate: agreed.deflate, accept_binary: false };
        let (read, write) = stream.into_split();
        Ok(Socket {
            reader: Reader::with_prefix(read, options, &rest),
            writer: Writer::new(write, Role::Client),
            protocol: agreed.protocol,
            deflate: agreed.deflate.is_some(),
        })
    }

    /// Sends a message.
    ///
    /// # Errors
    /// The transport's.
    pub async fn send(&mut self, frame: &ClientFrame) -> io::Result<()> {
        let text = serde_json::to_string(frame).map_err(io::Error::other)?;
        self.send_text(&text).await
    }

    /// Sends any text.
    ///
    /// # Errors
    /// The transport's.
    pub async fn send_text(&mut self, text: &str) -> io::Result<()> {
        self.writer.write(&masked::text(text, fastrand::u32(..).to_ne_bytes())).await
    }

    /// Sends a frame that was made with `callboard_ws::masked`.
    ///
    /// # Errors
    /// The transport's.
    pub async fn send_frame(&mut self, frame: &Encoded) -> io::Result<()> {
        self.writer.write(frame).await
    }

    /// Passes over messages until the connection ends; the close code, if one came.
    pub async fn close_code(&mut self) -> Option<u16> {
        loop {
            match self.hear().await {
                Heard::Closed(close) => return close.map(|(code, _)| code),
                Heard::Dropped => return None,
                Heard::Text(_) | Heard::Control => {}
            }
        }
    }

    /// The next thing that comes. Cancel-safe.
    pub async fn hear(&mut self) -> Heard {
        match self.reader.next().await {
            Ok(Some(Message::Text(text))) => Heard::Text(text),
            Ok(Some(Message::Close(close))) => Heard::Closed(close.map(|close| (close.code, close.reason))),
            Ok(Some(_)) => Heard::Control,
            Ok(None) | Err(_) => Heard::Dropped,
        }
    }

    /// The next message.
    ///
    /// # Errors
    /// When the connection ends, or the text is no message of the protocol.
    pub async fn next(&mut self) -> io::Result<ServerFrame> {
        loop {
            match self.hear().await {
                Heard::Text(text) => {
                    return serde_json::from_str(&text)
                        .map_err(|error| io::Error::other(format!("{text}: {error}")));
                }
                Heard::Control => {}
                Heard::Closed(close) => return Err(io::Error::other(format!("closed: {close:?}"))),
                Heard::Dropped => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
    }

    /// Writes bytes past the codec, for frames that no client should send. Nothing may be pending.
    ///
    /// # Errors
    /// The transport's.
    pub async fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let stream: &TcpStream = self.writer.get_ref().as_ref();
        let mut rest = bytes;
        while !rest.is_empty() {
            stream.writable().await?;
            match stream.try_write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn request(to: SocketAddr, options: &SocketOptions, handshake: &ClientHandshake) -> String {
    let host = options.host.clone().unwrap_or_else(|| to.to_string());
    let mut text = format!("GET {} HTTP/1.1\r\nHost: {host}\r\n", options.path);
    if let Some(origin) = &options.origin {
        text.push_str(&format!("Origin: {origin}\r\n"));
    }
    if let Some(token) = &options.token {
        text.push_str(&format!("Authorization: Bearer {token}\r\n"));
    }
    for (name, value) in &handshake.request_headers() {
        text.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap_or_default()));
    }
    text + "\r\n"
}

/// The head of an answer, and what came after it in the same read.
async fn read_head(stream: &mut TcpStream) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            bytes.truncate(end);
            return Ok((bytes, rest));
        }
        if bytes.len() > 64 * 1024 || stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "no answer to the upgrade"));
        }
    }
}

fn head_of(head: &[u8]) -> io::Result<(StatusCode, HeaderMap)> {
    let (status, lines) = parse_head(head)?;
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let name = HeaderName::try_from(name).map_err(io::Error::other)?;
        headers.append(name, HeaderValue::try_from(value).map_err(io::Error::other)?);
    }
    Ok((StatusCode::from_u16(status).map_err(io::Error::other)?, headers))
}
