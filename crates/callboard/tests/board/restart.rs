//! What outlives a board: jobs, attempts, answers, logs; and what an interrupted attempt becomes.

use crate::kit::{Stage, on, stage, work};
use callboard::{Board, BoardOptions, JobEnd};
use callboard_exec::{Outcome, Registry};
use callboard_protocol::{
    Actor, JobId, Node, caps,
    command::{CancelArgs, Command},
    job::{AttemptOutcome, DispatchArgs, JobState},
    log::Level,
};
use callboard_testkit::{Attempts, ScriptedAttempt, ScriptedExecutor, scripted_kind};
use std::path::Path;

async fn shut_down(stage: &Stage, attempt: ScriptedAttempt) {
    let stopping = tokio::spawn({
        let board = stage.board.clone();
        async move { board.shutdown().await }
    });
    attempt.context().cancel.cancelled().await;
    attempt.finish(Outcome::Cancelled);
    stopping.await.expect("it stops");
}

async fn outcomes(stage: &Stage, id: &str) -> Vec<AttemptOutcome> {
    let attempts = stage.board.attempts(&JobId::new(id)).await.expect("readable");
    attempts.iter().map(|attempt| attempt.outcome).collect()
}

#[tokio::test(start_paused = true)]
async fn what_a_shutdown_interrupts_runs_again_without_using_a_try() {
    let mut first = stage(1).await;
    first.dispatch(work("a")).await;
    first.dispatch(work("queued")).await;
    let attempt = first.attempts.next().await;
    shut_down(&first, attempt).await;
    assert!(first.attempts.try_next().is_none(), "a board that stops starts nothing");

    let mut second = on(first.journal.reopen(), 1).await;
    assert_eq!(second.board.epoch(), first.board.epoch());
    let attempt = second.attempts.next().await;
    assert_eq!((attempt.context().job_id.as_str(), attempt.context().attempt), ("a", 2));
    let handle_free = second.job("a").unwrap();
    assert_eq!((handle_free.max_attempts, handle_free.interruptions), (1, 1));
    attempt.finish(Outcome::Succeeded("done".into()));
    second.until_state("a", JobState::Succeeded).await;
    assert_eq!(outcomes(&second, "a").await, [AttemptOutcome::Interrupted, AttemptOutcome::Succeeded]);
    assert_eq!(second.attempts.next().await.context().job_id.as_str(), "queued");
    second.assert_fold().await;
}

