//! S2.16 to S2.19: state from events, active and passive, reactions and their breaker (X8).

use crate::kit::{Fetch, Fetched, SECOND, cached, stage};
use callboard::{
    AsyncState, BreakerLimits, BreakerOpened, CachePolicy, DataSource, Dispatch, Dispatcher, DomainEvent,
    EventJob, JobEnd, JobFailure, Orchestrator, RunContext,
};
use callboard_testkit::{EventCapture, PausedClock};
use std::{sync::Arc, time::Duration};

/// Numbers with whether they were our own.
type Seen = Vec<(u32, bool)>;

fn collector(name: &str, dispatcher: &Dispatcher) -> Orchestrator<Seen> {
    Orchestrator::new(name, dispatcher, Seen::new(), |seen, reaction| {
        if let Some(Fetched::Value(value)) = reaction.event() {
            seen.push((*value, reaction.is_active()));
        }
    })
}

/// S2.17, W2.4: active is a fact of the event; no delay decides it, neither before nor after the handle settles.
/// Invariant 6: the state has seen the event when the handle settles.
#[tokio::test(start_paused = true)]
async fn active_for_one_and_passive_for_the_other() {
    let mut stage = stage();
    let (mine, other) = (collector("mine", &stage.dispatcher), collector("other", &stage.dispatcher));
    let clock = PausedClock::paused();
    let handle = mine.dispatch(Fetch::default());
    let id = handle.id().clone();
    assert!(mine.is_running(&id) && mine.has_active_jobs() && !other.has_active_jobs());
    stage.next_try().await.finish(7);
    handle.await.unwrap();
    assert_eq!((mine.state(), other.state()), (vec![(7, true)], vec![(7, false)]));
    assert!(!mine.is_running(&id) && !mine.has_active_jobs());
    assert_eq!(clock.elapsed(), Duration::ZERO);
}

/// W2.4: the fresh event of a revalidating job came after the original had forgotten the job: it was passive.
#[tokio::test(start_paused = true)]
async fn a_late_event_is_still_active() {
    let mut stage = stage();
    let policy = CachePolicy::new("key").revalidate();
    stage.warm(&policy, 5).await;
    let mine = collector("mine", &stage.dispatcher);
    let handle = mine.dispatch(cached(policy));
    let id = handle.id().clone();
    handle.await.unwrap();
    assert!(mine.is_running(&id), "it revalidates");
    tokio::time::advance(SECOND * 60).await;
    stage.next_try().await.finish(6);
    stage.idle().await;
    assert_eq!(mine.state(), [(5, true), (6, true)]);
    assert!(!mine.is_running(&id));
}

/// W2.10: the initial state was added before anybody could listen.
#[tokio::test(start_paused = true)]
async fn a_watcher_first_sees_the_state_as_it_is() {
    let mut stage = stage();
    let mine = collector("mine", &stage.dispatcher);
    let mut watch = mine.watch();
    watch.changed().await.unwrap();
    assert!(watch.borrow_and_update().is_empty());
    let handle = mine.dispatch(Fetch::default());
    stage.next_try().await.finish(7);
    watch.changed().await.unwrap();
    assert_eq!(*watch.borrow_and_update(), [(7, true)]);
    handle.await.unwrap();
    assert!(!watch.has_changed().unwrap(), "an event that changes nothing is no new state (X17)");
}

