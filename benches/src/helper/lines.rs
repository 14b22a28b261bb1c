//! Lines at a steady rate.

use callboard::Board;
use callboard_protocol::log::Level;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often lines are due.
const BEAT: Duration = Duration::from_millis(10);

/// A writer whose rate can be changed.
#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Shared>);

#[derive(Default)]
struct Shared {
    per_minute: AtomicU64,
    written: AtomicU64,
}

impl Lines {
    pub(super) fn start(board: Board) -> Self {
        let lines = Lines::default();
        tokio::spawn(lines.clone().run(board));
        lines
    }

    pub(super) fn set(&self, per_minute: u64) {
        self.0.per_minute.store(per_minute, Ordering::Relaxed);
    }

    /// Lines so far.
    pub(super) fn written(&self) -> u64 {
        self.0.written.load(Ordering::Relaxed)
    }

    async fn run(self, board: Board) {
        let mut beats = interval(BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut due = 0.0;
        let mut before = Instant::now();
        loop {
            beats.tick().await;
            let now = Instant::now();
            let minutes = now.duration_since(before).as_secs_f64() / 60.0;
            before = now;
            due += minutes * self.0.per_minute.load(Ordering::Relaxed) as f64;
            while due >= 1.0 {
                due -= 1.0;
                let number = self.0.written.fetch_add(1, Ordering::Relaxed);
                let text =
                    format!("worker {}: step {number} of many, took 12.5 ms, 3 items left", number % 16);
                board.logs().write("stdout", Level::Info, &text, None);
            }
        }
    }
}
