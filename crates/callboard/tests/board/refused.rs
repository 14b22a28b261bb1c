//! A journal that does not take a commit: a full disk, or an answer that was lost.

use crate::kit::{on, stage, work};
use callboard::JobEnd;
use callboard_exec::{CancelReason, Outcome};
use callboard_protocol::{Time, command::Command, error::ErrorCode, job::JobState};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

fn dispatch(id: &str) -> Command {
    Command::Dispatch(Box::new(work(id)))
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_changes_nothing_and_the_board_goes_on() {
    let mut stage = stage(1).await;
    let before = stage.board.state();
    stage.faults.reject_appends(1);
    let rejection = stage.send_keyed(dispatch("a"), "k").await.unwrap_err();
    assert_eq!(rejection.code, ErrorCode::StorageFailed);
    assert!(rejection.message.contains("the disk is full"), "{}", rejection.message);
    let now = stage.board.state();
    assert_eq!((now.version, now.document), (before.version, before.document));
    assert!(stage.attempts.try_next().is_none(), "nothing was started");

    let accepted = stage.send_keyed(dispatch("a"), "k").await.unwrap();
    assert!(!accepted.dup, "the outcome of what was not stored is not kept");
    assert_eq!(accepted.version, before.version + 1);
    stage.attempts.next().await;
    stage.assert_fold().await;
}

/// The attempt has ended once and cannot end again: its end is tried until it is stored.
#[tokio::test(start_paused = true)]
async fn the_end_of_an_attempt_is_not_lost_on_a_full_disk() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(work("a")).await;
    let attempt = stage.attempts.next().await;
    stage.faults.reject_appends(3);
    attempt.finish(Outcome::Succeeded("done".into()));
    stage.faults.appends_rejected(1).await;
    assert_eq!(stage.state_of("a"), Some(JobState::Running));
    let job = handle.end().await.unwrap();
    assert_eq!((job.state, job.result), (JobState::Succeeded, Some("done".into())));
    stage.assert_fold().await;
}

/// A file is a fact as well: the job that left it must not end without it.
#[tokio::test(start_paused = true)]
async fn an_artifact_is_not_lost_on_a_full_disk() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(work("a")).await;
    let attempt = stage.attempts.next().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    stage.faults.reject_appends(1);
    attempt.context().reporter.artifact("a.txt", "text/plain", file.path()).await.unwrap();
    stage.faults.appends_rejected(1).await;
    attempt.finish(Outcome::Succeeded("done".into()));
    let names: Vec<_> = handle.end().await.unwrap().artifacts.into_iter().map(|file| file.name).collect();
    assert_eq!(names, ["a.txt"]);
    stage.assert_fold().await;
}

/// What is decided while a commit is on its way stands on that commit: it falls with it, and can be asked for again.
#[tokio::test(start_paused = true)]
async fn what_was_decided_behind_a_refused_commit_is_void_too() {
    let mut stage = stage(1).await;
    stage.faults.hold_appends();
    let first = tokio::spawn(stage.send(dispatch("a")));
    stage.faults.append_held().await;
    let behind = tokio::spawn(stage.send(dispatch("b")));
    let again = tokio::spawn(stage.send(dispatch("a")));
    // Paused time goes on when everybody waits, so the writer has decided them; nobody hears of anything yet.
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(!first.is_finished() && !behind.is_finished() && !again.is_finished());
    stage.faults.reject_appends(1);
    stage.faults.release_appends();
    for refused in [first, behind, again] {
        assert_eq!(refused.await.unwrap().unwrap_err().code, ErrorCode::StorageFailed);
    }
    assert_eq!((stage.state_of("a"), stage.state_of("b")), (None, None));
    stage.send(dispatch("b")).await.unwrap();
    stage.send(dispatch("a")).await.unwrap();
    stage.attempts.next().await.finish(Outcome::Succeeded("done".into()));
    stage.attempts.next().await.finish(Outcome::Succeeded("done".into()));
    stage.until_state("a", JobState::Succeeded).await;
    stage.assert_fold().await;
}

/// Found by the simulation (seed 28): who asked again after a crash was told that nothing had been done.
#[tokio::test(start_paused = true)]
async fn a_command_that_was_carried_out_before_is_answered_as_before_beside_a_refused_commit() {
    let mut stage = stage(1).await;
    let first = stage.send_keyed(dispatch("a"), "k").await.unwrap();
    stage.attempts.next().await;
    stage.faults.reject_appends(1);
    // Both are decided in one batch.
    let (new, again) =
        tokio::join!(stage.send_keyed(dispatch("b"), "n"), stage.send_keyed(dispatch("a"), "k"));
    assert_eq!(new.unwrap_err().code, ErrorCode::StorageFailed);
    let again = again.unwrap();
    assert_eq!((again.version, again.dup), (first.version, true));
    stage.assert_fold().await;
}

