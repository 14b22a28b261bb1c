//! `start`, `ps`, `get`, `logs`, `cancel`, `retry`, `rm`, `open`, `version`.

use crate::kit::*;

#[tokio::test]
async fn a_job_can_be_started_and_waited_for() {
    let server = Server::start().await;
    let said = server.callboard(&["start", "echo", r#"{"a":[1,2]}"#, "--wait"]).await.succeeded();
    assert_eq!(said.json(), serde_json::json!({ "a": [1, 2] }));
    let said = server
        .callboard(&["start", "sleep", r#"{"ms":200,"steps":2}"#, "--wait", "--json"])
        .await
        .succeeded();
    let types: Vec<_> = said.json_lines().iter().map(|event| event["type"].clone()).collect();
    assert_eq!(types.last(), Some(&"finished".into()));
    assert!(types.contains(&"progress".into()), "{types:?}");
    let said = server
        .callboard(&["start", "sleep", r#"{"ms":200,"steps":2}"#, "--wait", "--progress", "plain"])
        .await;
    assert!(said.err.contains("50%") && said.err.contains("succeeded in 0."), "{said:?}");
    let mut command = callboard(server.data.path());
    command.args(["start", "echo", "-", "--wait"]).stdin(std::process::Stdio::piped());
    command.stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stdin, br#"{"from":"stdin"}"#).await.unwrap();
    drop(stdin);
    let done = tokio::time::timeout(LIMIT, child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(String::from_utf8(done.stdout).unwrap(), "{\"from\":\"stdin\"}\n");
}

#[tokio::test]
async fn a_picture_is_painted_and_listed() {
    let server = Server::start().await;
    let args = r#"{"prompt":"a test","seed":1,"steps":3,"width":32,"height":32}"#;
    let said = server.callboard(&["start", "image.generate", args, "--follow", "--json"]).await.succeeded();
    let events = said.json_lines();
    let job = &events[events.len() - 1]["job"];
    assert_eq!(job["result"]["artifact"], "image.png");
    let shown = server.callboard(&["get", job["id"].as_str().unwrap()]).await.succeeded();
    assert!(shown.out.contains("image.png (") && shown.out.contains("✓ succeeded"), "{shown:?}");
}

#[tokio::test]
async fn the_same_key_is_the_same_job() {
    let server = Server::start().await;
    let start = ["start", "echo", "{}", "--key", "once"];
    let first = server.job(&start).await;
    assert_eq!(server.job(&start).await, first);
    let waited =
        server.callboard(&["start", "echo", "{}", "--key", "once", "--wait", "--json"]).await.succeeded();
    assert_eq!(waited.json_lines()[0]["id"], first.as_str());
}

#[tokio::test]
async fn ps_lists_and_get_shows() {
    let server = Server::start().await;
    assert_eq!(server.callboard(&["ps"]).await.succeeded().err, "no jobs\n");
    assert_eq!(server.callboard(&["ps", "--json"]).await.json(), serde_json::json!({ "v": 1, "jobs": [] }));
    let done = server.job(&["start", "echo", "{}"]).await;
    server.callboard(&["logs", &done, "-f"]).await.succeeded();
    let running = server.job(&["run", "-d", "--", "sleep", "1000"]).await;
    let jobs = server.callboard(&["ps", "--json"]).await.succeeded().json();
    let ids: Vec<&str> =
        jobs["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [running.as_str(), &done]);
    let jobs = server.callboard(&["ps", "--state", "succeeded", "--json"]).await.succeeded().json();
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 1);
    let table = server.callboard(&["ps", "--all"]).await.succeeded().out;
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("ID ") && lines[0].ends_with("STATUS"), "{table}");
    assert!(lines[1].starts_with(&running) && lines[1].contains("process.run"), "{table}");
    let job = server.get(&done).await;
    assert_eq!((&job["kind"], &job["state"]), (&"echo".into(), &"succeeded".into()));
    // A unique beginning of an id will do.
    let prefix = &running[..running.len() - 3];
    assert_eq!(server.get(prefix).await["id"], running.as_str());
    let missing = server.callboard(&["get", "67x"]).await;
    assert_eq!(
        (missing.code, missing.err.as_str()),
        (3, "error: no job matches \"67x\"\nhint: callboard ps --all\n")
    );
    let ambiguous = server.callboard(&["get", "0", "--json"]).await;
    assert_eq!((ambiguous.code, &ambiguous.error()["code"]), (2, &"ambiguous".into()));
}

#[tokio::test]
async fn jobs_are_found_by_a_query() {
    let server = Server::start().await;
    let done = server.job(&["start", "echo", r#"{"prompt":"warm light"}"#, "--tag", "a"]).await;
    let failed = server.job(&["run", "-d", "--", "sh", "-c", "exit 3"]).await;
    server.callboard(&["wait", "kind:echo", "--for", "state=succeeded"]).await.succeeded();
    assert_eq!(server.callboard(&["wait", "state:active,failed"]).await.code, 1);
    let found = async |args: &[&str]| {
        let args: Vec<&str> = ["ps", "--format", "{id}"].iter().chain(args).copied().collect();
        server.callboard(&args).await.succeeded().out.trim().replace('\n', " ")
    };
    assert_eq!(found(&["state:failed"]).await, failed);
    assert_eq!(found(&["kind:echo", "tag:a", "args.prompt~LIGHT"]).await, done);
    assert_eq!(found(&["--", "-tag:a"]).await, failed);
    assert_eq!(found(&["warm light", "--state", "succeeded"]).await, done);
    assert_eq!(found(&["age:<1h", "-n", "1"]).await, failed);
    assert_eq!(found(&["-n", "1"]).await, failed);
    assert_eq!(found(&["kind:nothing"]).await, "");
    let bad = server.callboard(&["ps", "kind:a", "stat:failed"]).await;
    assert_eq!(bad.code, 2, "{bad:?}");
    let lines: Vec<&str> = bad.err.lines().collect();
    assert!(
        lines[0].contains("column 8") && lines[1..] == ["hint: kind:a stat:failed", "             ^^^^"],
        "{bad:?}"
    );
    let nothing = server.callboard(&["wait", "kind:nothing"]).await;
    assert_eq!((nothing.code, nothing.err.as_str()), (3, "error: no job matches \"kind:nothing\"\n"));
}

#[tokio::test]
async fn logs_are_those_of_the_job_or_the_board() {
    let server = Server::start().await;
    server.callboard(&["run", "--", "sh", "-c", "echo other"]).await.succeeded();
    let id = server
        .job(&["run", "-d", "--", "sh", "-c", "for i in 1 2 3 4; do echo line $i; sleep 0.1; done"])
        .await;
    let followed = server.callboard(&["logs", &id, "-f", "--raw"]).await.succeeded();
    assert_eq!(followed.out, "line 1\nline 2\nline 3\nline 4\n");
    let tail = server.callboard(&["logs", &id, "-n", "2"]).await.succeeded().out;
    let lines: Vec<&str> = tail.lines().collect();
    assert!(lines.len() == 2 && lines[0].ends_with("line 3") && lines[1].contains("stdout"), "{tail}");
    let json = server.callboard(&["logs", &id, "--json"]).await.succeeded().json_lines();
    let seqs: Vec<u64> = json.iter().map(|line| line["seq"].as_u64().unwrap()).collect();
    assert!(seqs.is_sorted() && json.iter().all(|line| line["jobId"] == id.as_str()), "{json:?}");
    let board = server.callboard(&["logs", "-n", "100"]).await.succeeded().out;
    assert!(board.contains("other") && board.contains("line 4"), "{board}");
    let none = server.callboard(&["logs", &id, "-n", "0"]).await.succeeded();
    assert_eq!(none.out, "");
}

#[tokio::test]
async fn lines_are_left_out_by_time_level_and_channel() {
    let server = Server::start().await;
    let script = "for i in 1 2 3; do echo out $i; echo err $i >&2; done";
    let id = server.job(&["run", "-d", "--", "sh", "-c", script]).await;
    server.callboard(&["wait", &id]).await.succeeded();
    for of in [&["logs", &id, "--raw"][..], &["logs", "--raw"], &["follow", &id, "--raw"]] {
        let shown = async |more: &[&str]| {
            let args: Vec<&str> = of.iter().chain(more).copied().collect();
            server.callboard(&args).await.succeeded().out
        };
        assert_eq!(shown(&["--channel", "stderr"]).await, "err 1\nerr 2\nerr 3\n");
        assert_eq!(shown(&["--channel", "stdout,nothing", "-n", "1"]).await, "out 3\n");
        assert_eq!(shown(&["--channel", "stdout", "--since", "-1h", "-n", "2"]).await, "out 2\nout 3\n");
        assert_eq!(shown(&["--since", "2100-01-01T00:00:00Z"]).await, "");
        assert_eq!(shown(&["--level", "fatal"]).await, "");
    }
    for bad in [["--level", "loud"], ["--since", "5"], ["--since", "soon"]] {
        assert_eq!(server.callboard(&["logs", bad[0], bad[1]]).await.code, 2, "{bad:?}");
    }
    // Those that come are left out too.
    let script = "echo ready; echo quiet >&2; echo out; sleep 0.5; echo late; echo more >&2";
    let id = server.job(&["run", "-d", "--", "sh", "-c", script]).await;
    let followed = server.callboard(&["follow", &id, "--raw", "--channel", "stdout"]).await.succeeded();
    assert_eq!(followed.out, "ready\nout\nlate\n");
}

#[tokio::test]
async fn following_can_be_left() {
    let server = Server::start().await;
    let id = server.job(&["run", "-d", "--", "sh", "-c", "echo up; sleep 1000"]).await;
    let mut following = server.spawn(&["logs", &id, "-f", "--raw"]);
    assert_eq!(following.line().await, "up");
    following.interrupt();
    assert_eq!(following.end().await.code, 130);
    assert_eq!(server.get(&id).await["state"], "running");
    let mut board = server.spawn(&["logs", "-f", "--raw", "-n", "1"]);
    assert_eq!(board.line().await, "up");
    server.callboard(&["run", "--", "echo", "news"]).await.succeeded();
    assert_eq!(board.line().await, "news");
    board.interrupt();
    assert_eq!(board.end().await.code, 130);
}

#[tokio::test]
async fn cancel_waits_until_the_process_group_is_gone() {
    let server = Server::start().await;
    let script = "sleep 1000 & echo $!; wait";
    let id = server.job(&["run", "-d", "--", "sh", "-c", script]).await;
    let mut following = server.spawn(&["logs", &id, "-f", "--raw"]);
    let pid = following.line().await;
    let began = std::time::Instant::now();
    let said = server.callboard(&["cancel", &id, "--reason", "a test", "--json"]).await.succeeded();
    assert!(began.elapsed().as_secs() < 5);
    assert_eq!(said.json(), serde_json::json!({ "v": 1, "id": id, "state": "cancelled" }));
    assert!(!is_alive(&pid));
    let job = server.get(&id).await;
    assert_eq!((&job["state"], &job["cancel"]["reason"]), (&"cancelled".into(), &"a test".into()));
    assert_eq!(following.end().await.code, 0);
    // Asking again does no harm, but what is done cannot be cancelled.
    server.callboard(&["cancel", &id]).await.succeeded();
    let done = server.job(&["start", "echo"]).await;
    server.callboard(&["logs", &done, "-f"]).await.succeeded();
    let late = server.callboard(&["cancel", &done]).await;
    assert_eq!(late.code, 4, "{late:?}");
}

#[tokio::test]
async fn several_are_cancelled_whatever_happens_to_one() {
    let server = Server::start().await;
    let first = server.job(&["run", "-d", "--", "sleep", "1000"]).await;
    let second = server.job(&["run", "-d", "--", "sleep", "1000"]).await;
    let said = server.callboard(&["cancel", &first, "nothing", &second]).await;
    assert_eq!(said.code, 3);
    assert!(said.out.matches("cancelled").count() == 2 && said.err.contains("nothing"), "{said:?}");
}

#[tokio::test]
async fn retry_runs_again_and_rm_removes() {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let flag = folder.path().join("flag");
    let script = format!("test -e {0} || {{ touch {0}; exit 1; }}", flag.display());
    let id = server.job(&["run", "-d", "--", "sh", "-c", &script]).await;
    server.callboard(&["logs", &id, "-f"]).await.succeeded();
    assert_eq!(server.get(&id).await["state"], "failed");
    server.callboard(&["retry", &id]).await.succeeded();
    server.callboard(&["logs", &id, "-f"]).await.succeeded();
    let job = server.get(&id).await;
    assert_eq!((&job["state"], &job["attempt"]), (&"succeeded".into(), &2.into()));
    let said = server.callboard(&["rm", &id, "--json"]).await.succeeded();
    assert_eq!(said.json(), serde_json::json!({ "v": 1, "id": id, "removed": true }));
    assert_eq!(server.callboard(&["get", &id]).await.code, 3);
}

#[tokio::test]
async fn open_prints_a_fresh_address() {
    let server = Server::start().await;
    let first = server.callboard(&["open", "--json"]).await.succeeded().json();
    let second = server.callboard(&["open"]).await.succeeded().out;
    let url = first["url"].as_str().unwrap();
    assert!(url.starts_with(server.ready["url"].as_str().unwrap()) && url.contains("#launch="), "{url}");
    assert_ne!(url, second.trim());
    let version = server.callboard(&["version", "--json"]).await.succeeded().json();
    assert_eq!((&version["name"], &version["protocol"]), (&"callboard".into(), &1.into()));
}
