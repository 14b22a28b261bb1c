//! Conversations with tungstenite over real sockets, handshake included, in both roles.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use callboard_ws::{
    ClientHandshake, CloseFrame, Encoded, Message, ReadOptions, Reader, Role, Writer, frame, masked,
    negotiate,
};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{StatusCode, header};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::kit::*;

type Theirs = tungstenite::Message;

const TIMEOUT: Duration = Duration::from_secs(20);
const KEY: [u8; 4] = [0xA1, 0xB2, 0xC3, 0xD4];

/// The head of a request or an answer: its first line, its headers, and what came after it.
async fn read_head(stream: &mut TcpStream) -> (String, HeaderMap, Vec<u8>) {
    let mut bytes = Vec::new();
    let end = loop {
        assert!(bytes.len() < 8192, "the head is too long");
        assert!(stream.read_buf(&mut bytes).await.expect("it reads") > 0, "the head is cut off");
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = std::str::from_utf8(&bytes[..end]).expect("a head is ASCII");
    let mut lines = head.split("\r\n");
    let first = lines.next().expect("a head has a line").to_owned();
    let headers = lines.filter_map(|line| line.split_once(':')).map(|(name, value)| {
        let name: HeaderName = name.parse().expect("a header's name");
        (name, HeaderValue::from_str(value.trim()).expect("a header's value"))
    });
    (first, headers.collect(), bytes[end..].to_vec())
}

fn head(first: &str, headers: &HeaderMap) -> Vec<u8> {
    let mut head = format!("{first}\r\n").into_bytes();
    for (name, value) in headers {
        head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    head.extend(b"\r\n");
    head
}

type Socket = (Reader<OwnedReadHalf>, Writer<OwnedWriteHalf>);

fn socket(stream: TcpStream, options: ReadOptions, prefix: &[u8]) -> Socket {
    let (read, write) = stream.into_split();
    (Reader::with_prefix(read, options, prefix), Writer::new(write, options.role))
}

async fn accept(listener: &TcpListener) -> Socket {
    let (mut stream, _) = listener.accept().await.expect("it accepts");
    let (_, headers, rest) = read_head(&mut stream).await;
    let accept = negotiate(&headers).expect("tungstenite's request is good");
    assert_eq!(accept.deflate, None, "tungstenite offers no compression");
    assert!(accept.offers("callboard.v1.json"));
    let answer = accept.response_headers(Some("callboard.v1.json"));
    stream.write_all(&head("HTTP/1.1 101 Switching Protocols", &answer)).await.expect("it writes");
    socket(stream, ReadOptions { deflate: None, ..SERVER }, &rest)
}

async fn connect(address: SocketAddr) -> Socket {
    let mut stream = TcpStream::connect(address).await.expect("it connects");
    let handshake = ClientHandshake::new([5; 16]).deflate(true);
    let mut headers = handshake.request_headers();
    headers.insert(header::HOST, HeaderValue::from_static("localhost"));
    stream.write_all(&head("GET /ws HTTP/1.1", &headers)).await.expect("it writes");
    let (first, answer, rest) = read_head(&mut stream).await;
    assert!(first.starts_with("HTTP/1.1 101"), "{first}");
    let established = handshake.check(StatusCode::SWITCHING_PROTOCOLS, &answer).expect("a good answer");
    assert_eq!(established.deflate, None, "tungstenite ignores the offer");
    socket(stream, ReadOptions { deflate: None, ..CLIENT }, &rest)
}

/// Sends back what comes, as a peer of the given role, until the other side closes.
async fn echo((mut reader, mut writer): Socket, role: Role) -> Option<CloseFrame> {
    let encode = |message: &Message| -> Encoded {
        match (message, role) {
            (Message::Text(text), Role::Server) => frame::text(text),
            (Message::Text(text), Role::Client) => masked::text(text, KEY),
            (Message::Binary(bytes), Role::Server) => frame::binary(bytes),
            (Message::Binary(bytes), Role::Client) => masked::binary(bytes, KEY),
            (Message::Ping(bytes), Role::Server) => frame::pong(bytes),
            (Message::Ping(bytes), Role::Client) => masked::pong(bytes, KEY),
            (other, _) => panic!("{other:?} is not echoed"),
        }
    };
    while let Some(message) = reader.next().await.expect("the peer is sound") {
        if let Message::Close(close) = message {
            let code = close.as_ref().map_or(1000, |close| close.code);
            let answer = match role {
                Role::Server => frame::close(code, ""),
                Role::Client => masked::close(code, "", KEY),
            };
            writer.write(&answer).await.expect("it writes");
            writer.shutdown().await.expect("it shuts down");
            return close;
        }
        writer.write(&encode(&message)).await.expect("it writes");
    }
    panic!("the peer left without a close");
}

/// Says one of everything to an echo and closes.
fn converse<S: std::io::Read + std::io::Write>(socket: &mut tungstenite::WebSocket<S>) {
    let mut rng = fastrand::Rng::with_seed(3);
    let mut ask = |said: Vec<Theirs>, expected: Theirs| {
        said.into_iter().for_each(|message| socket.send(message).expect("it sends"));
        assert_eq!(socket.read().expect("it answers"), expected);
    };
    for length in [0, 1, 125, 126, 65_535, 65_536, 200_000] {
        let text = Theirs::text(random_text(&mut rng, length));
        ask(vec![text.clone()], text);
        let bytes = Theirs::binary(vec![7; length]);
        ask(vec![bytes.clone()], bytes);
    }
    let part = |data, fin, text: &'static str| Theirs::Frame(Frame::message(text, OpCode::Data(data), fin));
    ask(vec![Theirs::Ping("now".into())], Theirs::Pong("now".into()));
    let fragments = vec![
        part(Data::Text, false, "frag"),
        part(Data::Continue, false, ""),
        part(Data::Continue, true, "ments"),
    ];
    ask(fragments, Theirs::text("fragments"));
    let close = tungstenite::protocol::CloseFrame { code: 4001.into(), reason: "done".into() };
    socket.close(Some(close)).expect("it closes");
    let answer = socket.read().expect("the close is answered");
    assert!(matches!(answer, Theirs::Close(Some(close)) if u16::from(close.code) == 4001));
    match socket.read() {
        Err(tungstenite::Error::ConnectionClosed) => {}
        Err(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::ConnectionReset => {}
        other => panic!("the connection should be closed, got {other:?}"),
    }
}

async fn join(thread: JoinHandle<()>) {
    let joined = tokio::task::spawn_blocking(|| thread.join()).await.expect("it waits");
    joined.expect("tungstenite's side holds");
}

#[tokio::test]
async fn our_server_their_client() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("it binds");
    let address = listener.local_addr().expect("it is bound");
    let client = thread::spawn(move || {
        let stream = std::net::TcpStream::connect(address).expect("it connects");
        stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
        let uri = "ws://localhost/ws".parse().expect("a URI");
        let request = tungstenite::ClientRequestBuilder::new(uri).with_sub_protocol("callboard.v1.json");
        let (mut socket, _) = tungstenite::client(request, stream).expect("the handshake holds");
        converse(&mut socket);
    });
    let echo = async { echo(accept(&listener).await, Role::Server).await };
    let close = tokio::time::timeout(TIMEOUT, echo).await.expect("it ends");
    assert_eq!(close, Some(CloseFrame { code: 4001, reason: "done".into() }));
    join(client).await;
}

#[tokio::test]
async fn our_client_their_server() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("it binds");
    let address = listener.local_addr().expect("it is bound");
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("it accepts");
        stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
        converse(&mut tungstenite::accept(stream).expect("the handshake holds"));
    });
    let echo = async { echo(connect(address).await, Role::Client).await };
    let close = tokio::time::timeout(TIMEOUT, echo).await.expect("it ends");
    assert_eq!(close, Some(CloseFrame { code: 4001, reason: "done".into() }));
    join(server).await;
}

/// We close first: the peer's answer comes, then the end.
#[tokio::test]
async fn our_client_closes_first() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("it binds");
    let address = listener.local_addr().expect("it is bound");
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("it accepts");
        stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
        let mut socket = tungstenite::accept(stream).expect("the handshake holds");
        let close = socket.read().expect("a close");
        assert!(matches!(close, Theirs::Close(Some(close)) if close.reason.as_str() == "enough"));
        assert!(matches!(socket.read(), Err(tungstenite::Error::ConnectionClosed)));
    });
    let conversation = async {
        let (mut reader, mut writer) = connect(address).await;
        writer.write(&masked::close(1000, "enough", KEY)).await.expect("it writes");
        let answer = reader.next().await.expect("the peer is sound");
        assert!(matches!(answer, Some(Message::Close(Some(close))) if close.code == 1000));
        assert!(matches!(reader.next().await, Ok(None)));
    };
    tokio::time::timeout(TIMEOUT, conversation).await.expect("it ends");
    join(server).await;
}
