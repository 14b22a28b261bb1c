//! A board with a journal that fails on request and executors that do what the test says.

mod attempts;
mod bulk;
mod clock;
mod context;
mod domains;
mod durable;
mod handles;
mod idle;
mod kit;
mod limits;
mod policies;
mod refused;
mod restart;
mod search;
mod workflows;
