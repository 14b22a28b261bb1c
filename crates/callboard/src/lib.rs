//! Callboard, embeddable: jobs in, one live state out.
//!
//! A [`Board`] runs jobs, keeps one authoritative, versioned state, and journals every change before anybody sees
//! it. Read [`board`](Board) first, then `writer.rs` (one task decides and stores), `follow.rs` (how everybody else
//! reads), `attempt.rs` (one try of a job from start to end).

mod attempt;
mod attempt_runtime;
mod board;
mod clock;
mod eta;
mod handle;
mod history;
mod logs;
mod open;
mod ring;
mod shared;
mod typed;
mod writer;

pub use board::{Board, StateView};
pub use callboard_core::Limits;
pub use callboard_exec as exec;
pub use callboard_journal as journal;
pub use callboard_protocol as protocol;
pub use handle::{JobEnd, JobHandle, RawHandle};
pub use history::{JobListing, JobListingQuery, LogListing};
pub use logs::{LogFilter, LogHub, LogPage};
pub use open::{BoardOptions, OpenError};
pub use ring::Window;
pub use typed::{Execute, Job, JobContext, JobFailure};
