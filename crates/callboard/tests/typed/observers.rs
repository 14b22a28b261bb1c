//! S2.21, W2.5: observers see everything and can break nothing.

use crate::kit::{Fetch, Trace, stage};
use callboard::{
    BreakerOpened, DataSource, Dispatch, Failure, JobInfo, Observer, Problem, Retry, Signal, protocol::Node,
};
use std::{any::Any, sync::Arc, time::Duration};

struct Panics;

impl Observer for Panics {
    fn on_start(&self, _: &JobInfo) {
        panic!("on_start")
    }
    fn on_retry(&self, _: &JobInfo, _: u32, _: &Failure, _: Duration) {
        panic!("on_retry")
    }
    fn on_success(&self, _: &JobInfo, _: &dyn Any, _: DataSource) {
        panic!("on_success")
    }
    fn on_error(&self, _: &JobInfo, _: Problem<'_>) {
        panic!("on_error")
    }
    fn on_event(&self, _: &Signal) {
        panic!("on_event")
    }
    fn on_breaker(&self, _: &BreakerOpened) {
        panic!("on_breaker")
    }
}

/// W2.5: a panic in the original's `onJobStart` left the handle waiting for ever.
#[tokio::test(start_paused = true)]
async fn observers_that_panic_in_every_hook_change_nothing() {
    let mut stage = stage();
    let after = Trace::default();
    stage.dispatcher.observers().replace([Arc::new(Panics) as Arc<dyn Observer>, Arc::new(after.clone())]);
    let handle = stage.dispatch(Dispatch::new(Fetch::default()).retry(Retry::attempts(2)));
    stage.next_try().await.fail("flaky");
    stage.next_try().await.finish(7);
    assert_eq!(handle.result().await.unwrap(), 7);
    let expected =
        ["start fetch", "retry after 1: flaky, in 1000 ms", "on_event 7 fresh", "on_success 7 fresh"];
    assert_eq!(after.take(), expected, "the one after it sees all the same");
    let handle = stage.dispatch(Fetch::default());
    stage.next_try().await.fail("broken");
    handle.await.unwrap_err();
    assert_eq!(stage.dispatcher.observers().faults(), 6);
}

/// S2.21: they can be swapped while a job runs.
#[tokio::test(start_paused = true)]
async fn observers_are_swapped_in_flight() {
    let mut stage = stage();
    let handle = stage.dispatch(Fetch::default());
    let work = stage.next_try().await;
    let late = Trace::default();
    stage.dispatcher.observers().replace([Arc::new(late.clone()) as Arc<dyn Observer>]);
    work.finish(7);
    handle.await.unwrap();
    assert_eq!(late.take(), ["on_event 7 fresh", "on_success 7 fresh"]);
    assert_eq!(stage.trace.take(), ["start fetch", "work 1", "event 7 fresh"]);
}

struct Tells(Trace);

impl Observer for Tells {
    fn on_start(&self, job: &JobInfo) {
        self.0.add(format!(
            "{} {} {} {}",
            job.kind,
            job.id,
            &*job.origin,
            job.metadata.as_str().expect("a text")
        ));
    }
}

/// S2.2: what a job's dispatch says reaches observers and the work.
#[tokio::test(start_paused = true)]
async fn observers_know_whose_job_it_is() {
    let mut stage = stage();
    let trace = Trace::default();
    stage.dispatcher.observers().add(Tells(trace.clone()));
    let job = Dispatch::new(Fetch::default()).id("mine").origin("page".into());
    let _handle = stage.dispatch(job.metadata(Node::from("why")));
    let work = stage.next_try().await;
    assert_eq!(work.context.metadata().as_str(), Some("why"));
    assert_eq!(trace.take(), ["fetch mine page why"]);
}
