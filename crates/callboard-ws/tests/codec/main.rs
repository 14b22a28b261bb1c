//! Tests of the codec from outside, in one binary so that they link once.

mod bounds;
mod chain;
mod deflate;
mod differential;
mod garbage;
mod handshake;
mod interop;
mod kept;
mod kit;
mod sender;
mod shared;
mod streams;
mod violations;
mod writer;