/// A second process takes the journal over while the first one still runs: the first can change nothing any more.
#[tokio::test(start_paused = true)]
async fn a_board_that_lost_its_journal_changes_nothing_any_more() {
    let mut first = stage(1).await;
    let handle = first.dispatch(work("a")).await;
    let stale = first.attempts.next().await;

    let mut second = on(first.journal.reopen(), 1).await;
    let attempt = second.attempts.next().await;
    assert_eq!(attempt.context().attempt, 2);
    assert_eq!(second.job("a").unwrap().rescues, 1);

    stale.finish(Outcome::Succeeded("from the past".into()));
    assert!(matches!(handle.end().await, Err(JobEnd::BoardStopped)));
    attempt.finish(Outcome::Succeeded("from the present".into()));
    second.until_state("a", JobState::Succeeded).await;
    assert_eq!(second.job("a").unwrap().result, Some("from the present".into()));
    assert_eq!(outcomes(&second, "a").await, [AttemptOutcome::Lost, AttemptOutcome::Succeeded]);
    second.assert_fold().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_takes_its_server_down_ends_at_last() {
    let mut stage = stage(1).await;
    stage.dispatch(work("poison")).await;
    for start in 1..=caps::RESCUES + 1 {
        let attempt = stage.attempts.next().await;
        assert_eq!(attempt.context().attempt, start);
        stage = on(stage.journal.reopen(), 1).await;
    }
    let job = stage.job("poison").unwrap();
    assert_eq!((job.state, job.error.unwrap().code.as_str()), (JobState::Failed, "lost"));
    assert!(stage.attempts.try_next().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_cancel_outlives_the_board_that_accepted_it() {
    let mut first = stage(1).await;
    first.dispatch(work("a")).await;
    let _attempt = first.attempts.next().await;
    first.send(Command::Cancel(CancelArgs { id: "a".into(), reason: None })).await.unwrap();
    let mut second = on(first.journal.reopen(), 1).await;
    assert_eq!(second.state_of("a"), Some(JobState::Cancelled));
    assert!(second.attempts.try_next().is_none());
}

#[tokio::test(start_paused = true)]
async fn answers_outlive_a_restart() {
    let mut first = stage(1).await;
    let dispatch = || Command::Dispatch(Box::new(work("a")));
    let before = first.send_keyed(dispatch(), "k").await.unwrap();
    let attempt = first.attempts.next().await;
    shut_down(&first, attempt).await;
    let second = on(first.journal.reopen(), 1).await;
    let again = second.send_keyed(dispatch(), "k").await.unwrap();
    assert_eq!((again.dup, again.version, again.result), (true, before.version, before.result));
}

/// A board in a folder, with real files.
async fn in_folder(data: &Path) -> (Board, Attempts) {
    let (executor, attempts) = ScriptedExecutor::new();
    let mut registry = Registry::new();
    registry.register(scripted_kind("work"), executor).expect("a new kind");
    let options = BoardOptions { data: Some(data.into()), registry, ..BoardOptions::default() };
    (Board::open(options).await.expect("it opens"), attempts)
}

async fn run_with_lines(board: &Board, attempts: &mut Attempts, id: &str, lines: &[&str]) {
    let args = DispatchArgs { id: Some(id.into()), kind: "work".into(), ..DispatchArgs::default() };
    let handle = board.dispatch(args, Actor::new("test")).await.expect("it is accepted");
    let attempt = attempts.next().await;
    lines.iter().for_each(|line| attempt.context().reporter.log("stdout", Level::Info, line));
    attempt.finish(Outcome::Succeeded(Node::Null));
    handle.end().await.expect("it ends");
}

/// S3.18, S3.31: lines of finished jobs are there after a restart, and a seq is never given away twice.
#[tokio::test]
async fn logs_outlive_a_restart_and_seqs_are_not_reused() {
    let folder = tempfile::tempdir().unwrap();
    let mut last_seq = 0;
    for start in 1..=3 {
        let (board, mut attempts) = in_folder(folder.path()).await;
        let id = format!("job-{start}");
        run_with_lines(&board, &mut attempts, &id, &["one", "two", "three"]).await;
        for earlier in 1..=start {
            let lines = board.job_log(&JobId::from(format!("job-{earlier}")), Some(0), 10).await.unwrap();
            let texts: Vec<_> = lines.entries.iter().map(|entry| &*entry.message).collect();
            assert_eq!(texts, ["one", "two", "three"], "job-{earlier} at start {start}");
        }
        let lines = board.board_log(Some(0), 100).entries;
        assert!(lines.is_sorted_by(|a, b| a.seq < b.seq), "each seq once");
        let newest = lines.last().unwrap().seq;
        assert!(newest > last_seq, "seqs go on where they ended");
        assert!(
            lines
                .iter()
                .filter(|entry| entry.seq > last_seq)
                .all(|entry| { entry.job_id.as_deref().is_none_or(|job| job == id) })
        );
        last_seq = newest;
        board.shutdown().await;
    }
}

#[tokio::test]
async fn a_folder_that_is_held_is_refused_and_free_after_a_shutdown() {
    let folder = tempfile::tempdir().unwrap();
    let (board, _attempts) = in_folder(folder.path()).await;
    let options = BoardOptions { data: Some(folder.path().into()), ..BoardOptions::default() };
    let error = Board::open(options).await.err().expect("it is held").to_string();
    assert!(error.contains("in use by process"), "{error}");
    board.shutdown().await;
    board.shutdown().await;
    let (board, _attempts) = in_folder(folder.path()).await;
    board.shutdown().await;
}
