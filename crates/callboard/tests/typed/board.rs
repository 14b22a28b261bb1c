//! The typed library on a board: durable jobs beside the in-process lane, several boards in one process.

use crate::kit::{Fetch, Fetched};
use callboard::{
    Board, BoardOptions, BreakerLimits, DispatchError, Job, JobContext, JobEnd, JobFailure, JobResult,
    JournalEvent, Orchestrator, RunContext, protocol::Node,
};
use callboard_testkit::PausedClock;
use serde::{Deserialize, Serialize};
use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

#[derive(Serialize, Deserialize)]
struct Add(u32, u32);

impl Job for Add {
    const KIND: &'static str = "add";
    type Output = u32;
}

async fn add(job: Add, context: JobContext) -> Result<u32, JobFailure> {
    context.step(1, 2, "adding");
    match job {
        Add(13, _) => Err(io::Error::other("unlucky").into()),
        Add(14, _) => {
            context.cancelled().await;
            Err(JobFailure::Cancelled)
        }
        Add(15, b) => {
            context.cancelled().await;
            Ok(b)
        }
        Add(a, b) => Ok(a + b),
    }
}

async fn subtract(job: Add, _: JobContext) -> Result<u32, JobFailure> {
    Ok(job.0 - job.1)
}

async fn board() -> Board {
    let board = Board::open(BoardOptions::default()).await.expect("it opens");
    board.register(add).expect("the kind is free");
    board
}

#[tokio::test(start_paused = true)]
async fn a_durable_job_has_the_same_handle() {
    let board = board().await;
    let handle = board.start(Add(1, 2)).await.unwrap();
    let mut progress = handle.progress();
    let settled = handle.await.unwrap();
    assert!(settled.is_fresh() && settled.value == 3);
    assert_eq!(progress.next().await.map(|progress| progress.value), Some(0.5));
    assert!(progress.next().await.is_none());

    let result = JobResult::from(board.start(Add(13, 0)).await.unwrap().await);
    assert_eq!(result.failure().map(|failure| failure.message.as_str()), Some("unlucky"));

    let handle = board.start(Add(14, 0)).await.unwrap();
    assert!(!handle.is_settled());
    handle.cancel("enough").await.unwrap();
    assert!(matches!(handle.await, Err(JobEnd::Cancelled(Some(reason))) if reason == "enough"));
}

/// S2.14 for durable kinds.
#[tokio::test(start_paused = true)]
async fn a_durable_kind_is_registered_once_unless_replaced() {
    let board = board().await;
    assert!(board.register(subtract).is_err());
    board.replace(subtract).unwrap();
    assert_eq!(board.start(Add(5, 2)).await.unwrap().result().await.unwrap(), 3);
}

async fn fetch(_: Arc<Fetch>, context: RunContext) -> Result<u32, JobFailure> {
    if context.metadata().is_null() {
        return Ok(7);
    }
    std::future::pending().await
}

