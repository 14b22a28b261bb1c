//! Caching jobs that meet each other: single flight, negative results, wrong types, invalidation (S2.22, W2.6).

use crate::kit::{Fetch, SECOND, Stage, cached, stage};
use callboard::{
    CacheInvalidated, CachePolicy, CacheProvider as _, Cached, DataSource, Dispatch, DomainEvent, EventJob,
    InvalidateCache, JobEnd, JobFailure, RunContext,
};
use callboard_testkit::{EventCapture, PausedClock};
use std::sync::Arc;

fn policy() -> CachePolicy {
    CachePolicy::new("key")
}

/// W2.6: ten readers of one key cost one fetch; each gets its own event before its own handle settles.
#[tokio::test(start_paused = true)]
async fn one_work_for_all_who_want_the_same() {
    let mut stage = stage();
    let events = EventCapture::on(stage.dispatcher.bus());
    let handles: Vec<_> = stage.dispatcher.dispatch_all((0..10).map(|_| cached(policy())));
    let work = stage.next_try().await;
    PausedClock::paused().settle().await;
    assert!(stage.no_try());
    work.finish(7);
    for handle in handles {
        let id = handle.id().clone();
        let settled = handle.await.unwrap();
        assert_eq!((settled.value, settled.source), (7, DataSource::Fresh));
        assert_eq!(events.all().iter().filter(|signal| signal.correlation_id == id).count(), 1);
    }
    assert!(stage.no_try());
    assert_eq!(stage.trace.take().iter().filter(|line| *line == "cache write").count(), 1);
}

/// Who waits for somebody else's work is not cancelled with him: he takes over.
#[tokio::test(start_paused = true)]
async fn a_follower_takes_over_from_a_cancelled_leader() {
    let mut stage = stage();
    let leader = stage.dispatch(cached(policy()));
    let work = stage.next_try().await;
    let follower = stage.dispatch(cached(policy()));
    PausedClock::paused().settle().await;
    leader.cancel("enough").await.unwrap();
    work.dropped().await;
    assert!(leader.await.is_err());
    stage.next_try().await.finish(8);
    assert_eq!(follower.result().await.unwrap(), 8);
}

#[tokio::test(start_paused = true)]
async fn a_follower_can_be_cancelled_alone() {
    let mut stage = stage();
    let leader = stage.dispatch(cached(policy()));
    let work = stage.next_try().await;
    let follower = stage.dispatch(Dispatch::new(cached(policy())).timeout(SECOND));
    assert!(matches!(follower.await, Err(JobEnd::TimedOut(_))));
    assert!(!work.is_dropped());
    work.finish(7);
    assert_eq!(leader.result().await.unwrap(), 7);
}

#[tokio::test(start_paused = true)]
async fn an_error_is_shared_and_not_cached() {
    let mut stage = stage();
    let (first, second) = (stage.dispatch(cached(policy())), stage.dispatch(cached(policy())));
    let work = stage.next_try().await;
    PausedClock::paused().settle().await;
    work.fail("offline");
    for handle in [first, second] {
        assert!(matches!(handle.await, Err(JobEnd::Failed(failure)) if failure.message == "offline"));
    }
    let third = stage.dispatch(cached(policy()));
    stage.next_try().await.finish(1);
    assert_eq!(third.result().await.unwrap(), 1);
}

/// W2.6: a failure can be remembered, for its own time.
#[tokio::test(start_paused = true)]
async fn a_failure_is_remembered_when_asked() {
    let mut stage = stage();
    let policy = policy().remember_failures(SECOND * 5);
    let first = stage.dispatch(cached(policy.clone()));
    stage.next_try().await.fail("no such user");
    assert!(first.await.is_err());
    let second = stage.dispatch(cached(policy.clone())).await;
    assert!(matches!(second, Err(JobEnd::Failed(failure)) if failure.message == "no such user"));
    assert!(stage.no_try());
    tokio::time::advance(SECOND * 5).await;
    let third = stage.dispatch(cached(policy));
    stage.next_try().await.finish(3);
    assert_eq!(third.result().await.unwrap(), 3);
}

/// W2.6: the original failed with a cast error.
#[tokio::test(start_paused = true)]
async fn a_cached_value_of_another_type_is_a_miss() {
    let mut stage = stage();
    stage.cache.memory.write("key", Cached::new("text"), None).await.unwrap();
    let handle = stage.dispatch(cached(policy()));
    stage.next_try().await.finish(7);
    assert_eq!(handle.result().await.unwrap(), 7);
    assert_eq!(stage.dispatch(cached(policy())).await.unwrap().source, DataSource::Cached, "it was replaced");
}

