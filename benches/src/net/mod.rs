//! The client's side of the benches.

pub(crate) mod arrivals;
mod counter;
pub(crate) mod http;
pub(crate) mod socket;
