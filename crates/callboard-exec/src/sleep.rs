//! `sleep`: lets time pass, with progress. For demos and tests.

use crate::{
    AttemptContext, Executor, KindInfo, Outcome,
    fields::{invalid, members, unknown},
};
use async_trait::async_trait;
use callboard_protocol::{Node, error::Rejection, job::Progress};
use std::time::Duration;
use tokio::time::Instant;

/// Sleeps `ms` milliseconds in `steps` steps (10 when absent) with progress after each.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sleep;

/// A week.
const MS_MAX: u64 = 7 * 86_400_000;
const STEPS_MAX: u64 = 10_000;
const STEPS_USUAL: u64 = 10;

struct Plan {
    ms: u64,
    steps: u64,
}

impl Sleep {
    /// What people are told about it.
    pub fn info() -> KindInfo {
        KindInfo {
            kind: "sleep".into(),
            title: "Sleep".into(),
            description: "Lets time pass in steps and reports progress.".into(),
            example: Node::from(&serde_json::json!({ "ms": 10_000, "steps": 20 })),
            first_run: false,
        }
    }
}

impl Plan {
    fn read(args: &Node) -> Result<Self, Rejection> {
        let (mut ms, mut steps) = (None, STEPS_USUAL);
        for (key, value) in members(args)?.iter() {
            match key.as_str() {
                "ms" => ms = Some(integer("ms", value, 0, MS_MAX)?),
                "steps" => steps = integer("steps", value, 1, STEPS_MAX)?,
                other => return Err(unknown(other, "ms and steps")),
            }
        }
        let ms = ms.ok_or_else(|| invalid("ms", "is missing"))?;
        Ok(Plan { ms, steps })
    }
}

fn integer(field: &str, value: &Node, min: u64, max: u64) -> Result<u64, Rejection> {
    let fits = value.as_u64().filter(|value| (min..=max).contains(value));
    fits.ok_or_else(|| invalid(field, format!("must be an integer from {min} to {max}")))
}

#[async_trait]
impl Executor for Sleep {
    fn check(&self, args: &Node) -> Result<(), Rejection> {
        Plan::read(args).map(|_| ())
    }

    async fn execute(&self, attempt: AttemptContext) -> Outcome {
        let plan = match Plan::read(&attempt.args) {
            Ok(plan) => plan,
            Err(error) => return Outcome::fatal("invalid_args", error.message),
        };
        let start = Instant::now();
        for step in 1..=plan.steps {
            // Reckoned from the start, so that late wake-ups do not add up.
            let due = start + Duration::from_millis(plan.ms * step / plan.steps);
            tokio::select! {
                biased;
                () = attempt.cancel.cancelled() => return Outcome::Cancelled,
                () = tokio::time::sleep_until(due) => {}
            }
            attempt.reporter.progress(Progress {
                value: step as f64 / plan.steps as f64,
                step: u32::try_from(step).ok(),
                steps: u32::try_from(plan.steps).ok(),
                ..Progress::default()
            });
        }
        Outcome::Succeeded(attempt.args)
    }
}
