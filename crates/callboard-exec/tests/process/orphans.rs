//! What a `kill -9` of the server leaves, and how the next start ends it.

use crate::support::{Memory, Stage, bounded, dead, lives, shell};
use callboard_exec::{Executor, Reaped, reap_orphans};
use serde_json::json;
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

const DIR: &str = "ORPHANS_DIR";
/// Says `ready`, its own number, and those of what it started in its group and in another.
const SCRIPT: &str =
    "sleep 300 & export A=$$ B=$!; timeout 300 sh -c 'echo ready $A $B $$; exec sleep 300' & wait";

/// Plays the server that is killed; see [`killed_server`].
///
/// A role in the other tests, which start this program again to play it; by itself it has nothing to do.
#[tokio::test]
async fn server_role() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let stage = Stage::new();
    let mut attempt = stage.attempt(json!({}));
    attempt.work_dir = PathBuf::from(dir).join("job-1-2");
    let run = tokio::spawn(async move { shell(SCRIPT).execute(attempt).await });
    announce(&stage.memory).await;
    let _ = run.await;
}

async fn announce(memory: &Memory) {
    println!("\n{}", memory.line("stdout", "ready").await);
}

/// A server with a running job is killed: the numbers of the job's child and what it started.
fn killed_server(dir: &Path) -> (String, Vec<String>) {
    let mut server = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "orphans::server_role", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(server.stdout.take().unwrap()).lines().map_while(Result::ok);
    let ready = lines.into_iter().find(|line| line.starts_with("ready ")).unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    let mut pids = ready.split(' ').skip(1).map(String::from);
    (pids.next().unwrap(), pids.collect())
}

#[tokio::test]
async fn the_child_dies_with_its_server_and_the_rest_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let (child, grandchildren) = killed_server(dir.path());
    dead(&child).await;
    assert!(grandchildren.iter().all(|pid| lives(pid)), "otherwise there is nothing to reap");
    let reaped = bounded(reap_orphans(dir.path())).await.unwrap();
    assert_eq!((reaped.killed >= grandchildren.len(), reaped.left), (true, 0));
    assert!(!grandchildren.iter().any(|pid| lives(pid)));
}

#[tokio::test]
async fn others_are_left_alone() {
    let (work, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let start = |work_dir: &Path| {
        Stranger(Command::new("sleep").arg("60").env("CALLBOARD_WORK_DIR", work_dir).spawn().unwrap())
    };
    let mut orphan = start(&work.path().join("job-1-1"));
    let mut of_another_board = start(&other.path().join("job-1-1"));
    // A name that only begins alike, and the folder itself, which no attempt has.
    let mut alike = start(&work.path().with_extension("x").join("job-1-1"));
    let mut itself = start(work.path());
    // As init would; the loop waits for zombies of ours otherwise.
    let reaping = tokio::spawn({
        let work = work.path().to_owned();
        async move { bounded(reap_orphans(&work)).await.unwrap() }
    });
    let status = tokio::task::spawn_blocking(move || orphan.0.wait().unwrap()).await.unwrap();
    assert!(!status.success());
    assert_eq!(reaping.await.unwrap(), Reaped { killed: 1, left: 0 });
    for stranger in [&mut of_another_board, &mut alike, &mut itself] {
        assert!(stranger.0.try_wait().unwrap().is_none(), "it runs on");
    }
}

/// A process that ends with the test.
struct Stranger(Child);

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_folder_that_is_not_there_has_no_orphans() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(reap_orphans(&dir.path().join("none")).await.unwrap(), Reaped::default());
}
