//! Limits of a client, each with its reason. What happens when one is reached is said beside it.

use std::time::Duration;

/// Commands that wait in a client for a connection or an answer. Further ones fail with `overloaded`.
pub const COMMANDS: usize = 1024;
/// Requests on their way to the client's task. A full queue makes senders wait.
pub const REQUESTS: usize = 256;
/// Log events that a slow listener may be behind; then it hears of a gap.
pub const LOG_EVENTS: usize = 1024;
/// Lines that a client keeps for late listeners at most, whatever the server suggests (S3.17).
pub const LOG_LINES: usize = 10_000;
/// Lines asked for in one replay; the server sends no more.
pub const REPLAY_LINES: u32 = 2000;
/// Parts of one snapshot. More is a server that does not end; the connection is made anew.
pub const SNAPSHOT_PARTS: u32 = 65_536;
/// Frames waiting to be written, in bytes; above it no further command is taken up and pongs are left out.
pub const WRITE_BYTES: usize = 1024 * 1024;
/// Body of an HTTP answer that is read into memory. More fails with `too_large`.
pub const BODY_BYTES: usize = 64 * 1024 * 1024;
/// Body of a refused upgrade, read for its message; the rest is left.
pub const REFUSAL_BYTES: usize = 64 * 1024;

/// Time for the TCP connection and the upgrade, and again for `welcome`.
pub const OPEN: Duration = Duration::from_secs(10);
/// Time for a snapshot that was announced or asked for; each part begins it anew. Then the connection is made anew.
pub const SNAPSHOT: Duration = Duration::from_secs(10);
/// Least time between two requests for the state, so that a server that sends nonsense is not asked in a loop.
pub const RESYNC_PAUSE: Duration = Duration::from_millis(250);
/// A connection that lived this long was healthy: delays begin anew (S3.23).
pub const HEALTHY: Duration = Duration::from_secs(30);
/// Time for the outcome of a command. Servers keep outcomes for 10 minutes, so a longer one would not be safe.
pub const COMMAND: Duration = Duration::from_secs(30);
/// Time for an HTTP request.
pub const REQUEST: Duration = Duration::from_secs(30);
/// Time to say goodbye.
pub const GOODBYE: Duration = Duration::from_secs(1);
