//! Close codes of our own (4000–4499: connect again; 4500–4999: do not).

/// Orderly end.
pub const NORMAL: u16 = 1000;
/// The server stops.
pub const GOING_AWAY: u16 = 1001;
/// A message over the cap; do not send it again.
pub const TOO_BIG: u16 = 1009;
/// The server is overloaded.
pub const OVERLOAD: u16 = 1013;
/// No sign of life.
pub const HEARTBEAT_TIMEOUT: u16 = 4000;
/// No `hello` in time.
pub const HELLO_TIMEOUT: u16 = 4001;
/// The client does not read.
pub const STALLED: u16 = 4002;
/// More messages than a connection may send.
pub const RATE_LIMITED: u16 = 4005;
/// No or a wrong token.
pub const UNAUTHORIZED: u16 = 4500;
/// The token may not do this.
pub const FORBIDDEN: u16 = 4501;
/// Another protocol number.
pub const PROTOCOL_UNSUPPORTED: u16 = 4502;
/// A frame that is no message.
pub const BAD_MESSAGE: u16 = 4503;
/// The same instance has opened another connection.
pub const REPLACED: u16 = 4504;
