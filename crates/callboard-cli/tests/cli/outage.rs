//! The server dies under a command and comes back.

use crate::kit::*;

/// Issue 2, point 5, from the command line's side: the job runs again, `run` stays with it to its end.
#[tokio::test]
async fn run_survives_a_crash_of_the_server() {
    let server = Server::start().await;
    let port = server.port();
    let folder = tempfile::tempdir().unwrap();
    let flag = folder.path().join("flag");
    // The first attempt waits for ever; the second one ends, but not before `run` can have come back.
    let script =
        format!("echo attempt; test -e {0} || {{ touch {0}; sleep 1000; }}; sleep 3; exit 7", flag.display());
    let mut running = server.spawn(&["run", "--", "sh", "-c", &script]);
    assert_eq!(running.line().await, "attempt");
    // Reading the job's log also brings it to the disk.
    let jobs = server.callboard(&["ps", "--json"]).await.succeeded().json();
    server.callboard(&["logs", jobs["jobs"][0]["id"].as_str().unwrap()]).await.succeeded();
    let data = server.kill().await;
    let server = Server::start_in(data, &port).await;
    let said = running.end().await;
    assert_eq!((said.code, said.out.as_str()), (7, "attempt"), "{said:?}");
    assert!(
        said.err.contains("connection to the server was lost") && said.err.contains("connected again"),
        "{said:?}"
    );
    let jobs = server.callboard(&["ps", "--json"]).await.succeeded().json();
    assert_eq!((&jobs["jobs"][0]["attempt"], &jobs["jobs"][0]["state"]), (&2.into(), &"failed".into()));
}

#[tokio::test]
async fn what_was_done_is_there_after_a_restart() {
    let server = Server::start().await;
    server.callboard(&["run", "--", "echo", "kept"]).await.succeeded();
    let (data, code) = server.stop().await;
    assert_eq!(code, 0);
    let mut command = callboard(data.path());
    command.arg("ps");
    assert_eq!(run(command).await.code, 5);
    let server = Server::start_in(data, "0").await;
    let jobs = server.callboard(&["ps", "--json"]).await.succeeded().json();
    let id = jobs["jobs"][0]["id"].as_str().unwrap();
    assert_eq!(server.callboard(&["logs", id, "--raw"]).await.succeeded().out, "kept\n");
}
