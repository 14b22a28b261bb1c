//! What careful asynchronous programs need around their work: retries, cancellation, limits, bounded queues, progress.
//!
//! Two halves. `pure` decides: time and chance are its arguments, so it runs anywhere, also in a core that must not
//! know a clock. `timed` waits, on Tokio's clock, and asks the first half; it is the feature `runtime`, on by default.
//!
//! Reading order: `pure/backoff.rs`, `timed/retry.rs`; `timed/cancel.rs`; `timed/limiter.rs`; the rest as needed.

pub mod caps;
mod pure;
#[cfg(feature = "runtime")]
mod timed;

/// The example of the README, so that it stays true.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use pure::{
    action::{Action, Happening},
    backoff::Backoff,
    bucket::TokenBucket,
    buffer::{BufferOptions, BufferStats, ByteBuffer, ByteSize},
    cadence::{Cadence, ValueSmoother},
    estimate::{Estimate, Estimator},
    operation::{AsyncOperation, OperationState},
    queue::{BoundedQueue, DropPolicy, Pushed, QueueStats, UnknownDropPolicy},
    selector::Selector,
    sliding::SlidingWindow,
    statistics::{Level, Statistics, Summary, Threshold},
};
#[cfg(feature = "runtime")]
pub use timed::{
    cancel::{CallbackGuard, CancelGuard, CancelToken, Cancelled, Reason, sleep, timeout},
    debounce::Debounce,
    limiter::{Limiter, LimiterError, LimiterOptions, LimiterPermit, LimiterStats},
    rate::{RateLimiter, Throughput},
    retry::{Failure, Retry, RetryError, Retrying},
    semaphore::Semaphore,
    throttle::{Edges, Throttle},
};
