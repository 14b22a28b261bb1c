//! A handle settles exactly once, in every phase of its job (S2.15, X5, W2.1, W2.2, W2.7, W2.10).

use crate::kit::{Fetch, SECOND, cached, is_ready, stage, stage_with};
use callboard::{
    CachePolicy, CancellationToken, Dispatch, DispatchError, DispatcherOptions, InvalidateCache, JobEnd,
    JobFailure, JobResult, Retry, RunContext, protocol::job::Progress,
};
use callboard_testkit::PausedClock;
use std::sync::Arc;

fn cancelled(end: Result<callboard::Settled<u32>, JobEnd>, reason: &str) {
    match end {
        Err(JobEnd::Cancelled(given)) => assert_eq!(given.as_deref(), Some(reason)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn cancelled_before_it_began() {
    let mut stage = stage();
    let handle = stage.dispatch(Fetch::default());
    handle.cancel("enough").await.unwrap();
    handle.cancel("a later reason changes nothing").await.unwrap();
    cancelled(handle.await, "enough");
    assert!(stage.no_try());
}

#[tokio::test(start_paused = true)]
async fn cancelled_in_the_queue() {
    let mut stage = stage_with(DispatcherOptions { concurrency: Some(1), ..DispatcherOptions::default() });
    let first = stage.dispatch(Fetch::default());
    let running = stage.next_try().await;
    let waiting = stage.dispatch(Fetch::default());
    PausedClock::paused().settle().await;
    waiting.cancel("enough").await.unwrap();
    cancelled(waiting.await, "enough");
    running.finish(1);
    assert_eq!(first.result().await.unwrap(), 1);
    assert!(stage.no_try(), "it never began");
}

/// W2.2: the original told the caller and let the work go on.
#[tokio::test(start_paused = true)]
async fn cancelled_while_running_the_work_is_gone() {
    let mut stage = stage();
    let handle = stage.dispatch(Fetch::default());
    let running = stage.next_try().await;
    handle.cancel("enough").await.unwrap();
    running.dropped().await;
    cancelled(handle.await, "enough");
}

/// W2.2: the delay between two tries can be cancelled, and no try comes after it.
#[tokio::test(start_paused = true)]
async fn cancelled_between_two_tries() {
    let mut stage = stage();
    let clock = PausedClock::paused();
    let handle = stage.dispatch(Dispatch::new(Fetch::default()).retry(Retry::attempts(5)));
    stage.next_try().await.fail("offline");
    clock.settle().await;
    handle.cancel("enough").await.unwrap();
    cancelled(handle.await, "enough");
    assert_eq!(clock.elapsed().as_millis(), 0, "it did not wait for its next try");
    clock.advance(SECOND * 60).await;
    assert!(stage.no_try());
}

/// W2.1: cancelled after the work has returned, the original never settled its handle.
#[tokio::test(start_paused = true)]
async fn cancelled_when_the_work_has_just_returned() {
    let mut stage = stage();
    let handle = stage.dispatch(Fetch::default());
    let running = stage.next_try().await;
    running.finish(7);
    handle.cancel("enough").await.unwrap();
    cancelled(handle.await, "enough");
    let trace = stage.trace.take();
    assert!(trace.iter().all(|line| !line.starts_with("event")), "a discarded result is not told: {trace:?}");
}

/// While its result is told it cannot be cancelled any more: it settles with the result, once.
#[tokio::test(start_paused = true)]
async fn cancelled_while_its_event_is_told() {
    let mut stage = stage();
    let token = CancellationToken::new();
    let handle = stage.dispatch(Dispatch::new(Fetch::default()).cancel_with(token.clone()));
    let running = stage.next_try().await;
    let _cancels = stage.dispatcher.bus().attach(move |_| token.cancel());
    running.finish(7);
    assert_eq!(handle.result().await.unwrap(), 7);
}

/// S2.10: the limit covers all tries and the delays between them. W2.2: and then nothing goes on.
#[tokio::test(start_paused = true)]
async fn over_its_time_the_work_and_its_tries_are_gone() {
    let mut stage = stage();
    let clock = PausedClock::paused();
    let job = Dispatch::new(Fetch::default()).retry(Retry::attempts(5)).timeout(SECOND * 5);
    let handle = stage.dispatch(job);
    stage.next_try().await.fail("offline");
    let running = stage.next_try().await;
    assert_eq!(clock.elapsed(), SECOND);
    running.dropped().await;
    assert!(matches!(handle.await, Err(JobEnd::TimedOut(limit)) if limit == SECOND * 5));
    assert_eq!(clock.elapsed(), SECOND * 5);
    clock.advance(SECOND * 60).await;
    assert!(stage.no_try());
}

/// X5: beside the total there is a limit for each try, after which it is tried again.
#[tokio::test(start_paused = true)]
async fn a_try_over_its_time_is_tried_again() {
    let mut stage = stage();
    let job = Dispatch::new(Fetch::default()).retry(Retry::attempts(2)).attempt_timeout(SECOND);
    let handle = stage.dispatch(job);
    stage.next_try().await.dropped().await;
    stage.next_try().await.finish(2);
    assert_eq!(handle.result().await.unwrap(), 2);
}

/// X5: work with a grace is asked first; what it then returns is discarded.
#[tokio::test(start_paused = true)]
async fn with_a_grace_the_work_is_asked_first() {
    let mut stage = stage_with(DispatcherOptions { grace: SECOND * 10, ..DispatcherOptions::default() });
    let clock = PausedClock::paused();
    let handle = stage.dispatch(Fetch::default());
    let running = stage.next_try().await;
    assert!(!running.context.is_cancelled());
    handle.cancel("enough").await.unwrap();
    running.context.cancelled().await;
    clock.settle().await;
    assert!(!running.is_dropped() && !handle.is_settled());
    running.finish(7);
    cancelled(handle.await, "enough");

    let handle = stage.dispatch(Fetch::default());
    let ignoring = stage.next_try().await;
    handle.cancel("enough").await.unwrap();
    ignoring.dropped().await;
    cancelled(handle.await, "enough");
    assert_eq!(clock.elapsed(), SECOND * 10);
}

/// W2.7: the first job to finish took the token's listeners of all the others with it.
#[tokio::test(start_paused = true)]
async fn a_shared_token_still_cancels_the_others() {
    let mut stage = stage();
    let token = CancellationToken::new();
    let dispatch = || Dispatch::new(Fetch::default()).cancel_with(token.clone());
    let (first, second, third) =
        (stage.dispatch(dispatch()), stage.dispatch(dispatch()), stage.dispatch(dispatch()));
    stage.next_try().await.finish(1);
    assert_eq!(first.result().await.unwrap(), 1);
    let (b, c) = (stage.next_try().await, stage.next_try().await);
    token.cancel();
    b.dropped().await;
    c.dropped().await;
    for handle in [second, third] {
        assert!(matches!(handle.await, Err(JobEnd::Cancelled(None))));
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failed_try() {
    let mut stage = stage();
    let handle = stage.dispatch(Dispatch::new(Fetch::default()).retry(Retry::attempts(2)));
    drop(stage.next_try().await);
    stage.next_try().await.finish(2);
    assert_eq!(handle.result().await.unwrap(), 2);
    let handle = stage.dispatch(Fetch::default());
    drop(stage.next_try().await);
    let result = JobResult::from(handle.await);
    let failure = result.failure().expect("it failed");
    assert_eq!((failure.code.as_str(), failure.attempts), ("panicked", 1));
}

/// What the job's own methods do wrong settles the handle as well.
#[tokio::test(start_paused = true)]
async fn a_panic_beside_the_work_settles_the_handle() {
    let mut stage = stage();
    let handle = stage.dispatch(Fetch { panics_in_event: true, ..Fetch::default() });
    stage.next_try().await.finish(7);
    assert!(matches!(handle.await, Err(JobEnd::Failed(failure)) if failure.code == "panicked"));
    assert_eq!(stage.dispatcher.running(), 0);
}

/// S2.12: a failure that another try cannot help is not tried again, nor one that the predicate does not want.
#[tokio::test(start_paused = true)]
async fn only_what_may_help_is_tried_again() {
    let mut stage = stage();
    let handle = stage.dispatch(Dispatch::new(Fetch::default()).retry(Retry::attempts(3)));
    stage.next_try().await.fail_for_good("forbidden");
    assert!(matches!(handle.await, Err(JobEnd::Failed(failure)) if failure.attempts == 1));
    let picky = Retry::attempts(3).only_if(|failure| failure.message.contains("flaky"));
    let handle = stage.dispatch(Dispatch::new(Fetch::default()).retry(picky));
    stage.next_try().await.fail("flaky");
    stage.next_try().await.fail("broken");
    match handle.await {
        Err(JobEnd::Failed(failure)) => {
            assert_eq!(failure.attempts, 2);
            assert!(failure.downcast_ref::<std::io::Error>().is_some(), "the error itself is there");
        }
        other => panic!("{other:?}"),
    }
}

/// Work may say when its next try is due, or that this one does not count.
#[tokio::test(start_paused = true)]
async fn work_may_ask_for_more_time() {
    let mut stage = stage();
    let clock = PausedClock::paused();
    let handle = stage.dispatch(Dispatch::new(Fetch::default()).retry(Retry::attempts(2)));
    stage.next_try().await.answer(Err(JobFailure::Snooze(SECOND * 10)));
    let again = stage.next_try().await;
    assert_eq!((again.context.attempt(), clock.elapsed()), (1, SECOND * 10));
    again.answer(Err(JobFailure::RetryAfter("busy".into(), SECOND * 30)));
    let second = stage.next_try().await;
    assert_eq!((second.context.attempt(), clock.elapsed()), (2, SECOND * 40));
    second.finish(2);
    assert_eq!(handle.result().await.unwrap(), 2);
}

/// S2.14: the typed error and the handle say the same; nothing is awaited for ever.
#[tokio::test(start_paused = true)]
async fn what_nobody_runs_is_refused_twice() {
    let dispatcher = callboard::Dispatcher::default();
    let refused = dispatcher.try_dispatch(Fetch::default()).expect_err("nothing runs it");
    let known = vec!["cache.invalidate"];
    assert_eq!(refused.why, DispatchError::NoExecutor { kind: "fetch", known });
    assert!(refused.handle.is_settled());
    assert!(matches!(refused.handle.await, Err(JobEnd::NoExecutor(kind)) if kind == "fetch"));
    assert!(matches!(dispatcher.dispatch(Fetch::default()).await, Err(JobEnd::NoExecutor(_))));
}

/// S2.14: a second registration is an error unless it is meant.
#[tokio::test(start_paused = true)]
async fn a_kind_is_registered_once_unless_replaced() {
    let stage = stage();
    async fn other(_: Arc<Fetch>, _: RunContext) -> Result<u32, JobFailure> {
        Ok(99)
    }
    assert!(stage.dispatcher.register(other).is_err());
    stage.dispatcher.replace(other).unwrap();
    assert_eq!(stage.dispatch(Fetch::default()).result().await.unwrap(), 99);
    assert_eq!(stage.dispatcher.kinds(), ["cache.invalidate", "fetch"]);
}

/// X9: there is an end to how much is under way.
#[tokio::test(start_paused = true)]
async fn too_many_jobs_are_refused() {
    let mut stage = stage_with(DispatcherOptions { jobs_max: 1, ..DispatcherOptions::default() });
    let first = stage.dispatch(Fetch::default());
    assert!(matches!(stage.dispatch(Fetch::default()).await, Err(JobEnd::Overloaded(1))));
    stage.next_try().await.finish(1);
    first.await.unwrap();
    let next = stage.dispatch(Fetch::default());
    stage.next_try().await.finish(2);
    assert_eq!(next.result().await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_closed_dispatcher_settles_all_handles() {
    let mut stage = stage();
    let running = stage.dispatch(Fetch::default());
    let work = stage.next_try().await;
    stage.dispatcher.close();
    work.dropped().await;
    assert!(matches!(running.await, Err(JobEnd::Closed)));
    let late = stage.dispatcher.try_dispatch(Fetch::default()).expect_err("it is closed");
    assert_eq!(late.why, DispatchError::Closed);
    assert!(matches!(late.handle.await, Err(JobEnd::Closed)));
}

/// A runtime that ends takes its tasks with it; the handle still settles.
#[test]
fn a_runtime_that_ends_settles_the_handle() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (stage, handle) = runtime.block_on(async {
        let stage = stage();
        let handle = stage.dispatch(Fetch::default());
        (stage, handle)
    });
    drop(runtime);
    let other = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert!(matches!(other.block_on(handle), Err(JobEnd::Closed)));
    assert_eq!(stage.dispatcher.running(), 0);
}

/// W2.10: a late subscriber sees the last value first, and nothing is lost in between.
#[tokio::test(start_paused = true)]
async fn progress_has_no_gap() {
    let mut stage = stage();
    let handle = stage.dispatch(Dispatch::new(Fetch::default()).retry(Retry::attempts(2)));
    let mut early = handle.progress();
    let work = stage.next_try().await;
    work.context.step(1, 4, "one");
    let seen = early.next().await.unwrap();
    assert_eq!((seen.value, seen.step, seen.steps), (0.25, Some(1), Some(4)));
    let mut late = handle.progress();
    work.context.progress(0.5, "half");
    assert_eq!(late.next().await.unwrap().value, 0.5, "the newest, not a replay and a gap");
    work.fail("again");
    let work = stage.next_try().await;
    work.context.progress(0.1, "a new try begins anew");
    assert_eq!(late.next().await.unwrap().value, 0.1);
    work.finish(1);
    let after = handle.progress();
    handle.await.unwrap();
    assert_eq!(late.next().await, None::<Progress>, "it ends with the job");
    assert_eq!(after.current().map(|progress| progress.value), Some(0.1));
}

/// Dropping a handle cancels nothing, and an unawaited error disturbs nobody (S2.15).
#[tokio::test(start_paused = true)]
async fn a_handle_that_is_dropped_changes_nothing() {
    let mut stage = stage();
    drop(stage.dispatch(cached(CachePolicy::new("key"))));
    stage.next_try().await.finish(7);
    stage.idle().await;
    assert_eq!(stage.trace.take().last().unwrap(), "on_success 7 fresh");
    drop(stage.dispatcher.dispatch(InvalidateCache::key("key")));
    stage.idle().await;
}

/// W2.9: names are sortable, unique, and not 24 bits of chance; a given one and a prefix are kept (S2.1).
#[tokio::test(start_paused = true)]
async fn names_of_jobs() {
    let stage = stage();
    let mut all = std::collections::HashSet::new();
    for _ in 0..1000 {
        let handle = stage.dispatch(Dispatch::new(Fetch::default()).named("load"));
        let id = handle.id().strip_prefix("load-").expect("its prefix").to_owned();
        assert!(id.len() == 36 && id.as_bytes()[14] == b'7', "{id}");
        assert!(all.insert(id));
    }
    let handle = stage.dispatch(Dispatch::new(Fetch::default()).id("mine"));
    assert_eq!(&**handle.id(), "mine");
    assert!(!is_ready(handle).await);
}
