//! The times of a schedule.

use crate::check;
use callboard_protocol::{Time, caps, error::Rejection, schedule::Schedule};
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};
use jiff::{
    Timestamp, Zoned,
    tz::{TimeZone, TimeZoneDatabase},
};

/// Missed times are counted one by one up to this many; beyond, the count is the least that is sure.
const COUNTED: u64 = 1000;

/// A cron expression that is longer says nothing that a shorter one cannot.
const CRON_BYTES: usize = 256;

/// See the module.
pub(super) enum Times {
    /// By the calendar of a place.
    Cron(Box<Cron>, TimeZone),
    /// Every so many milliseconds since a start.
    Every(u64, Time),
}

impl Times {
    /// Reads the times of a schedule.
    ///
    /// # Errors
    /// `invalid_args`, naming the field.
    pub(super) fn of(schedule: &Schedule) -> Result<Self, Rejection> {
        if let Some(ms) = schedule.every_ms {
            // Steps are counted from the time that is due, so that they do not drift.
            return Ok(Times::Every(ms.max(1), schedule.next_at.unwrap_or(schedule.created_at)));
        }
        let text = schedule.cron.as_deref().unwrap_or_default();
        if text.len() > CRON_BYTES {
            return check::invalid(format!("cron: at most {CRON_BYTES} bytes"));
        }
        let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Optional).build();
        let cron = match parser.parse(text) {
            Ok(cron) => Box::new(cron),
            Err(error) => return check::invalid(format!("cron: {text:?} cannot be read: {error}")),
        };
        let zone: String = schedule.time_zone.chars().take(80).collect();
        // The copy in the program, so that every server decides alike.
        match TimeZoneDatabase::bundled().get(&schedule.time_zone) {
            Ok(zone) => Ok(Times::Cron(cron, zone)),
            Err(_) => {
                check::invalid(format!("timeZone: there is no zone {zone:?}; one is \"Europe/Berlin\""))
            }
        }
    }

    /// The first time after this one.
    pub(super) fn after(&self, at: Time) -> Option<Time> {
        match self {
            Times::Cron(cron, zone) => time_of(cron.find_next_occurrence(&zoned(zone, at)?, false).ok()?),
            Times::Every(ms, start) if at < *start => Some(*start),
            Times::Every(ms, start) => {
                let steps = at.since_ms(*start) / ms + 1;
                Some(start.plus_ms(steps.saturating_mul(*ms))).filter(|next| *next < Time::MAX)
            }
        }
    }

    /// The last time before this one, or at it.
    fn until(&self, at: Time) -> Option<Time> {
        match self {
            Times::Cron(cron, zone) => time_of(cron.find_previous_occurrence(&zoned(zone, at)?, true).ok()?),
            Times::Every(ms, start) => Some(start.plus_ms(at.since_ms(*start) / ms * ms)),
        }
    }

    /// The last time between a due one and now, and how many there were before it.
    pub(super) fn latest(&self, due: Time, now: Time) -> (Time, u64) {
        let latest = self.until(now).unwrap_or(due).max(due);
        (latest, self.count(due, latest))
    }

    /// The first time that is still made up for when all are, and how many were given up.
    pub(super) fn made_up_for(&self, due: Time, now: Time) -> (Time, u64) {
        let mut first = self.until(now).unwrap_or(due).max(due);
        for _ in 1..caps::CATCH_UP {
            match self.until(Time(first.0 - 1)) {
                Some(earlier) if earlier >= due => first = earlier,
                _ => return (due, 0),
            }
        }
        (first, self.count(due, first))
    }

    /// How many times there are from one on and before another.
    fn count(&self, from: Time, to: Time) -> u64 {
        if let Times::Every(ms, _) = self {
            return to.since_ms(from) / ms;
        }
        let mut at = Some(from);
        let mut count = 0;
        while let Some(time) = at.filter(|time| *time < to && count < COUNTED) {
            count += 1;
            at = self.after(time);
        }
        count
    }
}

fn zoned(zone: &TimeZone, at: Time) -> Option<Zoned> {
    Timestamp::from_millisecond(at.0).ok().map(|at| at.to_zoned(zone.clone()))
}

fn time_of(at: Zoned) -> Option<Time> {
    Some(Time(at.timestamp().as_millisecond())).filter(|at| *at <= Time::MAX)
}
