//! A wall clock that is set, and a machine that has slept: what is due is done, however long the wait seemed.

use crate::kit::{hosted, work};
use callboard::Host;
use callboard_protocol::{Time, caps, job::DispatchArgs, job::JobState};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

const HOUR_MS: i64 = 3_600_000;

/// A wall clock that goes with the runtime's, and is wrong by as much as the test says.
struct Wall {
    began: Instant,
    skew: AtomicI64,
}

impl Wall {
    fn new() -> Arc<Self> {
        Arc::new(Wall { began: Instant::now(), skew: AtomicI64::new(0) })
    }

    fn jump(&self, by_ms: i64) {
        self.skew.fetch_add(by_ms, Ordering::Relaxed);
    }
}

impl Host for Wall {
    fn now(&self) -> Time {
        Time(1_893_456_000_000 + self.began.elapsed().as_millis() as i64 + self.skew.load(Ordering::Relaxed))
    }

    fn name(&self) -> String {
        "0190-7000".into()
    }

    fn chance(&self) -> f64 {
        0.5
    }
}

fn in_an_hour(id: &str) -> DispatchArgs {
    DispatchArgs { delay_ms: Some(HOUR_MS as u64), ..work(id) }
}

#[tokio::test(start_paused = true)]
async fn what_became_due_while_the_machine_slept_is_started_within_a_minute() {
    let wall = Wall::new();
    let mut stage = hosted(wall.clone()).await;
    stage.dispatch(in_an_hour("a")).await;
    wall.jump(8 * HOUR_MS);
    let since = Instant::now();
    assert_eq!(stage.attempts.next().await.context().job_id.as_str(), "a");
    assert!(since.elapsed() <= Duration::from_millis(caps::CLOCK_LOOK_MS + 1), "{:?}", since.elapsed());
}

#[tokio::test(start_paused = true)]
async fn looking_at_the_clock_stores_nothing_and_starts_nothing_early() {
    let stage = hosted(Wall::new()).await;
    stage.dispatch(in_an_hour("a")).await;
    let before = stage.faults.appends_asked();
    tokio::time::sleep(Duration::from_millis(HOUR_MS as u64 - 1)).await;
    assert_eq!((stage.faults.appends_asked(), stage.state_of("a")), (before, Some(JobState::Scheduled)));
    stage.until_state("a", JobState::Running).await;
}

/// Half the speed until real time is there: twice the hour, and not the day by which the clock was set back.
#[tokio::test(start_paused = true)]
async fn a_clock_that_was_set_back_does_not_hold_a_delay_for_as_long() {
    let wall = Wall::new();
    let mut stage = hosted(wall.clone()).await;
    stage.dispatch(in_an_hour("a")).await;
    wall.jump(-24 * HOUR_MS);
    let since = Instant::now();
    stage.attempts.next().await;
    let hours = since.elapsed().as_secs_f64() * 1000.0 / HOUR_MS as f64;
    assert!((1.0..2.1).contains(&hours), "{hours} h");
}
