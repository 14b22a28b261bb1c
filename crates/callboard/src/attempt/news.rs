//! What an attempt says while it runs, on its way to the writer: files at once, progress at most every
//! [`caps::PROGRESS_MS`] (invariant 9). Nothing is here for an attempt that says nothing.

use super::Attempt;
use callboard_core::News;
use callboard_exec::ReportSink;
use callboard_flow::Estimator;
use callboard_protocol::{
    caps,
    job::{ArtifactRef, Progress},
    log::Level,
};
use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, time::Instant};

/// News that wait to be carried.
#[derive(Default)]
pub(super) struct NewsDesk {
    waiting: Mutex<Waiting>,
    /// Held while news are on their way, so that none comes after the end.
    carrying: tokio::sync::Mutex<()>,
    /// Files do not wait for the pause after a progress.
    urgent: Notify,
}

#[derive(Default)]
struct Waiting {
    /// The last value wins.
    progress: Option<Progress>,
    artifacts: Vec<ArtifactRef>,
    has_carrier: bool,
    began: Option<Instant>,
    /// Of this attempt only (X15).
    estimator: Estimator,
}

impl Waiting {
    fn take_progress(&mut self) -> Option<Progress> {
        let mut progress = self.progress.take()?;
        let began = self.began.unwrap_or_else(Instant::now);
        let eta = self.estimator.sample(began.elapsed(), progress.value).eta;
        // What the executor itself says is not guessed.
        progress.eta_ms = progress.eta_ms.or(eta.map(whole_ms));
        Some(progress)
    }
}

/// To the nearest one. An estimate ends long before the numbers do.
fn whole_ms(eta: Duration) -> u64 {
    u64::try_from((eta.as_micros() + 500) / 1000).unwrap_or(u64::MAX)
}

impl NewsDesk {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Every state of it is valid.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes what an executor reports.
pub(super) struct Sink(pub(super) Arc<Attempt>);

impl Sink {
    /// Leaves news at the desk, and calls a carrier when there is none.
    fn leave<R>(&self, news: impl FnOnce(&mut Waiting) -> R) -> R {
        let mut waiting = self.0.news.waiting();
        let left = news(&mut waiting);
        waiting.began.get_or_insert_with(Instant::now);
        if !waiting.has_carrier && !self.0.is_over() {
            waiting.has_carrier = true;
            tokio::spawn(self.0.clone().carry_news());
        }
        left
    }
}

impl ReportSink for Sink {
    fn progress(&self, progress: Progress) {
        self.leave(|waiting| waiting.progress = Some(progress));
    }

    fn log(&self, channel: &str, level: Level, message: &str) {
        self.0.shared.logs.write(channel, level, message, Some(&self.0.job.id));
    }

    fn log_room(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.0.shared.logs.room())
    }

    fn artifact(&self, artifact: ArtifactRef) {
        let has_room = self.leave(|waiting| {
            let has_room = waiting.artifacts.len() < caps::ARTIFACTS;
            if has_room {
                waiting.artifacts.push(artifact);
            }
            has_room
        });
        self.0.news.urgent.notify_one();
        if !has_room {
            let message = format!("an artifact of attempt {} was refused: too many wait", self.0.job.attempt);
            self.0.log(Level::Warn, &message);
        }
    }
}

impl Attempt {
    /// Carries news until there are none.
    async fn carry_news(self: Arc<Self>) {
        let mut quiet_until = Instant::now();
        loop {
            let carrying = self.news.carrying.lock().await;
            let is_quiet = Instant::now() < quiet_until;
            let (artifacts, progress) = {
                let mut waiting = self.news.waiting();
                let progress = if is_quiet { None } else { waiting.take_progress() };
                let artifacts = std::mem::take(&mut waiting.artifacts);
                let is_idle = !is_quiet && progress.is_none() && artifacts.is_empty();
                if is_idle || self.is_over() {
                    // What was taken is put back for whoever reports the end.
                    waiting.progress = progress.or(waiting.progress.take());
                    waiting.artifacts = artifacts;
                    waiting.has_carrier = false;
                    return;
                }
                (artifacts, progress)
            };
            for artifact in artifacts {
                self.report(News::Artifact(artifact)).await;
            }
            if let Some(progress) = progress {
                self.report(News::Progress(progress)).await;
                quiet_until = Instant::now() + Duration::from_millis(caps::PROGRESS_MS);
            }
            drop(carrying);
            tokio::select! {
                biased;
                () = self.over.notified() => {}
                () = tokio::time::sleep_until(quiet_until) => {}
                () = self.news.urgent.notified() => {}
            }
        }
    }

    /// Carries the files that are left, and returns progress that comes too late for a report of its own.
    pub(super) async fn last_news(&self) -> Option<Progress> {
        self.news.waiting().began?;
        let _carrying = self.news.carrying.lock().await;
        let (artifacts, progress) = {
            let mut waiting = self.news.waiting();
            (std::mem::take(&mut waiting.artifacts), waiting.progress.take())
        };
        for artifact in artifacts {
            self.report(News::Artifact(artifact)).await;
        }
        progress
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(value: f64) -> Progress {
        Progress { value, ..Progress::default() }
    }

    /// W1.2: on dates the original said 1121 s here, or nothing.
    #[tokio::test(start_paused = true)]
    async fn the_time_that_is_left_is_estimated_unless_the_executor_says_it() {
        let mut waiting = Waiting { began: Some(Instant::now()), ..Waiting::default() };
        let mut left = Vec::new();
        for second in 0..=49 {
            waiting.progress = Some(progress(f64::from(second) / 100.0));
            left.push(waiting.take_progress().and_then(|progress| progress.eta_ms));
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(
            (left[1], left[2], left[49]),
            (None, Some(98_000), Some(51_000)),
            "three samples are enough"
        );
        waiting.progress = Some(Progress { eta_ms: Some(7), ..progress(0.5) });
        assert_eq!(waiting.take_progress().and_then(|progress| progress.eta_ms), Some(7));
        waiting.progress = Some(progress(1.0));
        assert_eq!(waiting.take_progress().and_then(|progress| progress.eta_ms), None, "done");
    }
}
