//! A typed job of the in-process lane: dispatched, run, told and settled, on one thread, beside a task and a channel.

use crate::{
    Done,
    figure::{Figure, Unit},
    measure::{ROUNDS, Took, Watch, median},
};
use callboard::{
    CachePolicy, DataSource, Dispatcher, DomainEvent, EventJob, JobFailure, Orchestrator, RunContext,
};
use std::sync::Arc;
use tokio::sync::oneshot;

const JOBS: u64 = 200_000;
const WARM_UP: u64 = 20_000;
const BESIDE: &str = "tokio::spawn + oneshot";

struct Next {
    number: u64,
    is_cached: bool,
}

#[derive(Debug)]
struct Said(u64);

impl DomainEvent for Said {
    fn topic(&self) -> &str {
        "said"
    }
}

impl EventJob for Next {
    const KIND: &'static str = "bench.next";
    type Output = u64;
    type Event = Said;

    fn event(&self, number: &u64, _: DataSource) -> Said {
        Said(*number)
    }

    fn cache(&self) -> Option<CachePolicy> {
        self.is_cached.then(|| CachePolicy::new("next"))
    }
}

async fn next(job: Arc<Next>, _: RunContext) -> Result<u64, JobFailure> {
    Ok(job.number + 1)
}

pub(super) fn run() -> Done<Vec<Figure>> {
    let (mut plain, mut ours, mut heard, mut cached) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        plain.push(on_one_thread(spawned())?);
        ours.push(on_one_thread(dispatched(false))?);
        heard.push(on_one_thread(listened_to())?);
        cached.push(on_one_thread(dispatched(true))?);
    }
    let beside = median(plain.iter().map(Took::cpu_us));
    let figure = |name: &str, took: &[Took]| {
        let value = median(took.iter().map(Took::cpu_us));
        Figure::new(name, value, Unit::Cost("us/job")).beside(BESIDE, beside)
    };
    Ok(vec![
        figure("dispatch to result", &ours),
        figure("the same, folded by an orchestrator", &heard),
        figure("a cached result", &cached),
    ])
}

fn on_one_thread(work: impl Future<Output = Done<Took>>) -> Done<Took> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

async fn spawned() -> Done<Took> {
    let one = async |number: u64| -> Done {
        let (sender, receiver) = oneshot::channel();
        tokio::spawn(async move { sender.send(number + 1) });
        std::hint::black_box(receiver.await?);
        Ok(())
    };
    for number in 0..WARM_UP {
        one(number).await?;
    }
    let watch = Watch::start();
    for number in 0..JOBS {
        one(number).await?;
    }
    Ok(watch.stop(JOBS))
}

async fn dispatched(is_cached: bool) -> Done<Took> {
    let dispatcher = Dispatcher::default();
    dispatcher.register(next)?;
    drive(&dispatcher, is_cached).await
}

async fn listened_to() -> Done<Took> {
    let dispatcher = Dispatcher::default();
    dispatcher.register(next)?;
    let sum = Orchestrator::new("sum", &dispatcher, 0u64, |sum, reaction| {
        if let Some(Said(number)) = reaction.event() {
            *sum = sum.wrapping_add(*number);
        }
    });
    let took = drive(&dispatcher, false).await?;
    std::hint::black_box(sum.state());
    Ok(took)
}

async fn drive(dispatcher: &Dispatcher, is_cached: bool) -> Done<Took> {
    for number in 0..WARM_UP {
        std::hint::black_box(dispatcher.dispatch(Next { number, is_cached }).await?);
    }
    let watch = Watch::start();
    for number in 0..JOBS {
        std::hint::black_box(dispatcher.dispatch(Next { number, is_cached }).await?);
    }
    Ok(watch.stop(JOBS))
}
