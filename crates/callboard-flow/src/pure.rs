//! What decides: no clock, no randomness, no waiting. Time and chance are arguments.
//!
//! A time is a [`Duration`](std::time::Duration) since an origin of the caller's choice, read from one monotonic
//! clock (X15). It never has to be a date.

pub(crate) mod action;
pub(crate) mod backoff;
pub(crate) mod bucket;
pub(crate) mod buffer;
pub(crate) mod cadence;
pub(crate) mod estimate;
pub(crate) mod operation;
pub(crate) mod queue;
pub(crate) mod selector;
pub(crate) mod sliding;
pub(crate) mod statistics;
