//! Points in time, as arguments and on the wire. The vocabulary has no clock.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Milliseconds since 1970-01-01 UTC; on the wire an RFC 3339 text with milliseconds and `Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, ts_rs::TS)]
#[ts(type = "string")]
pub struct Time(pub i64);

impl Time {
    /// The last millisecond of the year 9999, after which there is no RFC 3339 text.
    pub const MAX: Time = Time(253_402_300_799_999);

    /// This time and some milliseconds, at most [`Time::MAX`].
    pub fn plus_ms(self, ms: u64) -> Time {
        Time(self.0.saturating_add_unsigned(ms)).min(Time::MAX)
    }

    /// Milliseconds from an earlier time to this one; 0 when it is not earlier.
    pub fn since_ms(self, earlier: Time) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.0.div_euclid(86_400_000);
        let ms = self.0.rem_euclid(86_400_000);
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
        write!(formatter, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", ms % 1000)
    }
}

/// Year, month and day of a day count since 1970-01-01 (H. Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let parsed: Result<jiff::Timestamp, _> = text.parse();
        parsed.map(|at| Time(at.as_millisecond())).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_what_a_calendar_says() {
        for ms in [0, 1, -1, 951_782_400_000, 1_709_251_199_999, 4_102_444_800_000, -62_135_596_800_000] {
            let expected = jiff::Timestamp::from_millisecond(ms).expect("in range");
            assert_eq!(Time(ms).to_string(), format!("{expected:.3}"));
            let json = serde_json::to_string(&Time(ms)).expect("text");
            assert_eq!(serde_json::from_str::<Time>(&json).expect("valid"), Time(ms));
        }
    }
}
