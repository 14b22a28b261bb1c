//! Starting and stopping a server.

use crate::{
    access::{Failures, Gate, LaunchCodes, TokenError, Tokens, write_private},
    http::{App, router, stream_places},
    ws::{Counters, Hub},
};
use callboard::Board;
use callboard_protocol::{caps, command::Role};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

/// How a board is served.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// The folder for tokens and `cli.json`, which tells the command line where the server is.
    pub data: PathBuf,
    /// A loopback address.
    pub host: IpAddr,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// The path prefix, `/` for none.
    pub base_path: String,
    /// Origins of pages beside our own that may use it, as browsers write them: `http://127.0.0.1:5173`.
    pub origins: Vec<String>,
}

/// A server could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Only loopback is served without TLS.
    #[error("{0} is not a loopback address; this version serves 127.0.0.1 and ::1 only")]
    NotLoopback(IpAddr),
    /// The prefix does not fit.
    #[error("the base path {0:?} must be made of letters, digits, '-', '_', '.' and '/'")]
    BadBasePath(String),
    /// An origin that no browser would send.
    #[error("{0:?} is no origin: it must be SCHEME://HOST or SCHEME://HOST:PORT")]
    BadOrigin(String),
    /// The port.
    #[error("failed to listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Tokens.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// `cli.json` or randomness.
    #[error("failed to write {path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A server that runs. Dropping it stops accepting connections; [`Running::shutdown`] also ends the open ones.
pub struct Running {
    /// `http://host:port/prefix/`.
    pub url: String,
    /// The same with a one-time launch code, good for a minute.
    pub launch_url: String,
    /// A token for the command line, also in `cli.json`.
    pub token: String,
    /// Where it listens.
    pub address: SocketAddr,
    counters: Arc<Counters>,
    stop: CancellationToken,
    sessions: TaskTracker,
    accepting: tokio::task::JoinHandle<()>,
}

impl Running {
    /// What happened to live connections since the start, by name: `folds`, `storedFolds`, `snapshots`, `checks`,
    /// `keyframes`, `stalled`, `unread`, `overloaded`, `rateLimited`, `replaced`, `viewsRefused` (X9). The numbers
    /// only grow.
    pub fn counters(&self) -> Vec<(&'static str, u64)> {
        self.counters.all()
    }

