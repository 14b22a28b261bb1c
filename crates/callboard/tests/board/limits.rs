//! What is too large, too deep or strange ends as one clear error, and harms nobody else.

use crate::kit::{Stage, stage, work};
use callboard_exec::Outcome;
use callboard_protocol::{
    JobId, Node, caps,
    command::Command,
    error::ErrorCode,
    job::{DispatchArgs, JobState},
};
use std::time::Duration;

fn nested(levels: usize) -> Node {
    (0..levels).fold(Node::from("core"), |inner, _| Node::from(vec![inner]))
}

async fn outcome_of(stage: &mut Stage, id: &str, result: Node) -> callboard_protocol::job::Job {
    let handle = stage.dispatch(work(id)).await;
    stage.attempts.next().await.finish(Outcome::Succeeded(result));
    let end = tokio::time::timeout(Duration::from_secs(60), handle.end()).await;
    end.expect("the job ends").expect("the board goes on")
}

/// The journal refuses what it could not read back, so such a result must never get there.
#[tokio::test(start_paused = true)]
async fn a_result_that_cannot_be_stored_fails_the_attempt_and_names_the_limit() {
    let mut stage = stage(1).await;
    let job = outcome_of(&mut stage, "large", "x".repeat(caps::RESULT_BYTES + 1).into()).await;
    assert_eq!((job.state, job.result), (JobState::Failed, None));
    assert!(job.error.unwrap().message.contains(&caps::RESULT_BYTES.to_string()));

    let job = outcome_of(&mut stage, "deep", nested(500)).await;
    assert_eq!((job.state, job.result), (JobState::Failed, None));
    assert!(job.error.unwrap().message.contains(&caps::JSON_DEPTH.to_string()));

    let fits = nested(caps::JSON_DEPTH - 1);
    let job = outcome_of(&mut stage, "fits", fits.clone()).await;
    assert_eq!((job.state, job.result), (JobState::Succeeded, Some(fits)));
}

#[tokio::test(start_paused = true)]
async fn arguments_that_cannot_be_stored_are_refused() {
    let mut stage = stage(1).await;
    let dispatch = |args| Command::Dispatch(Box::new(DispatchArgs { args: Some(args), ..work("a") }));
    let deep = stage.send(dispatch(nested(110))).await.unwrap_err();
    assert_eq!(deep.code, ErrorCode::TooLarge, "{}", deep.message);
    assert!(deep.message.contains(&caps::JSON_DEPTH.to_string()), "{}", deep.message);
    let large = stage.send(dispatch("x".repeat(caps::ARGS_BYTES + 1).into())).await.unwrap_err();
    assert_eq!(large.code, ErrorCode::TooLarge, "{}", large.message);
    stage.send(dispatch(nested(caps::JSON_DEPTH - 1))).await.unwrap();
    stage.attempts.next().await;
}

#[tokio::test(start_paused = true)]
async fn an_unknown_kind_is_named_together_with_the_known_ones() {
    let stage = stage(1).await;
    let args = DispatchArgs { kind: "nothing".into(), ..DispatchArgs::default() };
    let rejection = stage.send(Command::Dispatch(Box::new(args))).await.unwrap_err();
    assert_eq!(rejection.code, ErrorCode::UnknownKind);
    assert!(rejection.message.contains("nothing") && rejection.message.contains("work"));
}

#[tokio::test(start_paused = true)]
async fn names_that_would_not_be_names_are_refused() {
    let stage = stage(1).await;
    let long = "x".repeat(caps::ID_BYTES + 1);
    for id in ["", "12", "a/b", "a b", "é", "~0", long.as_str()] {
        let rejection = stage.send(Command::Dispatch(Box::new(work(id)))).await.unwrap_err();
        assert_eq!(rejection.code, ErrorCode::InvalidArgs, "{id:?}");
    }
    assert_eq!(stage.board.job(&JobId::new("../../etc")).await.unwrap(), None);
}

