//! Getting a result: from the cache, from somebody who is making the same, or from the work itself.

use super::{EventJob, Work, run::Run};
use crate::{
    CachePolicy,
    cache::{CacheError, Cached, Role},
    observer::Problem,
    typed::{Failure, JobEnd, JobFailure},
};
use futures_util::FutureExt as _;
use std::{future::Future, panic::AssertUnwindSafe, pin::pin, time::Duration};
use tokio::{sync::watch, time};

/// A result that was not there at first.
pub(super) enum Fetched<T> {
    /// Made just now, by this job or by one with the same key.
    Fresh(T),
    /// Cached by somebody in the very moment between reading and making.
    Kept(T),
}

/// What a try came to.
enum Tried<T> {
    Done(T),
    /// The next try may not begin before this time has passed.
    Failed(Failure, Duration),
    /// It does not count, and is made again after this time.
    Snoozed(Duration),
}

impl<T> Tried<T> {
    fn failed(failure: Failure) -> Self {
        Tried::Failed(failure, Duration::ZERO)
    }
}

/// What the cache holds, and what those who wait for the same get.
type Known<T> = Result<T, Failure>;

impl<J: EventJob> Run<J> {
    /// What is cached and of the right type; anything else is a miss (W2.6).
    pub(super) async fn read(&self, policy: &CachePolicy) -> Option<Result<J::Output, JobEnd>> {
        let kept = match self.unless_stopped(self.services().cache.read(&policy.key)).await {
            Ok(Ok(kept)) => kept?,
            Ok(Err(error)) => {
                self.tolerate(&error);
                return None;
            }
            Err(end) => return Some(Err(end)),
        };
        let known: Option<&Known<J::Output>> = kept.get();
        if known.is_none() {
            tracing::warn!(
                kind = J::KIND,
                key = policy.key,
                found = kept.type_name(),
                wanted = std::any::type_name::<J::Output>(),
                "what is cached is of another type; it is made anew"
            );
        }
        known.cloned().map(|known| known.map_err(JobEnd::Failed))
    }

    async fn keep(&self, policy: &CachePolicy, known: Known<J::Output>) {
        let ttl = if known.is_ok() { policy.ttl } else { policy.failure_ttl };
        let write = self.services().cache.write(&policy.key, Cached::new(known), ttl);
        // A result that is there is not taken back: a cancel now ends the writing only.
        if let Ok(Err(error)) = self.unless_stopped(write).await {
            self.tolerate(&error);
        }
    }

    fn tolerate(&self, error: &CacheError) {
        tracing::warn!(kind = J::KIND, %error, "the cache failed; the job goes on without it");
        let observers = &self.services().observers;
        observers.tell("on_error", |observer| observer.on_error(&self.info, Problem::Cache(error)));
    }

    /// Does the work, or waits for whoever does it for the same key; then it is cached, and told to all who wait.
    pub(super) async fn fetch_for_key<W: Work<J>>(
        &self,
        policy: &CachePolicy,
        work: &W,
        mark: u64,
    ) -> Result<Fetched<J::Output>, JobEnd> {
        loop {
            let lead = match self.services().flights.join::<Known<J::Output>>(&policy.key) {
                Role::Follow(landing) => match self.unless_stopped(landed(landing)).await? {
                    Some(known) => return known.map(Fetched::Fresh).map_err(JobEnd::Failed),
                    // Whoever made it was stopped: somebody else has to.
                    None => continue,
                },
                Role::Lead(lead) => lead,
            };
            if lead.is_after(mark)
                && !policy.force_refresh
                && !policy.revalidate
                && let Some(kept) = self.read(policy).await
            {
                return kept.map(Fetched::Kept);
            }
            let fetched = self.fetch(work).await;
            self.check_stop()?;
            let known = match fetched {
                Ok(output) => Ok(output),
                Err(JobEnd::Failed(failure)) => Err(failure),
                Err(end) => return Err(end),
            };
            if !lead.is_void() && (known.is_ok() || policy.failure_ttl.is_some()) {
                self.keep(policy, known.clone()).await;
            }
            lead.land(known.clone());
            return known.map(Fetched::Fresh).map_err(JobEnd::Failed);
        }
    }

    /// Does the work, with all its tries, unless it is to stop.
    pub(super) async fn fetch<W: Work<J>>(&self, work: &W) -> Result<J::Output, JobEnd> {
        self.unless_stopped(self.tries(work)).await?
    }

