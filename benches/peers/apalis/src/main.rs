//! apalis-sqlite under the load of the drain bench: `peer-apalis FILE COUNT STORED durable|fast`.
//!
//! Says one line: the seconds that it took, and its CPU seconds. `STORED` jobs are finished first and not counted.
//! `fast` takes the settings that the library makes itself (`synchronous = OFF`: a power cut loses what was
//! acknowledged); `durable` the same with `synchronous = FULL`, as ours.

use apalis::prelude::*;
use apalis_sqlite::{Config, SqlitePool, SqliteStorage};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// As many at once, and as many in one step, as the bench of ours.
const IN_FLIGHT: usize = 100;
const STEP: u64 = 512;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [file, count, stored, mode] = args.as_slice() else {
        return Err("usage: peer-apalis FILE COUNT STORED durable|fast".into());
    };
    let pool = open(file, mode == "durable").await?;
    drain(&pool, stored.parse()?).await?;
    let cpu = cpu_seconds()?;
    let started = Instant::now();
    drain(&pool, count.parse()?).await?;
    println!("{} {}", started.elapsed().as_secs_f64(), cpu_seconds()? - cpu);
    Ok(())
}

async fn open(file: &str, is_durable: bool) -> Result<SqlitePool, Failure> {
    let synchronous = if is_durable { SqliteSynchronous::Full } else { SqliteSynchronous::Off };
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous)
        .busy_timeout(Duration::from_secs(30))
        .pragma("cache_size", "64000")
        .pragma("temp_store", "MEMORY");
    let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await?;
    SqliteStorage::migrations().run(&pool).await?;
    Ok(pool)
}

/// Pushes so many jobs and works until all were done.
async fn drain(pool: &SqlitePool, count: u64) -> Result<(), Failure> {
    if count == 0 {
        return Ok(());
    }
    let config = Config::default().queue("noop").batch_size(IN_FLIGHT);
    let backend = SqliteStorage::<u64>::new(pool).with_config(config);
    let mut sender = backend.clone();
    let pushing = tokio::spawn(async move {
        for first in (0..count).step_by(STEP as usize) {
            let tasks = (first..(first + STEP).min(count)).map(|number| TaskBuilder::new(number).build());
            sender.push_all(&mut futures::stream::iter(tasks)).await.map_err(|error| error.to_string())?;
        }
        Ok::<(), String>(())
    });
    let done = Arc::new(AtomicU64::new(0));
    let task = move |_: u64, worker: WorkerContext| {
        let done = done.clone();
        async move {
            if done.fetch_add(1, Ordering::Relaxed) + 1 == count {
                worker.stop()?;
            }
            Ok::<(), BoxDynError>(())
        }
    };
    let worker = WorkerBuilder::new(format!("worker-{count}"))
        .backend(backend.poll_with_interval(Duration::from_millis(1)))
        .concurrency(IN_FLIGHT)
        .build(task);
    worker.run().await?;
    Ok(pushing.await??)
}

/// CPU time of this process so far.
fn cpu_seconds() -> Result<f64, Failure> {
    let mut nanos = 0;
    for thread in std::fs::read_dir("/proc/self/task")? {
        let stat = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        nanos += stat.split_whitespace().next().ok_or("no schedstat")?.parse::<u64>()?;
    }
    Ok(nanos as f64 / 1e9)
}
