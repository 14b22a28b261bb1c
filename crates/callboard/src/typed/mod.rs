//! Typed jobs in this process: a description, what runs it, and a handle of its result (S2).
//!
//! Read [`Job`] first, then [`JobHandle`].

mod durable;
mod end;
mod handle;
mod outcome;
mod progress;

pub use durable::{Execute, Job, JobContext};
pub(crate) use durable::{adapt, kind_info, start_as};
pub use end::{Failure, JobEnd, JobFailure};
pub(crate) use handle::Ending;
pub use handle::{JobHandle, Settled};
pub use outcome::{AsyncState, JobResult};
pub(crate) use progress::Monotone;
pub use progress::ProgressStream;

/// A name that no other job has.
pub(crate) fn new_id() -> callboard_protocol::JobId {
    callboard_protocol::JobId::new(uuid().hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()))
}

/// UUIDv7: sortable by time, 74 random bits (W2.9). Not a secret, so a fast generator will do.
fn uuid() -> uuid::Uuid {
    let millis = crate::clock::wall().0.unsigned_abs();
    let random = fastrand::u128(..).to_le_bytes();
    let mut ten = [0; 10];
    ten.copy_from_slice(&random[..10]);
    uuid::Builder::from_unix_timestamp_millis(millis, &ten).into_uuid()
}
