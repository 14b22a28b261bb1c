//! What waits, on paused time: no test here depends on how fast the machine is.

mod cancel;
mod edges;
mod leaks;
mod limiter;
mod rate;
mod retry;
