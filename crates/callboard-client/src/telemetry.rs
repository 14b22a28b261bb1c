//! What a connection does, for people and for badges (S0.30 to S0.32).

use crate::ClientError;
use callboard_protocol::{Time, command::Role, frame::ServerInfo};

/// What the connection is doing.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Phase {
    /// Not started.
    #[default]
    Idle,
    /// The socket or the greeting is under way.
    Connecting,
    /// Connected; the state is on its way.
    Resyncing,
    /// Connected, and the mirror is what the server has.
    Open,
    /// A retry is due.
    Waiting {
        /// After this time.
        delay_ms: u64,
        /// That is at.
        until: Time,
    },
    /// No further try is made.
    Closed {
        /// Why, unless the client itself was closed.
        error: Option<ClientError>,
    },
}

impl Phase {
    /// The stable word, the same as in the TypeScript client.
    pub fn as_str(&self) -> &'static str {
        match self {
            Phase::Idle => "idle",
            Phase::Connecting => "connecting",
            Phase::Resyncing => "resyncing",
            Phase::Open => "open",
            Phase::Waiting { .. } => "waiting",
            Phase::Closed { .. } => "closed",
        }
    }
}

/// A connection's last failure. A success does not clear it (S0.31).
#[derive(Clone, Debug, PartialEq)]
pub struct LastError {
    /// What failed.
    pub error: ClientError,
    /// When.
    pub at: Time,
    /// The close code, if the server gave one.
    pub close_code: Option<u16>,
    /// The number of the try, from 1; 0 for a connection that was open.
    pub attempt: u32,
}

/// The connection's facts. Counters never fall.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Telemetry {
    /// What it is doing.
    pub phase: Phase,
    /// The number of the present try since the last connection, from 1; 0 while connected.
    pub attempt: u32,
    /// Tries that failed since the last connection. Already 0 when the phase says `open` (S0.34).
    pub consecutive_failures: u32,
    /// Times connected.
    pub connections: u32,
    /// When it connected last.
    pub last_connected_at: Option<Time>,
    /// When it was disconnected last.
    pub last_disconnected_at: Option<Time>,
    /// Of all outages that ended; grows only when a connection is there again (S0.31).
    pub total_downtime_ms: u64,
    /// The last round trip of a ping.
    pub rtt_ms: Option<u64>,
    /// Bytes received over all connections, as on the wire.
    pub bytes_in: u64,
    /// Bytes sent over all connections.
    pub bytes_out: u64,
    /// Messages received.
    pub messages: u64,
    /// Patches applied.
    pub patches: u64,
    /// Snapshots taken over.
    pub snapshots: u64,
    /// Requests for the state that were sent because it could not be continued.
    pub resyncs: u64,
    /// Checksums that were compared.
    pub checks: u64,
    /// Of these, how often the mirror was not what the server has; it was made anew.
    pub mismatches: u64,
    /// Patches or log lines that were found missing.
    pub gaps: u64,
    /// The last failure.
    pub last_error: Option<LastError>,
    /// Whether this connection is compressed.
    pub compression: bool,
    /// Who answered last.
    pub server: Option<ServerInfo>,
    /// What the token may do there.
    pub role: Option<Role>,
}

impl Telemetry {
    /// Whether a listener should be woken: counters alone do not count.
    pub(crate) fn differs_visibly(&self, other: &Telemetry) -> bool {
        self.phase != other.phase
            || self.attempt != other.attempt
            || self.connections != other.connections
            || self.rtt_ms != other.rtt_ms
            || self.resyncs != other.resyncs
            || self.gaps != other.gaps
            || self.last_error != other.last_error
    }
}
