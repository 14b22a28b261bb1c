//! Chance that comes from the seed. Each part of the world has dice of its own, so that one part's throws do not move
//! another's.

use std::ops::RangeInclusive;

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Dice(fastrand::Rng);

impl Dice {
    /// The dice of one part of the world.
    pub(crate) fn of(seed: u64, part: &str) -> Dice {
        let hash = blake3::hash(format!("{seed}/{part}").as_bytes());
        let mut eight = [0; 8];
        eight.copy_from_slice(&hash.as_bytes()[..8]);
        Dice(fastrand::Rng::with_seed(u64::from_le_bytes(eight)))
    }

    pub(crate) fn within(&mut self, range: RangeInclusive<u64>) -> u64 {
        self.0.u64(range)
    }

    pub(crate) fn fraction(&mut self) -> f64 {
        self.0.f64()
    }

    /// True in so many cases of a hundred.
    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.0.u64(0..100) < percent
    }

    /// One of these; `None` when there are none.
    pub(crate) fn choose<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        if all.is_empty() { None } else { all.get(self.0.usize(0..all.len())) }
    }

    /// One of these texts.
    pub(crate) fn pick(&mut self, all: &[&'static str]) -> &'static str {
        self.choose(all).copied().unwrap_or_default()
    }
}
