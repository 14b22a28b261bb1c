//! The invariants of `docs/ARCHITECTURE.md`, by their numbers there, and a breach of one.

use std::fmt;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invariant {
    /// 1: what is answered, shown or started was stored before.
    DurableBeforeVisible = 1,
    /// 2: one writer, one commit in flight.
    OneWriter = 2,
    /// 3: versions without gaps; what changes nothing commits nothing.
    Contiguous = 3,
    /// 4: the fold of the journal is the state and every mirror.
    OneFold = 4,
    /// 5: one terminal transition; no job twice at once, no slot lost, every step of a life allowed.
    OneEnd = 5,
    /// 6: the event is heard before the handle settles.
    EventBeforeHandle = 6,
    /// 7: everything is bounded.
    Bounded = 7,
    /// 8: idle costs nothing, reading changes nothing.
    IdleIsFree = 8,
    /// 9: progress is coalesced to 10 Hz.
    Coalesced = 9,
}

impl Invariant {
    fn words(self) -> &'static str {
        match self {
            Invariant::DurableBeforeVisible => "durable before visible",
            Invariant::OneWriter => "one writer",
            Invariant::Contiguous => "versions are contiguous",
            Invariant::OneFold => "fold(journal) = state = every mirror",
            Invariant::OneEnd => "one life, one end",
            Invariant::EventBeforeHandle => "the event before the handle",
            Invariant::Bounded => "everything is bounded",
            Invariant::IdleIsFree => "idle costs nothing",
            Invariant::Coalesced => "progress is coalesced",
        }
    }
}

/// An invariant does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{invariant} is broken: {what}")]
pub struct Breach {
    /// Which.
    pub invariant: Invariant,
    /// What was seen, and what should have been.
    pub what: String,
}

impl fmt::Display for Invariant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "invariant {} ({})", *self as u8, self.words())
    }
}
