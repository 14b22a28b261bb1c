//! Limits and defaults, each with its reason. What happens when one is reached is said beside it.

use std::{ops::RangeInclusive, time::Duration};

/// Items of a queue unless said otherwise (S1.10); the policy says what a full one does.
pub const QUEUE_ITEMS: usize = 100;
/// Items of a byte-bounded buffer unless said otherwise (S1.12); older ones make room.
pub const BUFFER_ITEMS: usize = 1000;
/// Bytes of a byte-bounded buffer unless said otherwise (S1.11); older items make room.
pub const BUFFER_BYTES: usize = 1024 * 1024;
/// Operations that a limiter runs at once unless said otherwise (S1.8).
pub const CONCURRENT: usize = 5;
/// Operations that wait for a limiter unless said otherwise (S1.8). Further ones are refused.
pub const WAITING: usize = 20;
/// Samples of progress that an estimate looks back on (S1.16). Older ones are forgotten.
pub const PROGRESS_SAMPLES: usize = 50;
/// Samples that an estimate needs before it speaks of a rate (X15).
pub const PROGRESS_SAMPLES_MIN: usize = 3;
/// The longest remaining time that is told, about 31 years; what is estimated longer is cut to it.
pub const ETA_MAX: Duration = Duration::from_secs(1_000_000_000);
/// Updates per second that a person can follow; a wish outside is moved to the nearer end (S1.18).
pub const UPDATE_HZ: RangeInclusive<f64> = 2.0..=10.0;
/// Calls that one window of a rate limiter remembers. A larger limit is cut to it; a bucket has no such limit.
pub const WINDOW_CALLS: usize = 65_536;
/// Values that windowed statistics look back on (S1.23). Older ones are forgotten.
pub const STATISTICS_VALUES: usize = 1000;