/// A lookup that may find nothing.
struct Find;
#[derive(Debug)]
struct Found;
impl DomainEvent for Found {
    fn topic(&self) -> &str {
        "found"
    }
}
impl EventJob for Find {
    const KIND: &'static str = "find";
    type Output = Option<u32>;
    type Event = Found;
    fn event(&self, _: &Option<u32>, _: DataSource) -> Found {
        Found
    }
    fn cache(&self) -> Option<CachePolicy> {
        Some(CachePolicy::new("find"))
    }
}

/// W2.6: "nothing" is a result like any other; the original asked again each time.
#[tokio::test(start_paused = true)]
async fn nothing_is_cached() {
    let stage = stage();
    let find = async |_: Arc<Find>, context: RunContext| -> Result<Option<u32>, JobFailure> {
        context.progress(1.0, "");
        Ok(None)
    };
    stage.dispatcher.register(find).unwrap();
    assert_eq!(stage.dispatcher.dispatch(Find).await.unwrap().source, DataSource::Fresh);
    let again = stage.dispatcher.dispatch(Find).await.unwrap();
    assert_eq!((again.value, again.source), (None, DataSource::Cached));
}

#[tokio::test(start_paused = true)]
async fn results_expire() {
    let mut stage = stage();
    let policy = policy().ttl(SECOND * 10);
    stage.warm(&policy, 5).await;
    tokio::time::advance(SECOND * 9).await;
    assert_eq!(stage.dispatch(cached(policy.clone())).result().await.unwrap(), 5);
    tokio::time::advance(SECOND).await;
    let handle = stage.dispatch(cached(policy));
    stage.next_try().await.finish(6);
    assert_eq!(handle.result().await.unwrap(), 6);
}

async fn forget(stage: &Stage, job: InvalidateCache) -> usize {
    stage.dispatcher.dispatch(job).result().await.expect("the cache is there")
}

/// S2.22: by key, by prefix, by a function; an event tells of it.
#[tokio::test(start_paused = true)]
async fn what_is_out_of_date_is_forgotten() {
    let mut stage = stage();
    let events = EventCapture::on(stage.dispatcher.bus());
    for key in ["user/1", "user/2", "user/3", "order/1"] {
        stage.warm(&CachePolicy::new(key), 1).await;
    }
    assert_eq!(forget(&stage, InvalidateCache::key("user/1")).await, 1);
    assert_eq!(forget(&stage, InvalidateCache::key("user/1")).await, 0);
    assert_eq!(forget(&stage, InvalidateCache::prefix("user/")).await, 2);
    assert_eq!(forget(&stage, InvalidateCache::matching(|key| key.ends_with("/1"))).await, 1);
    let told: Vec<_> = events.of::<CacheInvalidated>();
    let told: Vec<_> = told.iter().filter_map(|signal| signal.get::<CacheInvalidated>()).collect();
    assert_eq!(told[2], &CacheInvalidated { keys: Some("user/*".into()), count: 2 });
    assert_eq!(told[3].keys, None);
}

/// A result that was being made when its key was invalidated reaches who waits for it, and nobody else.
#[tokio::test(start_paused = true)]
async fn work_from_before_an_invalidation_is_not_cached() {
    let mut stage = stage();
    let before = stage.dispatch(cached(policy()));
    let old = stage.next_try().await;
    forget(&stage, InvalidateCache::key("key")).await;
    let after = stage.dispatch(cached(policy()));
    let new = stage.next_try().await;
    new.finish(2);
    assert_eq!(after.result().await.unwrap(), 2);
    old.finish(1);
    assert_eq!(before.result().await.unwrap(), 1);
    let now = stage.dispatch(cached(policy())).await.unwrap();
    assert_eq!((now.value, now.source), (2, DataSource::Cached));
}

#[tokio::test(start_paused = true)]
async fn jobs_without_a_key_do_not_wait_for_each_other() {
    let mut stage = stage();
    let (first, second) = (stage.dispatch(Fetch::default()), stage.dispatch(Fetch::default()));
    stage.next_try().await.finish(1);
    stage.next_try().await.finish(2);
    assert_eq!(first.result().await.unwrap() + second.result().await.unwrap(), 3);
}
