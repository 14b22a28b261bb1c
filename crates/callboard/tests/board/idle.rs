//! Invariant 8: reading has no side effects, and a board with nothing to do commits nothing.

use crate::kit::{stage, work};
use callboard::JobListingQuery;
use callboard_exec::Outcome;
use callboard_protocol::{JobId, Node, log::Level};
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn an_idle_board_commits_nothing() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(work("a")).await;
    let attempt = stage.attempts.next().await;
    attempt.context().reporter.log("stdout", Level::Info, "a line, so that the log's metadata changes");
    attempt.finish(Outcome::Succeeded(Node::Null));
    handle.end().await.unwrap();
    // The metadata of the log follows within two seconds.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = (stage.faults.appends_asked(), stage.board.state().version);
    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    assert_eq!((stage.faults.appends_asked(), stage.board.state().version), before);
}

#[tokio::test(start_paused = true)]
async fn reading_commits_nothing() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(work("a")).await;
    stage.attempts.next().await.finish(Outcome::Succeeded(Node::Null));
    handle.end().await.unwrap();
    let before = stage.faults.appends_asked();
    let id = JobId::new("a");
    assert!(stage.board.job(&id).await.unwrap().is_some());
    assert_eq!(stage.board.attempts(&id).await.unwrap().len(), 1);
    assert_eq!(
        stage.board.jobs(JobListingQuery { limit: 10, ..Default::default() }).await.unwrap().jobs.len(),
        1
    );
    stage.board.job_log(&id, None, 10).await.unwrap();
    stage.board.board_log(Some(0), 10);
    assert!(stage.board.since(0).is_some());
    assert_eq!(stage.board.kinds().len(), 1);
    assert_eq!(stage.faults.appends_asked(), before);
}

#[tokio::test(start_paused = true)]
async fn two_boards_live_in_one_process() {
    let (mut one, mut two) = (stage(1).await, stage(1).await);
    let handle = one.dispatch(work("a")).await;
    assert_eq!(two.job("a"), None);
    assert!(two.attempts.try_next().is_none());
    one.attempts.next().await.finish(Outcome::Succeeded("one".into()));
    assert_eq!(handle.end().await.unwrap().result, Some("one".into()));
    assert_ne!(one.board.epoch(), two.board.epoch());
}