    /// Waits for `doing` until the job is to stop: then it has its grace and is dropped (W2.2).
    async fn unless_stopped<T>(&self, doing: impl Future<Output = T>) -> Result<T, JobEnd> {
        let mut doing = pin!(doing);
        tokio::select! {
            biased;
            // First what may be done already: then nothing has to wait for a stop. Whether there was one is looked at
            // before each step and after the work.
            done = &mut doing => return Ok(done),
            () = self.stop() => {}
        }
        let grace = self.services().grace;
        if !grace.is_zero() {
            // Whatever it comes to is too late (X5).
            let _ = Box::pin(time::timeout(grace, doing)).await;
        }
        Err(self.control.end().unwrap_or(JobEnd::Cancelled(None)))
    }

    /// Waits until the job is to stop: asked through its handle or its token, or over its time.
    async fn stop(&self) {
        if self.token.is_none() && self.deadline.is_none() {
            return self.control.stopped().await;
        }
        // In a box, so that jobs with neither do not carry its room.
        Box::pin(self.stop_of_any()).await;
    }

    async fn stop_of_any(&self) {
        tokio::select! {
            () = self.control.stopped() => {}
            () = async {
                match &self.token {
                    Some(token) => token.cancelled().await,
                    None => std::future::pending().await,
                }
            } => self.control.cancel(None),
            () = async {
                match self.deadline {
                    Some(deadline) => time::sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            } => self.control.time_out(self.limits.timeout.unwrap_or_default()),
        }
    }

    async fn tries<W: Work<J>>(&self, work: &W) -> Result<J::Output, JobEnd> {
        let _slot = match &self.services().slots {
            // It is never closed.
            Some(slots) => Box::pin(slots.acquire()).await.ok(),
            None => None,
        };
        let mut attempt = 1;
        loop {
            self.check_stop()?;
            let delay = match self.attempt(work, attempt).await? {
                Tried::Done(output) => return Ok(output),
                Tried::Snoozed(delay) => delay,
                Tried::Failed(failure, least) => match self.delay_after(attempt, &failure, least) {
                    Some(delay) => {
                        attempt += 1;
                        delay
                    }
                    None => return Err(JobEnd::Failed(failure)),
                },
            };
            Box::pin(time::sleep(delay)).await;
        }
    }

    /// One try. An error is for good.
    async fn attempt<W: Work<J>>(&self, work: &W, attempt: u32) -> Result<Tried<J::Output>, JobEnd> {
        let trying = AssertUnwindSafe(work.work(self.job.clone(), self.context(attempt))).catch_unwind();
        let mut trying = pin!(trying);
        let tried = match self.limits.attempt_timeout {
            None => trying.as_mut().await,
            Some(limit) => match Box::pin(time::timeout(limit, trying)).await {
                Ok(tried) => tried,
                Err(_) => {
                    let message = format!("the try was stopped after its limit of {} ms", limit.as_millis());
                    return Ok(Tried::failed(Failure::new("timeout", message, attempt)));
                }
            },
        };
        match tried {
            Ok(Ok(output)) => Ok(Tried::Done(output)),
            Ok(Err(JobFailure::Retry(error))) => Ok(Tried::failed(Failure::of(error, attempt))),
            Ok(Err(JobFailure::RetryAfter(error, least))) => {
                Ok(Tried::Failed(Failure::of(error, attempt), least))
            }
            Ok(Err(JobFailure::Snooze(delay))) => Ok(Tried::Snoozed(delay)),
            Ok(Err(JobFailure::Fatal(error))) => Err(JobEnd::Failed(Failure::of(error, attempt))),
            Ok(Err(JobFailure::Cancelled)) => Err(self.control.end().unwrap_or(JobEnd::Cancelled(None))),
            Err(panic) => Ok(Tried::failed(Failure::panicked(&*panic, attempt))),
        }
    }

    /// When there is another try.
    fn delay_after(&self, attempt: u32, failure: &Failure, least: Duration) -> Option<Duration> {
        let retry = self.limits.retry.as_ref().filter(|retry| retry.backoff.allows_another(attempt))?;
        if retry.only_if.as_ref().is_some_and(|helps| !helps(failure)) {
            return None;
        }
        let delay = retry.backoff.delay(attempt, fastrand::f64()).max(least);
        let observers = &self.services().observers;
        observers.tell("on_retry", |observer| observer.on_retry(&self.info, attempt, failure, delay));
        Some(delay)
    }
}

/// What the one who makes it has landed; `None` when he was stopped.
async fn landed<T: Clone>(mut landing: watch::Receiver<Option<T>>) -> Option<T> {
    let landed = landing.wait_for(Option::is_some).await.ok()?;
    landed.clone()
}
