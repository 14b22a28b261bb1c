//! The benches by name.

mod apalis;
mod connections;
mod dispatch;
mod drain;
mod drain_1m;
mod fanout;
mod herd;
mod idle;
mod in_process;
mod latency;
mod logs;
mod mutation;
mod peers;
mod recovery;
mod start;
mod to_start;

use crate::{Done, figure::Figure};

/// One bench.
pub(crate) struct Bench {
    pub(crate) name: &'static str,
    pub(crate) run: fn() -> Done<Vec<Figure>>,
}

/// All of them, in the order in which they run.
pub(crate) const ALL: &[Bench] = &[
    Bench { name: "dispatch", run: dispatch::run },
    Bench { name: "to-start", run: to_start::run },
    Bench { name: "drain", run: drain::run },
    Bench { name: "drain-1m", run: drain_1m::run },
    Bench { name: "latency", run: latency::run },
    Bench { name: "fanout", run: fanout::run },
    Bench { name: "connections", run: connections::run },
    Bench { name: "herd", run: herd::run },
    Bench { name: "peers", run: peers::run },
    Bench { name: "in-process", run: in_process::run },
    Bench { name: "logs", run: logs::run },
    Bench { name: "mutation", run: mutation::run },
    Bench { name: "start", run: start::run },
    Bench { name: "idle", run: idle::run },
    Bench { name: "recovery", run: recovery::run },
    Bench { name: "apalis", run: apalis::run },
];

/// Runs a bench on as many threads as there are cores.
fn block_on<T>(bench: impl Future<Output = Done<T>>) -> Done<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(bench)
}
