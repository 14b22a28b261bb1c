//! How a client connects.

use crate::{ClientError, Endpoint};
use callboard_protocol::{config::WsConfig, frame::LogRequest};

/// How a client connects and what it wants to hear.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the server is.
    pub endpoint: Endpoint,
    /// The bearer token, sent as a header and never in a URL.
    pub token: String,
    /// Who connects, for the server's list of clients.
    pub name: String,
    /// The version of who connects.
    pub version: String,
    /// Which log lines to receive; `None` for no lines.
    pub logs: Option<LogRequest>,
    /// Whether to keep a mirror of the state. Without it [`crate::JobHandle::wait`] cannot be used.
    pub mirror: bool,
    /// Whether to offer compression. On loopback it costs more than it saves.
    pub deflate: bool,
    /// How to behave until the server has said how.
    pub ws: WsConfig,
}

impl Options {
    /// A mirror without logs.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub fn new(url: &str, token: &str) -> Result<Self, ClientError> {
        Ok(Options {
            endpoint: Endpoint::parse(url)?,
            token: token.into(),
            name: env!("CARGO_PKG_NAME").into(),
            version: env!("CARGO_PKG_VERSION").into(),
            logs: None,
            mirror: true,
            deflate: true,
            ws: WsConfig::default(),
        })
    }

    /// Under another name.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Options { name: name.into(), ..self }
    }

    /// Also with these log lines.
    #[must_use]
    pub fn with_logs(self, request: LogRequest) -> Self {
        Options { logs: Some(request), ..self }
    }
}
