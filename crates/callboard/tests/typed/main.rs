//! The typed library (S2): what happens, in which order, seen from outside.

mod board;
mod bus;
mod cached;
mod handles;
mod kit;
mod observers;
mod orchestrators;
mod sagas;
mod traces;
