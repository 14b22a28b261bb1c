//! Time that moves only when a test says so.

use std::time::Duration;

/// The clock of a runtime on one thread, paused: sleeps, timeouts and cache lifetimes wait for
/// [`PausedClock::advance`]. Where all tasks wait for time, it moves on by itself to the next one that is due.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use callboard_testkit::PausedClock;
/// use std::time::Duration;
///
/// let clock = PausedClock::pause();
/// let sleeper = tokio::spawn(tokio::time::sleep(Duration::from_secs(3600)));
/// clock.advance(Duration::from_secs(3599)).await;
/// assert!(!sleeper.is_finished());
/// clock.advance(Duration::from_secs(1)).await;
/// sleeper.await.unwrap();
/// assert!(clock.elapsed() >= Duration::from_secs(3600), "timers tick in milliseconds");
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PausedClock(tokio::time::Instant);

/// How often other tasks get their turn after a step; more than a chain of tasks in a test is long.
const TURNS: usize = 64;

impl PausedClock {
    /// Pauses the clock of this runtime. In a test with `start_paused` use [`PausedClock::paused`].
    ///
    /// # Panics
    /// Outside of a runtime on one thread, or when it is paused already.
    pub fn pause() -> Self {
        tokio::time::pause();
        PausedClock::paused()
    }

    /// A clock that is paused already.
    pub fn paused() -> Self {
        PausedClock(tokio::time::Instant::now())
    }

    /// Lets this much time pass, and every task that it wakes do what it can.
    pub async fn advance(&self, by: Duration) {
        self.settle().await;
        tokio::time::advance(by).await;
        self.settle().await;
    }

    /// Lets every task that is ready do what it can, at this very moment.
    pub async fn settle(&self) {
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
    }

    /// Time that has passed since this was made.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
