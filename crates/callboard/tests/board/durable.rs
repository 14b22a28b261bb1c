//! Invariant 1: nothing is seen before the journal said yes. And what waits for it goes in one commit.

use crate::kit::{on, stage, work};
use callboard_exec::Outcome;
use callboard_protocol::{
    command::Command,
    job::{DispatchArgs, JobState},
};
use futures_util::{future::join_all, poll};
use std::pin::pin;

#[tokio::test(start_paused = true)]
async fn nothing_shows_before_the_journal_said_yes() {
    let mut stage = stage(1).await;
    let before = stage.board.state();
    let head = stage.board.head();
    stage.faults.hold_appends();
    let mut sent = pin!(stage.send(Command::Dispatch(Box::new(work("a")))));
    assert!(poll!(&mut sent).is_pending());
    stage.faults.append_held().await;

    let now = stage.board.state();
    assert_eq!((now.version, now.document), (before.version, before.document), "the state");
    assert!(!head.has_changed().unwrap(), "the head");
    assert_eq!(stage.board.since(before.version).unwrap().changes().count(), 0, "followers");
    assert!(stage.board.since(before.version + 1).is_none(), "a version that is not yet made");
    assert!(stage.job("a").is_none(), "the job");
    assert!(poll!(&mut sent).is_pending(), "the ack");
    assert!(stage.attempts.try_next().is_none(), "its attempt");

    stage.faults.release_appends();
    let accepted = sent.await.unwrap();
    assert_eq!(accepted.version, before.version + 1);
    assert!(stage.board.state().version >= accepted.version, "an ack's version is visible");
    assert_eq!(stage.job("a").map(|job| job.attempt), Some(1));
    stage.attempts.next().await;
}

/// What the journal has and nobody was told of is not shown to somebody who comes back, and costs no snapshot.
#[tokio::test(start_paused = true)]
async fn whoever_comes_back_during_a_commit_gets_what_is_shown() {
    let held = |id| Command::Dispatch(Box::new(DispatchArgs { hold: true, ..work(id) }));
    let first = stage(1).await;
    let known = first.send(held("a")).await.unwrap().version;
    first.board.shutdown().await;
    let stage = on(first.journal.reopen(), 1).await;
    let head = stage.board.state().version;
    stage.faults.hold_answers();
    let mut sent = pin!(stage.send(held("b")));
    assert!(poll!(&mut sent).is_pending());
    stage.faults.append_held().await;

    assert!(stage.board.since(known).is_none(), "it is no longer in memory");
    let window = stage.board.since_stored(known).await.expect("the journal leads there");
    assert_eq!((window.from, window.to), (known, head));
    assert_eq!(window.changes().count() as u64, head - known);
    stage.faults.release_appends();
    assert!(sent.await.unwrap().version > head);
}

/// A commit is one transaction, however many commands arrived while the one before was on its way.
#[tokio::test(start_paused = true)]
async fn commands_that_wait_share_a_commit() {
    // Fewer than what tokio lets one task do at a stretch.
    const COMMANDS: usize = 100;
    let stage = stage(1).await;
    let before = stage.faults.appends_asked();
    stage.faults.hold_appends();
    let first = stage.send(Command::Dispatch(Box::new(work("first"))));
    let mut first = pin!(first);
    assert!(poll!(&mut first).is_pending());
    stage.faults.append_held().await;
    let rest = (0..COMMANDS).map(|n| stage.send(Command::Dispatch(Box::new(work(&format!("job-{n}"))))));
    let mut rest = pin!(join_all(rest));
    assert!(poll!(&mut rest).is_pending());
    stage.faults.release_appends();

    let mut versions = vec![first.await.unwrap().version];
    versions.extend(rest.await.into_iter().map(|accepted| accepted.unwrap().version));
    versions.sort_unstable();
    assert!(versions.is_sorted_by(|a, b| a < b), "each has a version of its own");
    assert_eq!(stage.faults.appends_asked() - before, 2);
    stage.assert_fold().await;
}

#[tokio::test(start_paused = true)]
async fn a_repeated_key_changes_nothing_and_is_answered_as_before() {
    let stage = stage(1).await;
    stage.faults.hold_appends();
    let dispatch = || Command::Dispatch(Box::new(work("a")));
    // The second one arrives while the first one is not durable yet, the third one afterwards.
    let mut first = pin!(stage.send_keyed(dispatch(), "k"));
    assert!(poll!(&mut first).is_pending());
    stage.faults.append_held().await;
    let mut second = pin!(stage.send_keyed(dispatch(), "k"));
    assert!(poll!(&mut second).is_pending(), "no answer before the first one is durable");
    stage.faults.release_appends();
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    let version = stage.board.state().version;
    let third = stage.send_keyed(dispatch(), "k").await.unwrap();
    assert!(!first.dup);
    for again in [second, third] {
        assert_eq!((again.dup, again.version, &again.result), (true, first.version, &first.result));
    }
    assert_eq!(stage.board.state().version, version);
}

/// S2.6, invariant 6: whoever waits for a job's end finds the event in the history when the wait is over.
#[tokio::test(start_paused = true)]
async fn the_event_is_there_before_the_handle_settles() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(work("a")).await;
    let before = stage.board.state().version;
    stage.attempts.next().await.finish(Outcome::Succeeded("done".into()));
    let job = handle.end().await.unwrap();
    assert_eq!(job.state, JobState::Succeeded);
    assert_eq!(stage.events_since(before), ["job.succeeded a"]);
    assert_eq!(stage.job("a").as_ref(), Some(&job), "and the record is the one in the state");
}

/// S2.6 the other way round: the end is decided, but as long as it is not durable no handle settles.
#[tokio::test(start_paused = true)]
async fn a_handle_does_not_settle_before_the_end_is_durable() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(work("a")).await;
    let attempt = stage.attempts.next().await;
    stage.faults.hold_appends();
    attempt.finish(Outcome::Succeeded("done".into()));
    stage.faults.append_held().await;
    let mut end = pin!(handle.end());
    assert!(poll!(&mut end).is_pending());
    assert_eq!(stage.state_of("a"), Some(JobState::Running));
    stage.faults.release_appends();
    assert_eq!(end.await.unwrap().result, Some("done".into()));
}