#[tokio::test(start_paused = true)]
async fn a_reducer_that_panics_keeps_its_state_and_the_job_goes_on() {
    let mut stage = stage();
    let fragile = Orchestrator::new("fragile", &stage.dispatcher, 0i64, |sum, reaction| {
        *sum += 100;
        let Some(Fetched::Value(value)) = reaction.event() else { return };
        assert_ne!(*value, 13, "unlucky");
        *sum += i64::from(*value) - 100;
    });
    for value in [1, 13, 2] {
        let handle = fragile.dispatch(Fetch::default());
        stage.next_try().await.finish(value);
        assert_eq!(handle.result().await.unwrap(), value);
    }
    assert_eq!(fragile.state(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_one_hears_nothing_and_its_jobs_go_on() {
    let mut stage = stage();
    let mine = collector("mine", &stage.dispatcher);
    let watch = mine.watch();
    let handle = mine.dispatch(Fetch::default());
    drop(mine);
    stage.next_try().await.finish(7);
    assert_eq!(handle.result().await.unwrap(), 7);
    assert!(watch.borrow().is_empty());
}

/// S2.16: cancelling only forgot the job; ours stops it.
#[tokio::test(start_paused = true)]
async fn cancel_stops_a_job_of_its_own() {
    let mut stage = stage();
    let (mine, other) = (collector("mine", &stage.dispatcher), collector("other", &stage.dispatcher));
    let handle = mine.dispatch(Fetch::default());
    let work = stage.next_try().await;
    assert!(!other.cancel(handle.id(), "not yours"));
    assert!(mine.cancel(handle.id(), "enough"));
    work.dropped().await;
    assert!(matches!(handle.await, Err(JobEnd::Cancelled(Some(reason))) if reason == "enough"));
}

/// W2.11: the original made a token and never gave it to the job.
#[tokio::test(start_paused = true)]
async fn a_newer_one_replaces_the_previous() {
    let mut stage = stage();
    let search = collector("search", &stage.dispatcher);
    let first = search.dispatch_replacing_previous("query", Fetch::default());
    let old = stage.next_try().await;
    let second = search.dispatch_replacing_previous("query", Fetch::default());
    let elsewhere = search.dispatch_replacing_previous("other", Fetch::default());
    old.dropped().await;
    assert!(matches!(first.await, Err(JobEnd::Cancelled(_))));
    stage.next_try().await.finish(2);
    stage.next_try().await.finish(3);
    assert_eq!((second.result().await.unwrap(), elsewhere.result().await.unwrap()), (2, 3));
    assert_eq!(search.state(), [(2, true), (3, true)]);
}

#[tokio::test(start_paused = true)]
async fn only_one_at_a_time_where_asked() {
    let mut stage = stage();
    let mine = collector("mine", &stage.dispatcher);
    let first = mine.dispatch_if_not_running("sync", Fetch::default()).expect("nothing runs");
    assert!(mine.dispatch_if_not_running("sync", Fetch::default()).is_none());
    stage.next_try().await.finish(1);
    first.await.unwrap();
    let again = mine.dispatch_if_not_running("sync", Fetch::default()).expect("it has ended");
    stage.next_try().await.finish(2);
    assert_eq!(again.result().await.unwrap(), 2);
    for slot in 0..1000 {
        mine.dispatch_if_not_running(&slot.to_string(), Fetch::default()).expect("a slot of its own");
    }
    let all = mine.dispatch_all([Fetch::default(), Fetch::default()]);
    assert_eq!(all.len(), 2);
}

/// S2.26 in use: a screen's state, with old data while it is loaded again.
#[tokio::test(start_paused = true)]
async fn a_screen() {
    let mut stage = stage();
    type Screen = AsyncState<u32, String>;
    let screen = Orchestrator::new("screen", &stage.dispatcher, Screen::Initial, |screen, reaction| {
        let source = reaction.signal().source;
        *screen = match (reaction.event(), source) {
            (Some(Fetched::Value(value)), DataSource::Fresh) => Screen::Success(*value),
            (Some(Fetched::Value(value)), _) => Screen::Refreshing(*value),
            (Some(Fetched::Failed(_)), _) => std::mem::take(screen).to_failure("offline".into()),
            (None, _) => return,
        };
    });
    let handle = screen.dispatch(Fetch { placeholder: Some(1), tells_failures: true, ..Fetch::default() });
    let work = stage.next_try().await;
    assert_eq!(screen.state(), Screen::Refreshing(1));
    work.fail("offline");
    handle.await.unwrap_err();
    assert_eq!(screen.state(), Screen::Failure("offline".into(), Some(1)));
}

/// One half of a conversation.
#[derive(Clone, Copy)]
struct Say(u32);
#[derive(Debug)]
struct Said(u32);
impl DomainEvent for Said {
    fn topic(&self) -> &str {
        "said"
    }
}
impl EventJob for Say {
    const KIND: &'static str = "say";
    type Output = u32;
    type Event = Said;
    fn event(&self, word: &u32, _: DataSource) -> Said {
        Said(*word)
    }
}

async fn say(job: Arc<Say>, _: RunContext) -> Result<u32, JobFailure> {
    Ok(job.0)
}

fn talker() -> Dispatcher {
    let dispatcher = Dispatcher::default();
    dispatcher.register(say).expect("the kind is free");
    dispatcher
}

/// Answers each word with the next one, for ever.
fn parrot(name: &str, dispatcher: &Dispatcher, limits: BreakerLimits) -> Orchestrator<u32> {
    Orchestrator::with_limits(name, dispatcher, 0, limits, |heard, reaction| {
        if let Some(Said(word)) = reaction.event() {
            *heard += 1;
            reaction.dispatch(Say(word + 1));
        }
    })
}

fn limits(depth: u32) -> BreakerLimits {
    BreakerLimits { depth, ..BreakerLimits::default() }
}

async fn until_idle(dispatcher: &Dispatcher) {
    while dispatcher.running() > 0 {
        tokio::task::yield_now().await;
    }
}

/// X8: a loop is stopped at the commands of the one who reacts; every fact before that was delivered.
#[tokio::test(start_paused = true)]
async fn a_loop_is_stopped() {
    let dispatcher = talker();
    let events = EventCapture::on(dispatcher.bus());
    let parrot = parrot("parrot", &dispatcher, limits(10));
    parrot.dispatch(Say(0)).await.unwrap();
    until_idle(&dispatcher).await;
    assert_eq!(parrot.state(), 11, "the first word and ten answers");
    let opened = events.of::<BreakerOpened>();
    let opened: Vec<_> = opened.iter().filter_map(|signal| signal.get::<BreakerOpened>()).collect();
    assert_eq!(opened.len(), 1);
    let (depth, reactions) = (opened[0].depth, opened[0].reactions);
    assert_eq!((depth, reactions, &*opened[0].reactor), (10, 11, "parrot"));
    let said = events.of::<Said>();
    assert!(said.iter().all(|signal| signal.cause.root == said[0].correlation_id), "one chain");
    let depths: Vec<_> = said.iter().map(|signal| signal.cause.depth).collect();
    assert_eq!(depths, (0..=10).collect::<Vec<_>>());
}

/// X8: while it is open, reactions are refused, facts are delivered, and people may go on; then it closes.
#[tokio::test(start_paused = true)]
async fn an_open_breaker_refuses_reactions_only() {
    let dispatcher = talker();
    let parrot = parrot("parrot", &dispatcher, limits(3));
    parrot.dispatch(Say(0)).await.unwrap();
    until_idle(&dispatcher).await;
    assert_eq!(parrot.state(), 4);
    assert_eq!(parrot.dispatch(Say(100)).result().await.unwrap(), 100, "a person's command");
    until_idle(&dispatcher).await;
    assert_eq!(parrot.state(), 5, "the fact was seen, the reaction refused");
    tokio::time::advance(SECOND).await;
    parrot.dispatch(Say(200)).await.unwrap();
    until_idle(&dispatcher).await;
    assert_eq!(parrot.state(), 9, "it reacts again");
}

/// X8: also when two of them drive each other.
#[tokio::test(start_paused = true)]
async fn a_loop_of_two_is_stopped() {
    let dispatcher = talker();
    let turn = |rest: u32| {
        move |heard: &mut u32, reaction: &mut callboard::Reaction<'_>| {
            if let Some(Said(word)) = reaction.event()
                && word % 2 == rest
            {
                *heard += 1;
                reaction.dispatch(Say(word + 1));
            }
        }
    };
    let ping = Orchestrator::with_limits("ping", &dispatcher, 0, limits(20), turn(0));
    let pong = Orchestrator::with_limits("pong", &dispatcher, 0, limits(20), turn(1));
    dispatcher.dispatch(Say(0)).await.unwrap();
    until_idle(&dispatcher).await;
    assert_eq!((ping.state(), pong.state()), (11, 10));
}

/// W2.3: 100 jobs that report progress, and 5000 facts in one moment, are ordinary load: nothing is lost.
#[tokio::test(start_paused = true)]
async fn facts_are_never_dropped() {
    let dispatcher = talker();
    let count = Orchestrator::new("count", &dispatcher, 0, |count, reaction| {
        if reaction.event::<Said>().is_some() {
            *count += 1;
        }
    });
    for handle in dispatcher.dispatch_all((0..5000).map(Say)) {
        handle.await.unwrap();
    }
    assert_eq!(count.state(), 5000);

    let mut stage = stage();
    let handles = stage.dispatcher.dispatch_all((0..100).map(|_| Fetch::default()));
    let mine = collector("mine", &stage.dispatcher);
    for _ in 0..100 {
        let work = stage.next_try().await;
        (0..100).for_each(|step| work.context.step(step, 100, "more"));
        work.finish(1);
    }
    for handle in handles {
        assert_eq!(handle.progress().next().await.map(|progress| progress.value), Some(0.99));
        handle.await.unwrap();
    }
    assert_eq!(mine.state().len(), 100);
}

/// A job that work dispatches stands in the same chain and has the same origin.
#[tokio::test(start_paused = true)]
async fn the_chain_goes_through_the_work() {
    let mut stage = stage();
    stage.dispatcher.register(say).unwrap();
    let events = EventCapture::on(stage.dispatcher.bus());
    let handle = stage.dispatch(Dispatch::new(Fetch::default()).origin("page".into()));
    let work = stage.next_try().await;
    work.context.dispatch(Say(1)).await.unwrap();
    let said = events.wait_for(|signal| signal.topic() == "said").await;
    assert_eq!((&said.cause.root, &*said.origin), (handle.id(), "page"));
    assert!(said.is_from::<Say>() && !said.is_from::<Fetch>());
}