/// Found by the simulation (seed 181): it was not asked to stop, and the shutdown waited for as long as it worked.
#[tokio::test(start_paused = true)]
async fn an_attempt_whose_start_is_on_its_way_at_a_shutdown_is_stopped_as_well() {
    let mut stage = stage(1).await;
    stage.faults.hold_appends();
    let sent = tokio::spawn(stage.send(dispatch("a")));
    stage.faults.append_held().await;
    let board = stage.board.clone();
    let shutdown = tokio::spawn(async move { board.shutdown().await });
    tokio::time::sleep(Duration::from_millis(1)).await;
    stage.faults.release_appends();
    sent.await.unwrap().unwrap();
    let attempt = stage.attempts.next().await;
    attempt.context().cancel.cancelled().await;
    assert_eq!(attempt.context().cancel.reason(), Some(CancelReason::Shutdown));
    attempt.finish(Outcome::Cancelled);
    shutdown.await.unwrap();
}

/// A command that comes with the end of an attempt in one batch is refused; the end is not.
#[tokio::test(start_paused = true)]
async fn commands_are_answered_while_an_end_is_tried_again() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(work("a")).await;
    let attempt = stage.attempts.next().await;
    stage.faults.reject_appends(u64::MAX);
    attempt.finish(Outcome::Succeeded("done".into()));
    stage.faults.appends_rejected(2).await;
    let rejection = stage.send(dispatch("b")).await.unwrap_err();
    assert_eq!(rejection.code, ErrorCode::StorageFailed);
    stage.faults.reject_appends(0);
    assert_eq!(handle.end().await.unwrap().state, JobState::Succeeded);
    assert_eq!(stage.state_of("b"), None);
    stage.assert_fold().await;
}

/// What the board wants by itself (a job that is due) must not make it spin while the disk is full.
#[tokio::test(start_paused = true)]
async fn a_full_disk_is_not_asked_in_a_loop() {
    let mut stage = stage(1).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let due = Some(Time(now + 20));
    stage
        .send(Command::Dispatch(Box::new(callboard_protocol::job::DispatchArgs {
            scheduled_at: due,
            ..work("later")
        })))
        .await
        .unwrap();
    stage.faults.reject_appends(u64::MAX);
    stage.faults.appends_rejected(1).await;
    let since = Instant::now();
    stage.faults.appends_rejected(4).await;
    assert!(since.elapsed() >= Duration::from_secs(1), "three more tries within {:?}", since.elapsed());
    stage.faults.reject_appends(0);
    stage.attempts.next().await.finish(Outcome::Cancelled);
}

/// Whether the commit is there nobody knows, so the board cannot go on; but nobody waits for ever either.
#[tokio::test(start_paused = true)]
async fn a_lost_answer_ends_the_board_and_all_who_wait() {
    for stored in [false, true] {
        let mut stage = stage(1).await;
        let handle = stage.dispatch(work("a")).await;
        let attempt = stage.attempts.next().await;
        stage.faults.lose_answer(stored);
        let rejection = stage.send_keyed(dispatch("b"), "k").await.unwrap_err();
        assert!(
            !rejection.message.contains("nothing was changed"),
            "that is not known: {}",
            rejection.message
        );
        assert!(matches!(handle.end().await, Err(JobEnd::BoardStopped)));
        attempt.context().cancel.cancelled().await;
        assert!(stage.send(dispatch("c")).await.is_err());
        stage.board.shutdown().await;

        let again = on(stage.journal.reopen(), 1).await;
        let accepted = again.send_keyed(dispatch("b"), "k").await.unwrap();
        assert_eq!(accepted.dup, stored, "the same key tells what happened");
    }
}

/// A full disk must not keep a board from stopping. Its running jobs are taken back at the next start.
#[tokio::test(start_paused = true)]
async fn a_board_can_stop_while_the_disk_is_full() {
    let mut stage = stage(1).await;
    let handle = stage.dispatch(work("a")).await;
    let attempt = stage.attempts.next().await;
    stage.faults.reject_appends(u64::MAX);
    let stopping = tokio::spawn({
        let board = stage.board.clone();
        async move { board.shutdown().await }
    });
    attempt.context().cancel.cancelled().await;
    attempt.finish(Outcome::Cancelled);
    tokio::time::timeout(Duration::from_secs(60), stopping).await.expect("it stops").unwrap();
    assert!(matches!(handle.end().await, Err(JobEnd::BoardStopped)));

    let mut again = on(stage.journal.reopen(), 1).await;
    let attempt = again.attempts.next().await;
    assert_eq!(attempt.context().attempt, 2);
}
