//! A point in the board's history, as people name it: a version, so long ago, or a time.

use crate::{
    api::{Api, PastChange},
    clock::now,
    failure::{Failure, exit},
    text::duration,
};
use callboard_protocol::Time;
use std::str::FromStr;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// A version.
    Version(u64),
    /// So many milliseconds before now.
    Ago(u64),
    /// A time.
    At(Time),
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix('v').unwrap_or(text);
        if let Ok(version) = digits.parse() {
            return Ok(Moment::Version(version));
        }
        if let Ok(ms) = duration::parse(text.strip_prefix('-').unwrap_or(text)) {
            return Ok(Moment::Ago(ms));
        }
        let time: Result<jiff::Timestamp, _> = text.parse();
        time.map(|time| Moment::At(Time(time.as_millisecond()))).map_err(|_| {
            format!("{text:?} is no version (48213), no time ago (-10m) and no time (2026-01-31T12:00:00Z)")
        })
    }
}

impl Moment {
    /// The time that is meant; nothing for a version.
    pub(crate) fn time(self) -> Option<Time> {
        match self {
            Moment::Version(_) => None,
            Moment::Ago(ms) => Some(Time(now().0.saturating_sub_unsigned(ms))),
            Moment::At(time) => Some(time),
        }
    }

    /// The version that was the newest then.
    pub(crate) async fn version(self, api: &Api) -> Result<u64, Failure> {
        match (self, self.time()) {
            (Moment::Version(version), _) => Ok(version),
            (_, Some(time)) => newest_at(api, time).await,
            (_, None) => Ok(0),
        }
    }
}

/// Versions are in the order of their times, so the newest one at a time is found by halving.
async fn newest_at(api: &Api, time: Time) -> Result<u64, Failure> {
    let mut high = api.history("", None, 1).await?.head;
    let mut low = 0;
    let mut oldest_known = false;
    while low < high {
        let middle = low + (high - low) / 2;
        let found = api.history("", Some(middle), 1).await;
        let change = match found {
            Ok(page) => page.changes.first().map(PastChange::read).transpose()?,
            // The journal no longer leads from there.
            Err(failure) if failure.exit == exit::NOT_FOUND => {
                low = middle + 1;
                continue;
            }
            Err(failure) => return Err(failure),
        };
        match change {
            Some(change) if change.at <= time => {
                oldest_known = true;
                low = change.version;
            }
            _ => high = middle,
        }
    }
    if oldest_known {
        return Ok(low);
    }
    Err(Failure::new(exit::NOT_FOUND, "not_found", format!("the journal does not lead back to {time}"))
        .hint("callboard history -n 1 shows the newest change"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_named_in_three_ways() {
        assert_eq!("48213".parse(), Ok(Moment::Version(48213)));
        assert_eq!("v7".parse(), Ok(Moment::Version(7)));
        assert_eq!("-10m".parse(), Ok(Moment::Ago(600_000)));
        assert_eq!("1h30m".parse(), Ok(Moment::Ago(5_400_000)));
        assert_eq!("1970-01-01T00:00:01Z".parse(), Ok(Moment::At(Time(1000))));
        for bad in ["", "-", "yesterday", "10x", "-10", "2026-13-01T00:00:00Z", "1.5"] {
            assert!(bad.parse::<Moment>().is_err(), "{bad}");
        }
    }
}
