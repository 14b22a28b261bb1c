//! Jobs that report progress in step: each group of them makes one patch per beat.

use crate::{Done, boards};
use async_trait::async_trait;
use callboard::{
    Board,
    exec::{AttemptContext, Executor, KindInfo, Outcome},
};
use callboard_protocol::{Node, job::Progress};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

const KIND: &str = "bench.pulse";
/// More reports than any bench waits for.
const STEPS: u32 = 1_000_000;

struct Pulse {
    /// What all jobs count their beats from.
    origin: OnceLock<Instant>,
}

pub(super) fn kind() -> (KindInfo, Arc<dyn Executor>) {
    (boards::info(KIND), Arc::new(Pulse { origin: OnceLock::new() }))
}

/// Starts `groups` groups of `size` jobs. Each job reports once per period, a group at the same moment, and the
/// groups evenly one after the other.
pub(super) async fn start(board: &Board, groups: u64, size: u64, period_ms: u64) -> Done {
    for group in 0..groups {
        for _ in 0..size {
            let args =
                serde_json::json!({ "offsetUs": 1000 * period_ms * group / groups, "periodMs": period_ms });
            boards::dispatch(board, boards::dispatch_args(KIND, Node::from(&args))).await?;
        }
    }
    Ok(())
}

#[async_trait]
impl Executor for Pulse {
    async fn execute(&self, attempt: AttemptContext) -> Outcome {
        let number = |name: &str| attempt.args.child(name).and_then(Node::as_u64).unwrap_or(1);
        let period = Duration::from_millis(number("periodMs"));
        let origin = *self.origin.get_or_init(|| Instant::now() + Duration::from_secs(1));
        let mut beats = interval_at(origin + Duration::from_micros(number("offsetUs")), period);
        beats.set_missed_tick_behavior(MissedTickBehavior::Skip);
        for step in 0..STEPS {
            tokio::select! {
                _ = beats.tick() => {}
                _ = attempt.cancel.cancelled() => return Outcome::Cancelled,
            }
            attempt.reporter.progress(Progress {
                value: f64::from(step) / f64::from(STEPS),
                message: Some(format!("beat {step}")),
                step: Some(step),
                steps: Some(STEPS),
                eta_ms: None,
            });
        }
        Outcome::Succeeded(Node::Null)
    }
}
