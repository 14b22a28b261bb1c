//! Seeded simulation of a whole board: one process, one thread, paused time.
//!
//! A run is made from its seed alone: random commands of every policy, executors that fail in every way, crashes at
//! every write of the journal, disks that are full, clocks that jump, and clients that lose patches and come back. The
//! real [`callboard::Board`] runs it; a small model beside it says what must not be. The same seed makes the same
//! bytes, so a failure can be repeated.
//!
//! Read `world.rs` first (boots and crashes), then `step.rs` (what happens), `ledger.rs` (what is durable), `oracle.rs`
//! and `life.rs` (what may become of a job), `proof.rs` (what must be true at quiet).

mod cast;
mod client;
mod commands;
mod dice;
mod disk;
mod executor;
mod faults;
mod host;
mod invariant;
mod ledger;
mod life;
mod office;
mod oracle;
mod proof;
mod record;
mod stage;
mod step;
mod trace;
mod watch;
mod world;

pub use invariant::{Breach, Invariant};

/// What a run is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Everything that is random comes from it.
    pub seed: u64,
    /// Steps before everything must come to its end.
    pub steps: u64,
    /// The disk says that it has stored what it has not: a run must notice.
    pub disk_lies: bool,
}

/// Steps of a run unless told otherwise.
pub const STEPS: u64 = 120;

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Of everything that happened, the hashes of all commits among it.
    pub digest: String,
    /// Starts of the board.
    pub boots: u64,
    /// Writes of the journal that were asked for.
    pub commits: u64,
    /// Changes that were stored.
    pub changes: u64,
    /// Jobs that there were.
    pub jobs: u64,
    /// Commands that were answered.
    pub answers: u64,
    /// Times that a client came back by epoch and version.
    pub resumes: u64,
    /// Times that a client took a snapshot.
    pub snapshots: u64,
    /// Line by line.
    pub trace: String,
}

/// An invariant was broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("seed {seed}, step {step}: {breach}")]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// The step under way; steps before it are enough to repeat it.
    pub step: u64,
    /// Which invariant, and how.
    pub breach: Breach,
    /// What happened until then.
    pub trace: String,
}

/// Runs a seed.
///
/// # Errors
/// The first invariant that was broken.
pub fn run(options: Options) -> Result<Report, Box<Failure>> {
    world::World::new(options).run()
}
