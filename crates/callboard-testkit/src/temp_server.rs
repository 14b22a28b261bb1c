//! A board and a server for it in this process, on a folder that goes away.

use crate::{
    raw_http::Request,
    socket::{Socket, SocketOptions, hello},
};
use callboard::{Board, BoardOptions, OpenError};
use callboard_exec::{Echo, KindError, Registry, Sleep};
use callboard_protocol::frame::StatePosition;
use callboard_server::{Running, ServeError, ServeOptions, serve};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};
use tempfile::TempDir;

/// A running server. Dropping it stops it without waiting; prefer [`TempServer::stop`].
pub struct TempServer {
    /// The board behind it.
    pub board: Board,
    running: Running,
    folder: TempDir,
    base: String,
}

/// A temporary server did not start.
#[derive(Debug, thiserror::Error)]
pub enum TempServerError {
    /// No folder.
    #[error("failed to create a folder: {0}")]
    Folder(#[from] io::Error),
    /// The board did not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The server did not start.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The usual kinds were there already.
    #[error(transparent)]
    Kind(#[from] KindError),
}

impl TempServer {
    /// A server with the kinds `echo` and `sleep`.
    ///
    /// # Errors
    /// See [`TempServerError`].
    pub async fn start() -> Result<TempServer, TempServerError> {
        TempServer::with(BoardOptions::default(), "/").await
    }

    /// A server of a board with these options, to which `echo`, `sleep` and the folder are added, below a prefix.
    ///
    /// # Errors
    /// See [`TempServerError`].
    pub async fn with(options: BoardOptions, base: &str) -> Result<TempServer, TempServerError> {
        TempServer::on(tempfile::Builder::new().prefix("callboard-").tempdir()?, options, base).await
    }

    /// Stops the server and starts another one on what it left, with these options.
    ///
    /// # Errors
    /// See [`TempServerError`].
    pub async fn restart(self, options: BoardOptions) -> Result<TempServer, TempServerError> {
        let base = self.base.clone();
        let folder = self.halt().await;
        TempServer::on(folder, options, &base).await
    }

    /// [`TempServer::with`] on a folder that has something in it already.
    ///
    /// # Errors
    /// See [`TempServerError`].
    pub async fn on(
        folder: TempDir,
        options: BoardOptions,
        base: &str,
    ) -> Result<TempServer, TempServerError> {
        let BoardOptions { mut registry, .. } = options;
        add_usual(&mut registry)?;
        let data = Some(folder.path().to_path_buf());
        let board = Board::open(BoardOptions { registry, data, ..options }).await?;
        let options = ServeOptions {
            data: folder.path().into(),
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            base_path: base.into(),
            origins: Vec::new(),
        };
        let running = serve(board.clone(), options).await?;
        Ok(TempServer { board, running, folder, base: base.into() })
    }

    /// `http://host:port/prefix/`.
    pub fn url(&self) -> &str {
        &self.running.url
    }

    /// The same with a one-time code.
    pub fn launch_url(&self) -> &str {
        &self.running.launch_url
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.running.address
    }

    /// A token of an admin.
    pub fn token(&self) -> &str {
        &self.running.token
    }

    /// What happened to live connections since the start.
    pub fn counters(&self) -> Vec<(&'static str, u64)> {
        self.running.counters()
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    /// A request that the gate lets pass: with the right `Host` and a token. The path starts at the root.
    pub fn request(&self, method: &str, path: &str) -> Request {
        self.anonymous(method, path).bearer(self.token())
    }

    /// A request with the right `Host` and without a token.
    pub fn anonymous(&self, method: &str, path: &str) -> Request {
        Request::new(method, path).header("Host", &self.address().to_string())
    }

    /// Options of a socket that the gate lets pass.
    pub fn socket_options(&self) -> SocketOptions {
        let path = format!("{}/ws", self.base.trim_end_matches('/'));
        SocketOptions { path, token: Some(self.token().into()), ..SocketOptions::default() }
    }

    /// A socket that has said hello, and perhaps what it already has. The welcome is the next message.
    ///
    /// # Errors
    /// The transport's.
    pub async fn socket(&self, resume: Option<StatePosition>) -> io::Result<Socket> {
        let mut socket = Socket::open(self.address(), &self.socket_options()).await?;
        socket.send(&hello(&format!("test-{:08x}", fastrand::u32(..)), None, resume)).await?;
        Ok(socket)
    }

    /// Stops server and board in order.
    pub async fn stop(self) {
        drop(self.halt().await);
    }

    async fn halt(mut self) -> TempDir {
        self.board.shutdown().await;
        self.running.shutdown().await;
        self.folder
    }
}

fn add_usual(registry: &mut Registry) -> Result<(), KindError> {
    registry.register(Echo::info(), Arc::new(Echo))?;
    registry.register(Sleep::info(), Arc::new(Sleep))
}

/// Waits for something that has to happen, at most ten seconds of (perhaps paused) time.
///
/// # Errors
/// `TimedOut`, with these words.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> io::Result<T> {
    let waited = tokio::time::timeout(Duration::from_secs(10), future).await;
    waited.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, format!("{what}: not within 10 s")))
}
