//! Numbers and lengths of time between two ends.

use super::lexer::{Form, Piece};

/// From one number to another; an end that is absent is open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range<T> {
    pub(super) low: Option<End<T>>,
    pub(super) high: Option<End<T>>,
}

/// One end of a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct End<T> {
    pub(super) value: T,
    /// Whether the value itself is within.
    pub(super) within: bool,
}

impl<T: PartialOrd> Range<T> {
    pub(super) fn has(&self, value: &T) -> bool {
        let above = |low: &End<T>| *value > low.value || (low.within && *value == low.value);
        let below = |high: &End<T>| *value < high.value || (high.within && *value == high.value);
        self.low.as_ref().is_none_or(above) && self.high.as_ref().is_none_or(below)
    }
}

/// How a value is compared: `>=2`, `2..5`, `2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared<'a> {
    Above(&'a str),
    AtLeast(&'a str),
    Below(&'a str),
    AtMost(&'a str),
    Between(&'a str, &'a str),
    Equal(&'a str),
}

impl<'a> Compared<'a> {
    pub(super) fn read(piece: &'a Piece) -> Self {
        let text = piece.text.as_str();
        if piece.form != Form::Bare {
            return Compared::Equal(text);
        }
        if let Some(rest) = text.strip_prefix(">=") {
            Compared::AtLeast(rest)
        } else if let Some(rest) = text.strip_prefix("<=") {
            Compared::AtMost(rest)
        } else if let Some(rest) = text.strip_prefix('>') {
            Compared::Above(rest)
        } else if let Some(rest) = text.strip_prefix('<') {
            Compared::Below(rest)
        } else if let Some((low, high)) = text.split_once("..") {
            match (low, high) {
                (low, "") => Compared::AtLeast(low),
                ("", high) => Compared::AtMost(high),
                (low, high) => Compared::Between(low, high),
            }
        } else {
            Compared::Equal(text.strip_prefix('=').unwrap_or(text))
        }
    }

    /// Whether it is more than a plain value.
    pub(super) fn is_order(self) -> bool {
        !matches!(self, Compared::Equal(_))
    }

    /// The range that it means, when `read` understands the values.
    pub(super) fn range<T: Copy>(self, read: impl Fn(&str) -> Option<T>) -> Option<Range<T>> {
        let end = |text, within| read(text).map(|value| Some(End { value, within }));
        let (low, high) = match self {
            Compared::Above(text) => (end(text, false)?, None),
            Compared::AtLeast(text) => (end(text, true)?, None),
            Compared::Below(text) => (None, end(text, false)?),
            Compared::AtMost(text) => (None, end(text, true)?),
            Compared::Between(low, high) => (end(low, true)?, end(high, true)?),
            Compared::Equal(text) => (end(text, true)?, end(text, true)?),
        };
        Some(Range { low, high })
    }
}

/// A finite number.
pub(super) fn number(text: &str) -> Option<f64> {
    let starts = text.starts_with(|letter: char| letter.is_ascii_digit() || letter == '-' || letter == '.');
    text.parse().ok().filter(|number: &f64| starts && number.is_finite())
}

/// A length of time such as `90s`, `1h30m` or `500ms`, in milliseconds.
pub(super) fn length_ms(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 6] =
        [("ms", 1.0), ("s", 1e3), ("m", 60e3), ("h", 3_600e3), ("d", 86_400e3), ("w", 604_800e3)];
    let (mut rest, mut total) = (text, 0.0);
    while !rest.is_empty() {
        let digits =
            rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len());
        let (count, behind) = rest.split_at(digits);
        let letters = behind.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(behind.len());
        let (unit, next) = behind.split_at(letters);
        let (_, ms) = UNITS.iter().find(|(name, _)| *name == unit)?;
        total += number(count)? * ms;
        rest = next;
    }
    Some(total).filter(|total| !text.is_empty() && *total <= MS_MAX)
}

/// A thousand years: more is a mistake, and sums with it stay within what times can be.
const MS_MAX: f64 = 1000.0 * 366.0 * 86_400e3;
