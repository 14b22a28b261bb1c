//! WebSocket: the upgrade, the shared view of the state, and a session per connection.

mod broadcast;
mod chained;
mod encode;
mod enter;
mod hub;
mod outlet;
mod seat;
mod seats;
mod session;
mod session_input;
mod session_logs;
mod session_state;
mod snapshot;
mod upgrade;
mod view;

pub(crate) use hub::Hub;
pub(crate) use upgrade::upgrade;
