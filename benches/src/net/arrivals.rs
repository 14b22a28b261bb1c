//! What comes in on many connections, counted and not looked at; and what it cost the process that sent it.

use super::counter::FrameCounter;
use crate::{
    Done,
    measure::{ROUNDS, median, micros},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{io::AsyncReadExt as _, net::TcpStream};

/// What arrived so far.
#[derive(Default)]
pub(crate) struct Arrivals {
    messages: AtomicU64,
    bytes: AtomicU64,
}

/// What it is to deliver one message.
pub(crate) struct Delivered {
    /// On the wire, on average.
    pub(crate) bytes: f64,
    pub(crate) cpu_us: f64,
    pub(crate) per_second: f64,
}

impl Arrivals {
    /// Reads from all connections and counts.
    pub(crate) fn listen(streams: Vec<TcpStream>) -> Arc<Self> {
        let arrivals = Arc::new(Arrivals::default());
        for mut stream in streams {
            let arrivals = arrivals.clone();
            tokio::spawn(async move {
                let mut bytes = [0; 4096];
                let mut counter = FrameCounter::default();
                // It ends with its connection.
                while let Ok(read @ 1..) = stream.read(&mut bytes).await {
                    arrivals.messages.fetch_add(counter.feed(&bytes[..read]), Ordering::Relaxed);
                    arrivals.bytes.fetch_add(read as u64, Ordering::Relaxed);
                }
            });
        }
        arrivals
    }

    fn so_far(&self) -> (u64, u64) {
        (self.messages.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }

    /// CPU time of the sender over messages that arrived, [`ROUNDS`] times for so long.
    pub(crate) async fn measure(
        &self,
        time: Duration,
        mut cpu: impl FnMut() -> Done<Duration>,
    ) -> Done<Delivered> {
        let (mut cpu_us, mut per_second, mut size) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let before = (cpu()?, self.so_far());
            tokio::time::sleep(time).await;
            let after = (cpu()?, self.so_far());
            let delivered = (after.1.0 - before.1.0) as f64;
            cpu_us.push(micros(after.0 - before.0) / delivered);
            per_second.push(delivered / time.as_secs_f64());
            size.push((after.1.1 - before.1.1) as f64 / delivered);
        }
        Ok(Delivered { cpu_us: median(cpu_us), per_second: median(per_second), bytes: median(size) })
    }
}
