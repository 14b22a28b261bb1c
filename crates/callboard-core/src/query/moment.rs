//! Points in time: days and times of the calendar in UTC, or so long before now.

use super::range::{Compared, length_ms};
use callboard_protocol::Time;
use jiff::{Timestamp, ToSpan, civil::DateTime, tz::TimeZone};

/// From one moment to another, without the latter; an end that is absent is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moments {
    pub(super) from: Option<Point>,
    pub(super) until: Option<Point>,
}

/// A moment, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Point {
    At(i64),
    /// So long after now; negative before it.
    Now(i64),
}

impl Point {
    pub(super) fn ms(self, now: Time) -> i64 {
        match self {
            Point::At(ms) => ms,
            Point::Now(ms) => now.0.saturating_add(ms),
        }
    }
}

impl Moments {
    /// `None` when a moment cannot be read.
    pub(super) fn read(compared: Compared<'_>) -> Option<Moments> {
        let span = |text| span(text).map(|(from, until)| (Some(from), Some(until)));
        let (from, until) = match compared {
            // A day is not before itself: what is after it begins with the next one.
            Compared::Above(text) => (span(text)?.1, None),
            Compared::AtLeast(text) => (span(text)?.0, None),
            Compared::Below(text) => (None, span(text)?.0),
            Compared::AtMost(text) => (None, span(text)?.1),
            Compared::Between(low, high) => (span(low)?.0, span(high)?.1),
            Compared::Equal("*") => (None, None),
            Compared::Equal(text) => span(text)?,
        };
        Some(Moments { from, until })
    }

    pub(super) fn has(&self, at: Time, now: Time) -> bool {
        self.from.is_none_or(|from| at.0 >= from.ms(now))
            && self.until.is_none_or(|until| at.0 < until.ms(now))
    }
}

/// The first moment of what a text names, and the first one behind it: of a day, a minute, a second.
fn span(text: &str) -> Option<(Point, Point)> {
    if let Some(rest) = text.strip_prefix("now") {
        let ms = match rest.split_at_checked(1) {
            Some(("-", length)) => -(length_ms(length)? as i64),
            Some(("+", length)) => length_ms(length)? as i64,
            _ if rest.is_empty() => 0,
            _ => return None,
        };
        return Some((Point::Now(ms), Point::Now(ms + 1)));
    }
    let clock = text.split_once(['T', 't']).map(|(_, clock)| clock.split(['Z', 'z', '+', '-']).next());
    let unit = match clock.map(Option::unwrap_or_default) {
        None => 1.day(),
        Some(clock) if clock.contains('.') => 1.millisecond(),
        Some(clock) if clock.matches(':').count() < 2 => 1.minute(),
        Some(_) => 1.second(),
    };
    let first = match text.parse::<Timestamp>() {
        Ok(first) => first,
        // Without a zone it is UTC; one in brackets would be passed over.
        Err(_) if text.contains('[') => return None,
        Err(_) => text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp(),
    };
    let until = first.to_zoned(TimeZone::UTC).checked_add(unit).ok()?.timestamp();
    Some((Point::At(first.as_millisecond()), Point::At(until.as_millisecond())))
}
