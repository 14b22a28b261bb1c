//! `callboard run`: like the command itself.

use crate::kit::*;
use rustix::process::Signal;

#[tokio::test]
async fn output_and_exit_code_are_the_commands() {
    let server = Server::start().await;
    let script = "echo one; echo two >&2; echo three; exit 3";
    let said = server.callboard(&["run", "--", "sh", "-c", script]).await;
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (3, "one\nthree\n", "two\n"));
    let said = server.callboard(&["run", "--", "true"]).await;
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (0, "", ""));
    let said = server.callboard(&["run", "--", "sh", "-c", "kill -9 $$"]).await;
    assert_eq!(said.code, 137);
    let said = server.callboard(&["run", "--", "no-such-program-anywhere"]).await;
    assert_eq!((said.code, said.out.as_str()), (1, ""));
    assert!(said.err.contains("no-such-program-anywhere"), "{said:?}");
}

#[tokio::test]
async fn no_line_is_lost_or_doubled() {
    let server = Server::start().await;
    let said = server.callboard(&["run", "--", "seq", "1", "20000"]).await.succeeded();
    let expected: Vec<String> = (1..=20_000).map(|number| number.to_string()).collect();
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines.len(), expected.len());
    assert!(lines == expected);
}

#[tokio::test]
async fn it_runs_where_the_user_stands() {
    let server = Server::start().await;
    let here = tempfile::tempdir().unwrap();
    let mut command = callboard(server.data.path());
    command.current_dir(&here).args(["run", "--", "pwd"]);
    let said = run(command).await.succeeded();
    assert_eq!(said.out.trim(), here.path().canonicalize().unwrap().to_str().unwrap());
}

#[tokio::test]
async fn json_is_a_stream_of_events() {
    let server = Server::start().await;
    let said = server.callboard(&["run", "--json", "--", "sh", "-c", "echo hi; sleep 0.3; exit 4"]).await;
    assert_eq!((said.code, said.err.as_str()), (4, ""));
    let events = said.json_lines();
    assert!(events.iter().all(|event| event["v"] == 1));
    let types: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!((types[0], types[types.len() - 1]), ("accepted", "finished"));
    let line = events.iter().find(|event| event["type"] == "log").expect("a line");
    assert_eq!((&line["entry"]["message"], &line["entry"]["channel"]), (&"hi".into(), &"stdout".into()));
    let job = &events[events.len() - 1]["job"];
    assert_eq!((&job["state"], &job["error"]["exitCode"]), (&"failed".into(), &4.into()));
    assert_eq!(job["id"], events[0]["id"]);
    assert!(types.contains(&"state"), "{types:?}");
}

#[tokio::test]
async fn detached_prints_the_id_only() {
    let server = Server::start().await;
    let said = server.callboard(&["run", "-d", "--", "echo", "later"]).await.succeeded();
    let id = said.out.trim();
    assert_eq!(server.callboard(&["logs", id, "-f", "--raw"]).await.succeeded().out, "later\n");
    let said = server.callboard(&["run", "--detach", "--json", "--", "true"]).await.succeeded();
    assert!(said.json()["id"].is_string());
}

/// Issue 2, point 4: the whole process group is gone.
#[tokio::test]
async fn ctrl_c_cancels_the_whole_process_group() {
    a_signal_cancels_the_whole_process_group(Signal::INT).await;
}

/// `timeout`, a CI runner and a closing session end a command so.
#[tokio::test]
async fn so_does_a_termination() {
    a_signal_cancels_the_whole_process_group(Signal::TERM).await;
}

async fn a_signal_cancels_the_whole_process_group(signal: Signal) {
    let server = Server::start().await;
    let script = "sleep 1000 & echo $!; sleep 1000 & echo $!; wait";
    let mut running = server.spawn(&["run", "--", "sh", "-c", script]);
    let pids = [running.line().await, running.line().await];
    assert!(pids.iter().all(|pid| is_alive(pid)));
    running.signal(signal);
    let said = running.end().await;
    assert_eq!(said.code, 130);
    assert!(said.err.contains("cancelling the job"), "{said:?}");
    assert!(!pids.iter().any(|pid| is_alive(pid)), "{pids:?}");
    let jobs = server.callboard(&["ps", "--json"]).await.succeeded().json();
    assert_eq!(jobs["jobs"][0]["state"], "cancelled");
    assert_eq!(jobs["jobs"][0]["cancel"]["reason"], "interrupted by the user");
}

#[tokio::test]
async fn a_second_ctrl_c_leaves_at_once() {
    let server = Server::start().await;
    let script = "trap '' TERM; echo ready; sleep 1000";
    let mut running = server.spawn(&["run", "--json", "--", "sh", "-c", script]);
    while !running.line().await.contains("ready") {}
    running.interrupt();
    // The first one has been taken when the record says so.
    server.newest_job(|job| job["cancel"].is_object()).await;
    running.interrupt();
    assert_eq!(running.end().await.code, 130);
    let jobs = server.callboard(&["ps", "--json"]).await.succeeded().json();
    assert_eq!(jobs["jobs"][0]["state"], "running");
}

#[tokio::test]
async fn a_reader_that_leaves_ends_the_job() {
    let server = Server::start().await;
    let mut command = tokio::process::Command::new("sh");
    let line = format!(
        "{} run -- sh -c 'while echo y; do sleep 0.01; done' | head -n 3",
        env!("CARGO_BIN_EXE_callboard")
    );
    command.args(["-c", &line]).env("CALLBOARD_DATA", server.data.path()).kill_on_drop(true);
    command.env_remove("CALLBOARD_URL").env_remove("CALLBOARD_TOKEN");
    let said = run(command).await;
    assert_eq!((said.code, said.out.as_str()), (0, "y\ny\ny\n"));
    server.newest_job(|job| job["state"] == "cancelled").await;
}
