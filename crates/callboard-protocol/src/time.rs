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
        if let Some(text) = Text::of(*self) {
            return formatter.write_str(text.as_str());
        }
        let (year, month, day) = civil(self.0.div_euclid(86_400_000));
        let ms = self.0.rem_euclid(86_400_000);
        let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
        write!(formatter, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", ms % 1000)
    }
}

/// The text of a time in the years 0 to 9999: every record has several, so it is made and read without detours.
struct Text([u8; 24]);

/// Where the parts of a text are: first byte, digits.
const PARTS: [(usize, usize); 7] = [(0, 4), (5, 2), (8, 2), (11, 2), (14, 2), (17, 2), (20, 3)];

impl Text {
    fn of(time: Time) -> Option<Self> {
        let (year, month, day) = civil(time.0.div_euclid(86_400_000));
        if !(0..=9999).contains(&year) {
            return None;
        }
        let ms = time.0.rem_euclid(86_400_000);
        let parts = [year, month, day, ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000];
        let mut text = *b"0000-00-00T00:00:00.000Z";
        for ((first, digits), mut part) in PARTS.into_iter().zip(parts) {
            for place in text[first..first + digits].iter_mut().rev() {
                *place = b'0' + (part % 10) as u8;
                part /= 10;
            }
        }
        Some(Text(text))
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The time of a text that is exactly what [`Text::of`] makes; anything else is for a whole parser.
    fn parse(text: &str) -> Option<Time> {
        let bytes: &[u8; 24] = text.as_bytes().try_into().ok()?;
        let mut parts = [0i64; 7];
        for ((first, digits), part) in PARTS.into_iter().zip(&mut parts) {
            for byte in &bytes[first..first + digits] {
                let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
                *part = *part * 10 + i64::from(digit);
            }
        }
        let [year, month, day, hour, minute, second, ms] = parts;
        let time = Time(
            days(year, month, day) * 86_400_000 + hour * 3_600_000 + minute * 60_000 + second * 1000 + ms,
        );
        // Months and hours that there are not, and other signs between the digits, come out different.
        (Text::of(time)?.0 == *bytes).then_some(time)
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

/// The day count of a date; the inverse of [`civil`], from the same source.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match Text::of(*self) {
            Some(text) => serializer.serialize_str(text.as_str()),
            None => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        if let Some(time) = Text::parse(&text) {
            return Ok(time);
        }
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

    #[test]
    fn the_short_way_says_what_the_parser_says() {
        let every = (-62_167_219_200_000..=253_402_207_200_000).step_by(86_399_999 * 37);
        for time in every.map(Time) {
            let text = time.to_string();
            let parsed: jiff::Timestamp = text.parse().expect("a time");
            assert_eq!((Text::parse(&text), parsed.as_millisecond()), (Some(time), time.0), "{text}");
        }
        // The parser's last day is one earlier.
        assert_eq!(Text::parse(&Time::MAX.to_string()), Some(Time::MAX));
    }

    #[test]
    fn other_texts_are_for_the_parser() {
        let read = |text: &str| serde_json::from_value::<Time>(text.into()).ok();
        assert_eq!(read("2026-11-21T10:00:00Z"), read("2026-11-21T10:00:00.000Z"));
        assert_eq!(read("2026-11-21T12:00:00.000+02:00"), read("2026-11-21T10:00:00.000Z"));
        for text in [
            "2026-13-21T10:00:00.000Z",
            "2026-02-30T10:00:00.000Z",
            "2026-11-21T25:00:00.000Z",
            "2026-11-21T10:00:00.00xZ",
            "2026-11-21T10-00-00.000Z",
            "soon",
        ] {
            assert_eq!((Text::parse(text), read(text)), (None, None), "{text}");
        }
        assert_eq!(Text::parse("2026-11-21 10:00:00.000Z"), None);
    }
}
