//! The time of day.

use callboard_protocol::Time;
use std::time::{SystemTime, UNIX_EPOCH};

/// Now.
pub(crate) fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    Time(i64::try_from(since).unwrap_or(i64::MAX))
}

/// A time of day for people, in their own time zone.
pub(crate) fn local(time: Time) -> String {
    jiff::Timestamp::from_millisecond(time.0).map_or_else(
        |_| time.to_string(),
        |at| at.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S%.3f").to_string(),
    )
}
