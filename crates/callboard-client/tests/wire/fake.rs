//! A server that does what a test tells it, over real sockets and the real codec.

use bytes::Bytes;
use callboard_protocol::{
    Epoch, Node, Time,
    command::Role,
    config::ServerConfig,
    frame::{ClientFrame, Limits, SUBPROTOCOL, ServerFrame, ServerInfo, SnapshotReason, SubStart},
};
use callboard_ws::{
    Compressor, Message, ReadOptions, Reader, Role as End, SharedText, Writer, frame, negotiate,
};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{ReadHalf, WriteHalf, split},
    net::TcpListener,
    sync::mpsc,
    task::JoinHandle,
};

/// How long anything in these tests may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// Waits, but not for ever.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future).await.expect("it happens in time")
}

type Io = TokioIo<hyper::upgrade::Upgraded>;
/// Answers a plain request: path and query in, status and body out.
pub(crate) type Answer = Arc<dyn Fn(&str) -> (u16, String) + Send + Sync>;

/// A listening server.
pub(crate) struct Fake {
    pub(crate) url: String,
    peers: mpsc::Receiver<Peer>,
    accepting: JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// One connection, seen from the server.
pub(crate) struct Peer {
    reader: Reader<ReadHalf<Io>>,
    writer: Writer<WriteHalf<Io>>,
    compressor: Option<Compressor>,
    pub(crate) query: Option<String>,
}

impl Fake {
    pub(crate) async fn start() -> Fake {
        Fake::answering(Arc::new(|_| (404, String::new()))).await
    }

    pub(crate) async fn answering(answer: Answer) -> Fake {
        Fake::listening(([127, 0, 0, 1], 0).into(), answer).await
    }

    pub(crate) async fn listening(address: std::net::SocketAddr, answer: Answer) -> Fake {
        let listener = TcpListener::bind(address).await.expect("the test's server works");
        let url = format!("http://{}/base/", listener.local_addr().expect("the test's server works"));
        let (sender, peers) = mpsc::channel(16);
        let accepting = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("the test's server works");
                let (sender, answer) = (sender.clone(), answer.clone());
                let service =
                    hyper::service::service_fn(move |request| serve(request, sender.clone(), answer.clone()));
                let connection = hyper::server::conn::http1::Builder::new();
                tokio::spawn(connection.serve_connection(TokioIo::new(stream), service).with_upgrades());
            }
        });
        Fake { url, peers, accepting }
    }

    /// The next connection.
    pub(crate) async fn peer(&mut self) -> Peer {
        soon(self.peers.recv()).await.expect("a connection")
    }

    /// The next connection, greeted; with its hello.
    pub(crate) async fn greeted(&mut self, start: SubStart) -> (Peer, ClientFrame) {
        let mut peer = self.peer().await;
        let hello = peer.next().await;
        peer.send(&welcome(start)).await;
        (peer, hello)
    }
}

async fn serve(
    mut request: Request<Incoming>,
    peers: mpsc::Sender<Peer>,
    answer: Answer,
) -> Result<Response<Full<Bytes>>, std::convert::Infallible> {
    let authorized = request.headers().get("authorization").is_some_and(|value| value == "Bearer secret");
    if !authorized {
        let body = r#"{"status":401,"code":"unauthorized","message":"no valid token","retryable":false}"#;
        return Ok(respond(401, body.to_owned()));
    }
    if request.uri().path() != "/base/ws" {
        let (status, body) =
            answer(request.uri().path_and_query().expect("the test's server works").as_str());
        return Ok(respond(status, body));
    }
    let query = request.uri().query().map(str::to_owned);
    let mut accept = negotiate(request.headers()).expect("the test's server works");
    if query.as_deref() == Some("deflate=0") {
        accept.deflate = None;
    }
    let mut response = respond(101, String::new());
    *response.headers_mut() = accept.response_headers(Some(SUBPROTOCOL));
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let (read, write) = split(TokioIo::new(upgraded.await.expect("the test's server works")));
        let limits = callboard_ws::Limits {
            max_frame_bytes: 1 << 20,
            max_message_bytes: 1 << 20,
            max_inflated_bytes: 1 << 20,
        };
        let options =
            ReadOptions { role: End::Server, limits, deflate: accept.deflate, accept_binary: false };
        let compressor = accept.deflate.map(|_| Compressor::new(6, 1));
        let _ = peers
            .send(Peer {
                reader: Reader::new(read, options),
                writer: Writer::new(write, End::Server),
                compressor,
                query,
            })
            .await;
    });
    Ok(response)
}

fn respond(status: u16, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(status).expect("the test's server works");
    response
}

impl Peer {
    /// The next message of the client.
    pub(crate) async fn next(&mut self) -> ClientFrame {
        match soon(self.reader.next()).await.expect("the test's server works") {
            Some(Message::Text(text)) => serde_json::from_str(&text).expect("the test's server works"),
            other => panic!("{other:?} instead of a message"),
        }
    }

    /// Waits for the client's goodbye; on a busy machine it may ask for a sign of life more than once before.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        loop {
            match soon(self.reader.next()).await.expect("the test's server works") {
                Some(Message::Close(close)) => return close.map(|close| close.code),
                Some(Message::Text(text)) if text.contains(r#""ping""#) => {}
                None => return None,
                other => panic!("{other:?} instead of a goodbye"),
            }
        }
    }

    pub(crate) async fn send(&mut self, frame: &ServerFrame) {
        self.send_text(&serde_json::to_string(frame).expect("the test's server works")).await;
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        let frame = SharedText::new(text).for_peer(self.compressor.as_ref()).clone();
        soon(self.writer.write(&frame)).await.expect("the test's server works");
    }

    pub(crate) async fn close(mut self, code: u16) {
        soon(self.writer.write(&frame::close(code, "as told"))).await.expect("the test's server works");
        let _ = soon(self.writer.shutdown()).await;
    }
}

pub(crate) fn config() -> ServerConfig {
    let mut config = ServerConfig::default();
    config.ws.reconnect_min_ms = 5;
    config.ws.reconnect_max_ms = 20;
    config
}

pub(crate) fn welcome(start: SubStart) -> ServerFrame {
    ServerFrame::Welcome {
        protocol: 1,
        server: ServerInfo { name: "fake".into(), version: "1".into(), node: "n".into() },
        session: "s".into(),
        role: Role::Operator,
        epoch: Epoch::new("e"),
        version: 1,
        server_time: Time(0),
        server_config: Box::new(config()),
        limits: Limits { max_message_bytes: 1 << 20, max_inflight: 8, max_subs: 1 },
        subs: [("main".to_owned(), start)].into(),
    }
}

pub(crate) fn snapshot(version: u64, json: &str) -> ServerFrame {
    ServerFrame::StateSnapshot {
        sub: None,
        epoch: Epoch::new("e"),
        state_version: version,
        data: Some(node(json)),
        entries: None,
        reason: SnapshotReason::Connect,
        part: None,
        more: None,
    }
}

pub(crate) fn patch(from: u64, to: u64, ops: &str) -> ServerFrame {
    let patch = serde_json::from_str(ops).expect("the test's server works");
    ServerFrame::StatePatch { sub: None, epoch: Epoch::new("e"), from_version: from, to_version: to, patch }
}

pub(crate) fn node(json: &str) -> Node {
    serde_json::from_str(json).expect("the test's server works")
}