/// W2.10: process-wide singletons made two instances impossible.
#[tokio::test(start_paused = true)]
async fn two_boards_in_one_process_share_nothing() {
    let (one, two) = (board().await, board().await);
    one.dispatcher().register(fetch).unwrap();
    let heard = |board: &Board| {
        Orchestrator::new("heard", board.dispatcher(), 0, |heard, reaction| {
            *heard += u32::from(reaction.event::<Fetched>().is_some());
        })
    };
    let (first, second) = (heard(&one), heard(&two));
    first.dispatch(Fetch::default()).await.unwrap();
    assert_eq!((first.state(), second.state()), (1, 0));
    let refused = two.dispatcher().try_dispatch(Fetch::default()).expect_err("it was not registered there");
    assert!(matches!(refused.why, DispatchError::NoExecutor { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_board_that_stops_settles_the_handles_of_its_lane() {
    let board = board().await;
    board.dispatcher().register(fetch).unwrap();
    let endless = callboard::Dispatch::new(Fetch::default()).metadata("wait".into());
    let handle = board.dispatcher().dispatch(endless);
    PausedClock::paused().advance(Duration::from_millis(1)).await;
    board.shutdown().await;
    assert!(matches!(handle.await, Err(JobEnd::Closed)));
    assert!(board.dispatcher().bus().is_closed());
}

/// Invariant 6, S2.17: what the journal says is an event, which is delivered before the handle settles; the one who
/// dispatched is its origin.
#[tokio::test(start_paused = true)]
async fn the_journal_is_told_before_the_handle_settles() {
    let board = board().await;
    board.tell_journal();
    board.tell_journal();
    let mine =
        Orchestrator::new("mine", board.dispatcher(), Vec::new(), |seen: &mut Vec<String>, reaction| {
            if let Some(event) = reaction.event::<JournalEvent>()
                && reaction.is_active()
            {
                seen.push(event.topic.clone());
            }
        });
    board.start(Add(1, 1)).await.unwrap().await.unwrap();
    assert!(mine.state().is_empty(), "somebody else's");
    for round in 1..=50 {
        let handle = board.start_as(Add(1, 2), "mine".into()).await.unwrap();
        let id = handle.id().clone();
        handle.await.unwrap();
        let seen = mine.state();
        assert_eq!(seen.len(), 3 * round, "{id}: {seen:?}");
        assert_eq!(seen[seen.len() - 3..], ["job.dispatched", "job.started", "job.succeeded"]);
    }
}

/// Invariant 6: the last ends of a board that stops are told as well, before their handles settle.
#[tokio::test(start_paused = true)]
async fn what_ends_with_the_board_is_told_before_its_handle_settles() {
    let board = board().await;
    board.tell_journal();
    let told = Arc::new(Mutex::new(Vec::new()));
    let ear = told.clone();
    let _sink = board.dispatcher().bus().attach(move |signal| {
        if let Some(event) = signal.get::<JournalEvent>() {
            ear.lock().unwrap().push(event.topic.clone());
        }
    });
    let handle = board.start(Add(15, 7)).await.unwrap();
    PausedClock::paused().advance(Duration::from_millis(1)).await;
    let heard = tokio::spawn(async move { (handle.await, told.lock().unwrap().clone()) });
    board.shutdown().await;
    let (end, told) = heard.await.unwrap();
    assert_eq!(end.unwrap().value, 7);
    assert_eq!(told.last().map(String::as_str), Some("job.succeeded"), "{told:?}");
    PausedClock::paused().advance(Duration::from_millis(1)).await;
    assert!(board.dispatcher().bus().is_closed());
}

/// X8: durable jobs stand in a chain of causes as well, and the journal records that a loop was stopped.
#[tokio::test(start_paused = true)]
async fn a_loop_of_durable_jobs_is_stopped_and_recorded() {
    let board = board().await;
    board.tell_journal();
    let again = board.clone();
    let limits = BreakerLimits { depth: 5, ..BreakerLimits::default() };
    let endless =
        Orchestrator::with_limits("endless", board.dispatcher(), 0, limits, move |done, reaction| {
            if let Some(event) = reaction.event::<JournalEvent>()
                && event.topic == "job.succeeded"
            {
                *done += 1;
                reaction.start(&again, Add(*done, 1));
            }
        });
    board.start(Add(0, 1)).await.unwrap().await.unwrap();
    let mut head = board.head();
    while board.state().document.at("/meta/breakersOpened").is_none() {
        head.changed().await.unwrap();
    }
    assert_eq!(endless.state(), 6, "the first one and five reactions");
    let document = board.state().document;
    let last = document.at("/meta/lastBreaker").unwrap();
    assert_eq!(last.child("reactor").and_then(Node::as_str), Some("endless"));
    assert_eq!(last.child("depth").and_then(Node::as_u64), Some(5));
    let window = board.since(0).unwrap();
    let topics = window.changes().flat_map(|(_, change)| &change.events).map(|event| event.topic.as_str());
    assert_eq!(topics.filter(|topic| *topic == "breaker.opened").count(), 1);
}

/// A board that stops while ends are held back for their events settles them all.
#[tokio::test(start_paused = true)]
async fn a_board_that_tells_and_stops_settles_its_handles() {
    let board = board().await;
    board.tell_journal();
    let handles: Vec<_> =
        futures_util::future::join_all((0..20).map(|number| board.start(Add(100 + number, 14)))).await;
    board.shutdown().await;
    for handle in handles {
        match handle.unwrap().await {
            Ok(_) | Err(JobEnd::BoardStopped) => {}
            other => panic!("{other:?}"),
        }
    }
}
