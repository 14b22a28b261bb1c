//! What goes wrong with the next write of the journal.

use crate::dice::Dice;
use std::time::Duration;

/// What becomes of one write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is stored and answered.
    Stored,
    /// The process dies; nothing is stored.
    CrashBefore,
    /// It is stored; the process dies before it hears of it.
    CrashAfter,
    /// It is stored and answered; the process dies before it does much with the answer.
    CrashOnAnswer,
    /// The disk is full: certainly not stored.
    Rejected,
    /// The answer is lost, and the write with it.
    UnknownLost,
    /// The answer is lost, but the write is there.
    UnknownStored,
    /// It is answered and not stored: a disk that must not be.
    Lied,
}

/// A write: how long it takes before and after the moment that counts, and its fate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) fate: Fate,
    pub(crate) before: Duration,
    pub(crate) after: Duration,
}

/// Plans writes by the seed's dice.
#[derive(Debug)]
pub(crate) struct Faults {
    dice: Dice,
    /// The fates of the writes to come; beyond them all goes well.
    armed: Vec<Fate>,
    /// The slowest half of a write, ms.
    slow_ms: u64,
    is_off: bool,
    /// An answer was lost since the last start.
    lost_answer: bool,
    lies: bool,
    writes: u64,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Faults {
            dice: Dice::of(seed, "faults"),
            armed: Vec::new(),
            slow_ms: 5,
            is_off: false,
            lost_answer: false,
            lies: false,
            writes: 0,
        }
    }

    /// After `good` more writes one has this fate.
    pub(crate) fn arm(&mut self, good: usize, fate: Fate) {
        self.armed = vec![Fate::Stored; good];
        self.armed.push(fate);
        self.armed.reverse();
    }

    /// So many writes in a row are refused.
    pub(crate) fn fill_disk(&mut self, count: usize) {
        self.armed = vec![Fate::Rejected; count];
    }

    pub(crate) fn set_speed(&mut self, slow_ms: u64) {
        self.slow_ms = slow_ms;
    }

    /// Forgets what was armed, as after a restart.
    pub(crate) fn disarm(&mut self) {
        self.armed.clear();
        self.lost_answer = false;
    }

    /// Whether the board may have stopped because nobody knows what became of a write.
    pub(crate) fn has_lost_answer(&self) -> bool {
        self.lost_answer
    }

    /// From now on the tenth write and those behind it are answered and not stored.
    pub(crate) fn lie(&mut self) {
        self.lies = true;
    }

    /// From now on all goes well, and at once.
    pub(crate) fn heal(&mut self) {
        self.armed.clear();
        self.is_off = true;
    }

    pub(crate) fn next(&mut self) -> Plan {
        self.writes += 1;
        if self.lies && self.writes >= 10 {
            return Plan { fate: Fate::Lied, before: Duration::ZERO, after: Duration::ZERO };
        }
        if self.is_off {
            return Plan { fate: Fate::Stored, before: Duration::ZERO, after: Duration::ZERO };
        }
        let fate = self.armed.pop().unwrap_or(Fate::Stored);
        self.lost_answer |= matches!(fate, Fate::UnknownLost | Fate::UnknownStored);
        let mut half = || Duration::from_millis(self.dice.within(0..=self.slow_ms));
        let (before, after) = (half(), half());
        Plan { fate, before, after }
    }
}
