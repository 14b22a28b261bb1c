//! S2.6, S2.9, X7: the exact order of everything that can be seen of a run.

use crate::kit::{Fetch, SECOND, cached, stage};
use callboard::{CachePolicy, CancellationToken, Dispatch, Retry};

#[tokio::test(start_paused = true)]
async fn without_a_cache() {
    let mut stage = stage();
    let handle = stage.dispatch(Fetch::default());
    stage.next_try().await.finish(7);
    stage.settled(handle).await.unwrap();
    let expected = [
        "start fetch",
        "work 1",
        "event 7 fresh",
        "on_event 7 fresh",
        "on_success 7 fresh",
        "settled 7 fresh",
    ];
    assert_eq!(stage.trace.take(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_miss() {
    let mut stage = stage();
    let handle = stage.dispatch(cached(CachePolicy::new("key")));
    stage.next_try().await.finish(7);
    stage.settled(handle).await.unwrap();
    let expected = [
        "start fetch",
        "cache read",
        "work 1",
        "cache write",
        "event 7 fresh",
        "on_event 7 fresh",
        "on_success 7 fresh",
        "settled 7 fresh",
    ];
    assert_eq!(stage.trace.take(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_hit_does_no_work() {
    let mut stage = stage();
    let policy = CachePolicy::new("key");
    stage.warm(&policy, 5).await;
    let handle = stage.dispatch(cached(policy));
    stage.settled(handle).await.unwrap();
    let expected = [
        "start fetch",
        "cache read",
        "event 5 cached",
        "on_event 5 cached",
        "on_success 5 cached",
        "settled 5 cached",
    ];
    assert_eq!(stage.trace.take(), expected);
    stage.idle().await;
    assert!(stage.no_try());
}

/// S2.6, S2.21: the cached result settles the handle, the fresh one comes as a second event.
#[tokio::test(start_paused = true)]
async fn stale_while_revalidate() {
    let mut stage = stage();
    let policy = CachePolicy::new("key").revalidate();
    stage.warm(&policy, 5).await;
    let handle = stage.dispatch(cached(policy));
    stage.settled(handle).await.unwrap();
    stage.next_try().await.finish(6);
    stage.idle().await;
    let expected = [
        "start fetch",
        "cache read",
        "event 5 cached",
        "on_event 5 cached",
        "on_success 5 cached",
        "work 1",
        "settled 5 cached",
        "cache write",
        "event 6 fresh",
        "on_event 6 fresh",
        "on_success 6 fresh",
    ];
    assert_eq!(stage.trace.take(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_fails_leaves_the_settled_handle_alone() {
    let mut stage = stage();
    let policy = CachePolicy::new("key").revalidate();
    stage.warm(&policy, 5).await;
    let handle = stage.dispatch(cached(policy));
    assert_eq!(stage.settled(handle).await.unwrap().value, 5);
    stage.next_try().await.fail("offline");
    stage.idle().await;
    assert_eq!(stage.trace.take().last().unwrap(), "on_error the job failed: offline");
}

#[tokio::test(start_paused = true)]
async fn a_forced_refresh_does_not_read() {
    let mut stage = stage();
    let policy = CachePolicy::new("key");
    stage.warm(&policy, 5).await;
    let handle = stage.dispatch(cached(policy.force_refresh()));
    stage.next_try().await.finish(6);
    assert_eq!(stage.settled(handle).await.unwrap().value, 6);
    assert_eq!(stage.trace.take()[..3], ["start fetch", "work 1", "cache write"]);
}

/// S2.6 (2), (5): a cache that fails is told to the observer and otherwise a miss.
#[tokio::test(start_paused = true)]
async fn a_cache_that_fails_is_tolerated() {
    let mut stage = stage();
    *stage.cache.fails.lock().unwrap() = true;
    let handle = stage.dispatch(cached(CachePolicy::new("key")));
    stage.next_try().await.finish(7);
    stage.settled(handle).await.unwrap();
    let expected = [
        "start fetch",
        "cache read",
        "on_error cache: read",
        "work 1",
        "cache write",
        "on_error cache: write",
        "event 7 fresh",
        "on_event 7 fresh",
        "on_success 7 fresh",
        "settled 7 fresh",
    ];
    assert_eq!(stage.trace.take(), expected);
}

/// S2.7: an error is no event, unless the job says so.
#[tokio::test(start_paused = true)]
async fn an_error_is_told_to_observer_and_handle() {
    let mut stage = stage();
    let handle = stage.dispatch(Fetch::default());
    stage.next_try().await.fail("offline");
    stage.settled(handle).await.unwrap_err();
    let expected =
        ["start fetch", "work 1", "on_error the job failed: offline", "settled: the job failed: offline"];
    assert_eq!(stage.trace.take(), expected);
}

/// S2.4, S2.8: a placeholder is an event; a job that tells its failures takes it back.
#[tokio::test(start_paused = true)]
async fn a_placeholder_and_a_failure_that_is_told() {
    let mut stage = stage();
    let job = Fetch { placeholder: Some(1), tells_failures: true, ..cached(CachePolicy::new("key")) };
    let handle = stage.dispatch(job);
    stage.next_try().await.fail_for_good("gone");
    stage.settled(handle).await.unwrap_err();
    let expected = [
        "start fetch",
        "event 1 optimistic",
        "on_event 1 optimistic",
        "cache read",
        "work 1",
        "event fetch.failed failed",
        "on_event fetch.failed failed",
        "on_error the job failed: gone",
        "settled: the job failed: gone",
    ];
    assert_eq!(stage.trace.take(), expected);
}

/// S2.12, X1: 1 s, 2 s, 4 s; `max_attempts` counts calls.
#[tokio::test(start_paused = true)]
async fn tries_are_apart_as_documented() {
    let mut stage = stage();
    let began = tokio::time::Instant::now();
    let handle = stage.dispatch(Dispatch::new(Fetch::default()).retry(Retry::attempts(4)));
    for _ in 0..4 {
        stage.next_try().await.fail("offline");
    }
    stage.settled(handle).await.unwrap_err();
    assert_eq!(began.elapsed(), SECOND * 7);
    let expected = [
        "start fetch",
        "work 1",
        "retry after 1: offline, in 1000 ms",
        "work 2",
        "retry after 2: offline, in 2000 ms",
        "work 3",
        "retry after 3: offline, in 4000 ms",
        "work 4",
        "on_error the job failed: offline",
        "settled: the job failed: offline",
    ];
    assert_eq!(stage.trace.take(), expected);
}

/// S2.6 (1): a job that is cancelled before it begins does nothing, and says so.
#[tokio::test(start_paused = true)]
async fn cancelled_before() {
    let stage = stage();
    let token = CancellationToken::new();
    token.cancel();
    let handle = stage.dispatch(Dispatch::new(cached(CachePolicy::new("key"))).cancel_with(token));
    stage.settled(handle).await.unwrap_err();
    let expected = ["start fetch", "on_error the job was cancelled", "settled: the job was cancelled"];
    assert_eq!(stage.trace.take(), expected);
}
