//! The simulation in the size of an ordinary test run. `cargo xtask sim` runs thousands.

use callboard_sim::{Failure, Invariant, Options, run};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

/// Steps of one run here; the program takes more.
const STEPS: u64 = 40;
const SEEDS: u64 = 200;

fn options(seed: u64) -> Options {
    Options { seed, steps: STEPS, disk_lies: false }
}

fn told(failure: &Failure) -> String {
    let lines: Vec<&str> = failure.trace.lines().collect();
    let last = lines[lines.len().saturating_sub(30)..].join("\n");
    format!("{last}\n{failure}\nrepeat it with: cargo xtask sim --seed {} --steps {STEPS}", failure.seed)
}

/// Invariants 1 to 9 of docs/ARCHITECTURE.md.
#[test]
fn the_invariants_hold_for_a_few_hundred_seeds() {
    let next = AtomicU64::new(1);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > SEEDS {
                        return;
                    }
                    if let Err(failure) = run(options(seed)) {
                        panic!("{}", told(&failure));
                    }
                }
            });
        }
    });
}

/// A failure can be repeated only when nothing but the seed decides: not the order of a hash map, not a thread, not
/// the clock of this machine.
#[test]
fn the_same_seed_twice_is_the_same_bytes() {
    for seed in 1..=20 {
        let [once, twice] =
            [(); 2].map(|()| run(options(seed)).unwrap_or_else(|failure| panic!("{}", told(&failure))));
        let differs = once.trace.lines().zip(twice.trace.lines()).find(|(one, other)| one != other);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(once, twice, "seed {seed}");
    }
    assert_ne!(run(options(1)).map(|report| report.digest), run(options(2)).map(|report| report.digest));
}

/// The simulation can fail: a disk that acknowledges what it does not keep lets the board show what is not durable.
#[test]
fn a_board_that_tells_before_it_is_durable_is_caught() {
    for seed in 1..=10 {
        let failure = run(Options { disk_lies: true, ..options(seed) }).expect_err("nothing of it is stored");
        assert_eq!(failure.breach.invariant, Invariant::DurableBeforeVisible, "{}", told(&failure));
    }
}