/// A page of listings: live and stored jobs together, each once, newest first, across all pages.
#[tokio::test(start_paused = true)]
async fn a_listing_has_every_job_once() {
    const JOBS: usize = 260;
    let mut stage = stage(8).await;
    for number in 0..JOBS {
        stage.dispatch(work(&format!("job-{number:04}"))).await;
        if number % 10 != 0 {
            stage.attempts.next().await.finish(Outcome::Succeeded(Node::Null));
        } else if number > 60 {
            stage.attempts.next().await.finish(Outcome::fatal("no", "on request"));
        }
    }
    stage.until(|stage| stage.board.state().document.at("/summary/queued") == Some(&Node::from(0u32))).await;
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let query = callboard::JobListingQuery { cursor, limit: 37, ..Default::default() };
        let page = stage.board.jobs(query).await.unwrap();
        seen.extend(page.jobs.iter().map(|job| job.child("id").and_then(Node::as_str).unwrap().to_owned()));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let mut expected: Vec<_> = (0..JOBS).map(|number| format!("job-{number:04}")).collect();
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected);
}

/// A delay that leads out of the calendar would make a record that nobody can read back.
#[tokio::test(start_paused = true)]
async fn times_beyond_the_calendar_are_refused_or_cut() {
    use callboard_protocol::{Time, job::RetryPolicy};
    let mut stage = stage(1).await;
    let later = DispatchArgs { scheduled_at: Some(Time(i64::MAX / 2)), ..work("later") };
    let refused = stage.send(Command::Dispatch(Box::new(later))).await;
    assert_eq!(refused.map_err(|rejection| rejection.code), Err(ErrorCode::InvalidArgs));
    let retry = Some(RetryPolicy { initial_ms: u64::MAX, max_ms: u64::MAX, factor: 1.0, jitter: 0.0 });
    let args = DispatchArgs { max_attempts: Some(2), retry, ..work("a") };
    if stage.send(Command::Dispatch(Box::new(args))).await.is_ok() {
        stage.attempts.next().await.finish(Outcome::retryable("flaky", "once more"));
        stage.until_state("a", JobState::Retrying).await;
        stage.send(Command::Dispatch(Box::new(work("b")))).await.expect("the board goes on");
    }
}

/// Counts are gathered and written at the end of a commit, so they fit the jobs in every state that anybody sees.
#[tokio::test(start_paused = true)]
async fn the_counts_add_up_in_every_state_that_is_shown() {
    const JOBS: u64 = 120;
    let mut stage = stage(16).await;
    let (mut head, board) = (stage.board.head(), stage.board.clone());
    let watcher = tokio::spawn(async move {
        let mut shown = 0;
        loop {
            head.changed().await.expect("the board is there");
            let document = board.state().document;
            let jobs = document.at("/jobs").and_then(Node::as_object).expect("jobs");
            let at = |path: &str| document.at(path).and_then(Node::as_u64).unwrap_or(0);
            for state in ["pending", "queued", "running", "succeeded"] {
                let there = jobs.iter().filter(|(_, job)| job.at("/state").unwrap().as_str() == Some(state));
                let there = there.count() as u64;
                assert_eq!(at(&format!("/summary/{state}")), there, "{state}");
                assert_eq!(at(&format!("/summary/queues/default/{state}")), there, "{state}");
            }
            shown += 1;
            if at("/summary/succeeded") == JOBS {
                return shown;
            }
        }
    });
    let sent: Vec<_> = (0..JOBS)
        .map(|number| stage.send(Command::Dispatch(Box::new(work(&format!("job-{number}"))))))
        .map(tokio::spawn)
        .collect();
    for _ in 0..JOBS {
        stage.attempts.next().await.finish(Outcome::Succeeded(Node::Null));
    }
    for answer in sent {
        answer.await.expect("no panic").expect("accepted");
    }
    assert!(watcher.await.expect("it adds up") > 1, "in more than one step");
}
