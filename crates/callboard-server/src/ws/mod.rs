//! WebSocket: the upgrade, the shared view of the state, and a session per connection.

mod admission;
mod allowance;
mod broadcast;
mod chained;
mod check;
mod counters;
mod encode;
mod enter;
mod hub;
mod instances;
mod log_broadcast;
mod log_seat;
mod log_view;
mod outlet;
mod seat;
mod seats;
mod session;
mod session_input;
mod session_logs;
mod session_state;
mod snapshot;
mod stored;
mod upgrade;
mod view;

pub(crate) use counters::Counters;
pub(crate) use hub::Hub;
pub(crate) use upgrade::upgrade;
