//! The client over real sockets, against a server that does what the tests tell it.

mod connection;
mod fake;
mod requests;
