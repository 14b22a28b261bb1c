//! WebSocket: the upgrade, the shared view of the state, and a session per connection.

mod encode;
mod enter;
mod session;
mod session_logs;
mod snapshot;
mod upgrade;
mod view;

pub(crate) use upgrade::upgrade;
pub(crate) use view::View;
