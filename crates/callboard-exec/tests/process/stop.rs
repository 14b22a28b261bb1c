//! The end of children: cancel, grace, dropped attempts, stragglers (X5, W2.2).

use crate::support::{Stage, bounded, dead, end, lives, result, shell};
use callboard_exec::{CancelReason, Executor, Outcome, ProcessExecutor};
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_cancel_ends_the_grandchildren_too() {
    let stage = Stage::new();
    let (outcome, took) = stage.sh_cancelled("sleep 300 & echo $!; echo ready; sleep 300").await;
    assert_eq!(outcome, Outcome::Cancelled);
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(!lives(&stage.memory.channel("stdout")[0]), "gone when execute() returns");
}

#[tokio::test]
async fn a_cancel_finds_those_in_groups_of_their_own() {
    // timeout(1) moves to a group of its own.
    let stage = Stage::new();
    let script = "timeout 300 sh -c 'echo $$; echo $PPID; echo ready; exec sleep 300' & wait";
    let (outcome, took) = stage.sh_cancelled(script).await;
    assert_eq!(outcome, Outcome::Cancelled);
    assert!(took < Duration::from_secs(1), "{took:?}");
    for pid in &stage.memory.channel("stdout")[..2] {
        assert!(!lives(pid), "{pid}");
    }
}

#[tokio::test]
async fn those_in_groups_of_their_own_are_killed_after_the_grace_too() {
    let stage = Stage::with_grace(Duration::from_millis(200));
    let script = "timeout 300 sh -c 'trap \"\" TERM; echo $$; echo ready; while :; do sleep 1; done' & wait";
    let (outcome, _) = stage.sh_cancelled(script).await;
    assert_eq!(outcome, Outcome::Cancelled);
    assert!(!lives(&stage.memory.channel("stdout")[0]));
}

#[tokio::test]
async fn a_child_that_cleans_up_may_and_its_result_does_not_count() {
    let stage = Stage::new();
    let script =
        "trap 'echo cleaned; echo \"{\\\"result\\\":1}\" >&3; exit 0' TERM; echo ready; while :; do :; done";
    let (outcome, _) = stage.sh_cancelled(script).await;
    assert_eq!(outcome, Outcome::Cancelled);
    assert_eq!(stage.memory.channel("stdout"), ["ready", "cleaned"]);
}

#[tokio::test]
async fn what_ignores_the_request_is_killed_after_the_grace() {
    let stage = Stage::with_grace(Duration::from_millis(300));
    let (outcome, took) =
        stage.sh_cancelled("trap '' TERM; echo $$; echo ready; while :; do sleep 1; done").await;
    assert_eq!(outcome, Outcome::Cancelled);
    assert!(took >= Duration::from_millis(300) && took < Duration::from_secs(3), "{took:?}");
    assert!(!lives(&stage.memory.channel("stdout")[0]));
    assert!(stage.memory.channel("job")[0].starts_with("still running 300 ms after SIGTERM"));
}

#[tokio::test]
async fn a_grandchild_that_ignores_the_request_gets_the_grace_and_no_more() {
    let stage = Stage::with_grace(Duration::from_millis(300));
    let script = "sh -c 'trap \"\" TERM; echo $$; echo ready; while :; do sleep 1; done' & wait";
    let (outcome, took) = stage.sh_cancelled(script).await;
    assert_eq!(outcome, Outcome::Cancelled);
    assert!(took >= Duration::from_millis(300), "{took:?}");
    assert!(!lives(&stage.memory.channel("stdout")[0]));
}

#[tokio::test]
async fn a_stopped_child_hears_the_request() {
    let stage = Stage::new();
    let (outcome, took) = stage.sh_cancelled("echo ready; kill -STOP $$; sleep 300").await;
    assert_eq!(outcome, Outcome::Cancelled);
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test]
async fn a_cancel_is_heard_in_a_flood() {
    let stage = Stage::new();
    let (outcome, took) = stage.sh_cancelled("echo ready; head -c 100000000000 /dev/zero").await;
    assert_eq!(outcome, Outcome::Cancelled);
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test]
async fn a_cancel_before_the_start_starts_nothing() {
    let stage = Stage::new();
    stage.cancel.cancel(CancelReason::Shutdown);
    let marker = stage.dir.path().join("marker");
    let outcome = stage.run(json!({"argv": ["touch", marker]})).await;
    assert_eq!((outcome, marker.exists()), (Outcome::Cancelled, false));
}

#[tokio::test]
async fn a_dropped_attempt_leaves_nothing() {
    let stage = Stage::new();
    let attempt = stage.attempt(json!({}));
    let run = tokio::spawn(async move {
        let script = "trap '' TERM; sleep 300 & export A=$! B=$$; \
            timeout 300 sh -c 'echo ready $A $B $$ $PPID; sleep 300'";
        shell(script).execute(attempt).await
    });
    let line = stage.memory.line("stdout", "ready").await;
    run.abort();
    assert!(run.await.unwrap_err().is_cancelled());
    for pid in line.split(' ').skip(1) {
        dead(pid).await;
    }
}

#[tokio::test]
async fn what_the_child_leaves_in_its_group_is_killed() {
    let stage = Stage::new();
    let started = Instant::now();
    assert_eq!(result(stage.sh("sleep 300 >/dev/null 2>&1 3>&- & echo $!").await), json!(null));
    assert!(!lives(&stage.memory.channel("stdout")[0]));
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_straggler_may_finish_its_last_lines() {
    let stage = Stage::new();
    result(stage.sh("(sleep 0.1; echo last) & exit 0").await);
    assert_eq!(stage.memory.channel("stdout"), ["last"]);
}

#[tokio::test]
async fn a_daemon_with_our_pipes_does_not_hold_the_attempt() {
    let stage = Stage::new();
    let started = Instant::now();
    result(stage.sh("setsid sh -c 'echo daemon $$; exec sleep 20' & while ! [ -e x ]; do [ $((n+=1)) -gt 3 ] && touch x; done; sleep 0.2; echo done").await);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let lines = stage.memory.channel("stdout");
    let daemon = lines.iter().find_map(|line| line.strip_prefix("daemon ")).unwrap().to_owned();
    assert!(lives(&daemon), "it left the group on purpose");
    end(&daemon);
}

#[test]
fn children_outlive_the_thread_that_asked_for_them() {
    // The death signal goes by thread: a child asked for by a short-lived thread must live on.
    let stage = Stage::new();
    let attempt = stage.attempt(json!({"argv": ["sh", "-c", "sleep 0.5; echo survived"]}));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let handle = runtime.handle().clone();
    let future = ProcessExecutor::run_any();
    let run = std::thread::spawn(move || handle.spawn(async move { future.execute(attempt).await }))
        .join()
        .unwrap();
    let outcome = runtime.block_on(bounded(run)).unwrap();
    assert_eq!(result(outcome), json!({"exitCode": 0}));
    assert_eq!(stage.memory.channel("stdout"), ["survived"]);
}
