//! The same load for everything that is compared: tasks that keep requests under way.

use crate::{
    Done,
    measure::{Took, Watch},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// How many ask at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) tasks: u64,
    /// Requests that each task has under way.
    pub(crate) depth: usize,
}

/// When a load ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    Count(u64),
    After(Duration),
}

impl Load {
    /// Sends requests until the end and waits for all answers. `send` gets the request's number, from 0.
    pub(crate) async fn run<F, R>(self, until: Until, send: F) -> Done<Took>
    where
        F: Fn(u64) -> R + Clone + Send + 'static,
        R: Future<Output = Done> + Send,
    {
        let next = Arc::new(AtomicU64::new(0));
        let watch = Watch::start();
        let started = Instant::now();
        let mut tasks = JoinSet::new();
        for _ in 0..self.tasks {
            let (next, send) = (next.clone(), send.clone());
            tasks.spawn(async move {
                let numbers = std::iter::from_fn(|| match until {
                    Until::After(time) if started.elapsed() >= time => None,
                    Until::After(_) => Some(next.fetch_add(1, Ordering::Relaxed)),
                    Until::Count(count) => {
                        Some(next.fetch_add(1, Ordering::Relaxed)).filter(|number| *number < count)
                    }
                });
                let answers = stream::iter(numbers).map(send).buffer_unordered(self.depth);
                answers.try_fold(0u64, |done, ()| async move { Ok(done + 1) }).await
            });
        }
        let mut done = 0;
        while let Some(task) = tasks.join_next().await {
            done += task??;
        }
        Ok(watch.stop(done))
    }
}