    /// Says goodbye to all connections and stops. Idempotent.
    pub async fn shutdown(&mut self) {
        self.stop.cancel();
        // A panic of the accept loop has been reported; there is nothing left to wait for.
        let _ = (&mut self.accepting).await;
        self.sessions.close();
        // Those that do not read their goodbye are cut off.
        let _ = tokio::time::timeout(Duration::from_secs(2), self.sessions.wait()).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A connection's place among [`caps::CONNECTIONS`], held as long as it is open: by what answers its requests, and by
/// the session that it may become.
#[derive(Clone)]
pub(crate) struct ConnectionPlace(#[expect(dead_code, reason = "it is held")] Arc<OwnedSemaphorePermit>);

/// Connections that the system has made and that were not taken yet; it may allow fewer. Who finds no place is asked
/// again by the system, after a second and then ever later.
const ACCEPT_QUEUE: i32 = 16_384;

/// The command line's token ends after ten years; it is made anew when `cli.json` is missing or its token has ended.
const CLI_TTL_MS: u64 = 10 * 365 * 24 * 3_600_000;

/// Serves a board.
///
/// # Errors
/// See [`ServeError`]. Nothing listens then.
pub async fn serve(board: Board, options: ServeOptions) -> Result<Running, ServeError> {
    let places = Places { connections: caps::CONNECTIONS, snapshots: caps::SNAPSHOT_SENDS };
    serve_up_to(places, board, options).await
}

/// How many there may be at once.
#[derive(Clone, Copy)]
struct Places {
    connections: usize,
    /// On their way to clients.
    snapshots: usize,
}

async fn serve_up_to(places: Places, board: Board, options: ServeOptions) -> Result<Running, ServeError> {
    if !options.host.is_loopback() {
        return Err(ServeError::NotLoopback(options.host));
    }
    let base = base_path(&options.base_path)?;
    if let Some(bad) = options.origins.iter().find(|origin| !is_origin(origin)) {
        return Err(ServeError::BadOrigin(bad.clone()));
    }
    let wanted = SocketAddr::new(options.host, options.port);
    let fail = |source| ServeError::Listen { address: wanted, source };
    let listener = TcpListener::bind(wanted).await.map_err(fail)?;
    // A herd that finds the queue full comes seconds later, when the system asks again.
    rustix::net::listen(&listener, ACCEPT_QUEUE).map_err(|errno| fail(errno.into()))?;
    let address = listener.local_addr().map_err(fail)?;
    let url = format!("http://{address}{base}");

    let tokens = Tokens::open(&options.data.join("tokens.json"))?;
    let cli_file = options.data.join("cli.json");
    let token = match kept_token(&cli_file).filter(|token| tokens.check(token).is_some()) {
        Some(token) => token,
        None => tokens.create("cli", Role::Admin, CLI_TTL_MS)?.token,
    };
    let launch = LaunchCodes::default();
    let io_error = |source| ServeError::Io { path: cli_file.clone(), source };
    let code = launch.issue().map_err(io_error)?;
    let cli = serde_json::json!({ "url": url, "token": token, "pid": std::process::id() });
    write_private(&cli_file, cli.to_string().as_bytes()).map_err(io_error)?;

    let names = [address.to_string(), format!("localhost:{}", address.port())];
    let own = names.iter().map(|name| format!("http://{name}"));
    let origins = own.chain(options.origins.iter().map(|origin| origin.to_ascii_lowercase())).collect();
    let gate = Gate { tokens, launch, failures: Failures::default(), hosts: names.into(), origins };
    let stop = CancellationToken::new();
    let sessions = TaskTracker::new();
    let hub = Hub::start(board.clone(), stop.clone(), places.snapshots);
    let counters = hub.counters.clone();
    let app = App {
        hub,
        board,
        gate: Arc::new(gate),
        base: base.as_str().into(),
        url: url.as_str().into(),
        sessions: sessions.clone(),
        streams: stream_places(),
        tally: Arc::default(),
    };
    let accepting = tokio::spawn(accept(listener, app, places.connections, stop.clone()));
    let launch_url = format!("{url}#launch={code}");
    Ok(Running { url, launch_url, token, address, counters, stop, sessions, accepting })
}

/// The token of an earlier start, so that commands which are under way survive a restart.
fn kept_token(cli_file: &Path) -> Option<String> {
    let text = std::fs::read(cli_file).ok()?;
    let cli: serde_json::Value = serde_json::from_slice(&text).ok()?;
    Some(cli.get("token")?.as_str()?.to_owned())
}

fn base_path(text: &str) -> Result<String, ServeError> {
    let trimmed = text.trim_matches('/');
    let fits = trimmed.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
    if !fits || trimmed.split('/').any(|segment| segment == "..") {
        return Err(ServeError::BadBasePath(text.into()));
    }
    Ok(if trimmed.is_empty() { "/".into() } else { format!("/{trimmed}/") })
}

/// Whether a text is an origin as browsers write it. `null` and `*` are none: they would be anybody.
fn is_origin(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, host)| {
        matches!(scheme, "http" | "https")
            && !host.is_empty()
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte))
    })
}

/// Takes connections, so many at once, until told to stop; then waits for the open ones to say goodbye.
async fn accept(listener: TcpListener, app: App, places: usize, stop: CancellationToken) {
    let tally = app.tally.clone();
    let service = router(app);
    let free = Arc::new(Semaphore::new(places));
    let mut connections = JoinSet::new();
    loop {
        let (stream, from) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            () = stop.cancelled() => break,
        };
        // Over the limit the connection is closed at once; clients come back with backoff.
        let Ok(permit) = free.clone().try_acquire_owned() else {
            tally.refused_connection();
            continue;
        };
        let place = ConnectionPlace(Arc::new(permit));
        let service =
            service.clone().map_request(move |mut request: http::Request<hyper::body::Incoming>| {
                request.extensions_mut().insert(from);
                request.extensions_mut().insert(place.clone());
                request
            });
        let stop = stop.clone();
        connections.spawn(connection(stream, TowerToHyperService::new(service), stop));
    }
    let goodbye = async { while connections.join_next().await.is_some() {} };
    // Those that do not hear it are cut off.
    let _ = tokio::time::timeout(Duration::from_secs(2), goodbye).await;
}

async fn connection<S>(stream: TcpStream, service: S, stop: CancellationToken)
where
    S: hyper::service::Service<
            http::Request<hyper::body::Incoming>,
            Response = http::Response<axum::body::Body>,
        >,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    S::Future: Send,
    S: Send,
{
    // Small frames must not wait for each other; without it they only come later.
    let _ = stream.set_nodelay(true);
    let mut server = hyper::server::conn::http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(Duration::from_millis(caps::HEADER_MS));
    let connection = server.serve_connection(TokioIo::new(stream), service).with_upgrades();
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        served = connection.as_mut() => {
            if let Err(error) = served {
                tracing::debug!(%error, "a connection ended with an error");
            }
        }
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

#[cfg(test)]
#[path = "serve_tests.rs"]
mod tests;
