//! Callboard on a port: WebSocket sessions, HTTP, access control and the embedded Studio.
//!
//! Translates between the wire and a [`callboard::Board`]; decides nothing. One gate ([`access`]) stands before
//! every route, upgrades and static files included. Read `serve.rs`, then `ws/session.rs`.

mod access;
mod http;
mod serve;
mod studio;
mod ws;

pub use access::{NewToken, TokenError, Tokens};
pub use serve::{Running, ServeError, ServeOptions, serve};
