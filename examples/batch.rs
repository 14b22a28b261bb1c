//! A batch of downloads: two at once, a bandwidth for all of them together, retries, and one progress.
//!
//! Run it with `cargo run -p callboard-examples --bin batch`. What is downloaded is made up; the limits are real.
#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use callboard_flow::{
    Backoff, CancelToken, Cancelled, Estimator, Failure, Limiter, LimiterOptions, Retry, RetryError,
    Throttle, Throughput,
};
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

const FILES: usize = 6;
const FILE_BYTES: usize = 100_000;
const CHUNK_BYTES: usize = 10_000;

struct Batch {
    limiter: Limiter,
    bandwidth: Throughput,
    retry: Retry,
    token: CancelToken,
    progress: Throttle<usize>,
    done: Mutex<usize>,
}

impl Batch {
    /// One file, when its turn comes; the second one fails once, before its first byte.
    async fn download(&self, file: usize) -> Result<(), RetryError<String>> {
        let whole = self.retry.run(|attempt| async move {
            if file == 1 && attempt == 1 {
                return Err(Failure::retry("connection reset".to_owned()));
            }
            for _ in 0..FILE_BYTES / CHUNK_BYTES {
                self.chunk().await.map_err(|cancelled| Failure::fatal(cancelled.to_string()))?;
            }
            Ok(())
        });
        whole.await
    }

    async fn chunk(&self) -> Result<(), Cancelled> {
        self.bandwidth.take(CHUNK_BYTES as f64, &self.token).await?;
        let mut done = self.done.lock().expect("nobody panics with it");
        *done += CHUNK_BYTES;
        self.progress.call(*done);
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let started = Instant::now();
    let estimator = Mutex::new(Estimator::new());
    let token = CancelToken::after(Duration::from_secs(60));
    let batch = Arc::new(Batch {
        limiter: Limiter::new(LimiterOptions { max_concurrent: 2, queue_limit: FILES }),
        bandwidth: Throughput::new(1e6, CHUNK_BYTES as f64),
        retry: Retry::new(Backoff { initial: Duration::from_millis(10), ..Backoff::default() })
            .cancelled_by(&token),
        token,
        progress: Throttle::for_updates(10.0, move |bytes| {
            let done = bytes as f64 / (FILES * FILE_BYTES) as f64;
            let estimate = estimator.lock().expect("nobody panics with it").sample(started.elapsed(), done);
            let left = estimate.eta.map(|eta| format!("  {:.1} s left", eta.as_secs_f64()));
            println!("{:>3.0} %{}", estimate.smoothed * 100.0, left.unwrap_or_default());
        }),
        done: Mutex::new(0),
    });
    let tasks: Vec<_> = (0..FILES)
        .map(|file| {
            let batch = Arc::clone(&batch);
            tokio::spawn(async move { batch.limiter.run(&batch.token, || batch.download(file)).await })
        })
        .collect();
    for (file, task) in tasks.into_iter().enumerate() {
        match task.await.expect("it does not panic") {
            Ok(Ok(())) => {}
            Ok(Err(error)) => println!("file {file}: {error}"),
            Err(error) => println!("file {file} was not started: {error}"),
        }
    }
    batch.progress.flush();
    let done = *batch.done.lock().expect("nobody panics with it");
    println!("{done} bytes in {:.1} s, at most 2 at once", started.elapsed().as_secs_f64());
}
