//! `queues`, `pause`, `resume`, `schedules`.

use crate::kit::*;
use serde_json::{Value, json};

async fn queue(server: &Server, name: &str) -> Value {
    let queues = server.callboard(&["queues", "--json"]).await.succeeded().json();
    let found = queues["queues"].as_array().expect("a list").iter().find(|queue| queue["name"] == name);
    found.unwrap_or_else(|| panic!("{name} in {queues}")).clone()
}

#[tokio::test]
async fn what_is_not_named_stays() {
    let server = Server::start().await;
    assert_eq!(
        server.callboard(&["queues", "configure", "gpu", "--concurrency", "2"]).await.succeeded().out,
        "gpu is configured\n"
    );
    server
        .callboard(&["queues", "configure", "gpu", "--rate", "10/1m+20", "--kind", "echo=1"])
        .await
        .succeeded();
    let gpu = queue(&server, "gpu").await;
    assert_eq!((&gpu["concurrency"], &gpu["kinds"]["echo"]), (&2.into(), &1.into()));
    assert_eq!(gpu["rate"], json!({ "limit": 10, "perMs": 60_000, "burst": 20 }));
    let table = server.callboard(&["queues"]).await.succeeded().out;
    assert!(table.contains("10/1m+20") && table.contains("echo=1"), "{table}");
    server
        .callboard(&["queues", "configure", "gpu", "--rate", "none", "--kind", "echo=none"])
        .await
        .succeeded();
    let gpu = queue(&server, "gpu").await;
    assert_eq!((&gpu["concurrency"], &gpu["kinds"], &gpu["rate"]), (&2.into(), &Value::Null, &Value::Null));
    server.callboard(&["queues", "configure", "gpu", "--reset", "--key-concurrency", "1"]).await.succeeded();
    let gpu = queue(&server, "gpu").await;
    assert_eq!((&gpu["concurrency"], &gpu["keyConcurrency"]), (&Value::Null, &1.into()));
    for (args, code, word) in [
        (&["queues", "configure", "gpu"][..], 2, "nothing is said"),
        (&["queues", "configure", "gpu", "--rate", "10"], 2, "10/1m"),
        (&["queues", "configure", "gpu", "--concurrency", "0"], 4, "concurrency"),
        (&["queues", "configure", "*", "--rate", "10/1m"], 4, "\"*\" takes concurrency"),
        (&["queues", "configure", "a/b", "--concurrency", "1"], 4, "a/b"),
    ] {
        let said = server.callboard(args).await;
        assert!(said.code == code && said.err.contains(word), "{args:?}: {said:?}");
    }
}

#[tokio::test]
async fn a_paused_queue_starts_nothing() {
    let server = Server::start().await;
    server.callboard(&["queues", "configure", "slow", "--concurrency", "1"]).await.succeeded();
    let said = server.callboard(&["pause", "slow", "nothing"]).await;
    assert_eq!((said.code, said.out.as_str()), (3, "slow is paused\n"), "{said:?}");
    let id = server.job(&["start", "echo", "--queue", "slow"]).await;
    let slow = queue(&server, "slow").await;
    assert_eq!((&slow["paused"], &slow["counts"]["queued"]), (&true.into(), &1.into()));
    let table = server.callboard(&["queues", "ls"]).await.succeeded().out;
    let line = table.lines().find(|line| line.starts_with("slow")).expect("a line");
    assert!(line.contains("paused"), "{table}");
    server.callboard(&["resume", "slow"]).await.succeeded();
    server.callboard(&["wait", &id]).await.succeeded();
    let said = server.callboard(&["queues", "pause", "--all", "--json"]).await.succeeded().json();
    assert_eq!(said, json!({ "v": 1, "queue": "*", "paused": true }));
    let id = server.job(&["start", "echo"]).await;
    assert_eq!(server.callboard(&["wait", &id, "--timeout", "50ms"]).await.code, 6);
    server.callboard(&["resume", "--all"]).await.succeeded();
    server.callboard(&["wait", &id]).await.succeeded();
}

#[tokio::test]
async fn schedules_come_and_go() {
    let server = Server::start().await;
    let none = server.callboard(&["schedules"]).await.succeeded();
    assert!(none.out.is_empty() && none.err.starts_with("no schedules"), "{none:?}");
    let put =
        ["schedules", "put", "tick", "--every", "1h", "echo", r#"{"n":1}"#, "--queue", "q", "--tag", "t"];
    let said = server.callboard(&put).await.succeeded();
    assert!(said.out.starts_with("tick: next at 2"), "{said:?}");
    server
        .callboard(&[
            "schedules",
            "put",
            "nightly",
            "--cron",
            "0 3 * * *",
            "--time-zone",
            "Europe/Berlin",
            "echo",
        ])
        .await
        .succeeded();
    let listed = server.callboard(&["schedules", "ls", "--json"]).await.succeeded().json();
    let tick = &listed["schedules"][1];
    assert_eq!(
        (&tick["id"], &tick["everyMs"], &tick["job"]["tags"]),
        (&"tick".into(), &3_600_000.into(), &json!(["t"]))
    );
    let table = server.callboard(&["schedules"]).await.succeeded().out;
    assert!(
        table.contains("every 1h") && table.contains("0 3 * * *") && table.contains("Europe/Berlin"),
        "{table}"
    );
    let job = server.job(&["schedules", "trigger", "tick"]).await;
    server.callboard(&["wait", &job]).await.succeeded();
    assert_eq!(server.get(&job).await["scheduleId"], "tick");
    server.callboard(&["schedules", "rm", "tick", "nightly"]).await.succeeded();
    assert_eq!(server.callboard(&["schedules", "--json"]).await.json()["schedules"], json!([]));
    for (args, code, word) in [
        (&["schedules", "put", "x", "echo"][..], 2, "--cron"),
        (&["schedules", "put", "x", "--every", "1h", "--cron", "@daily", "echo"], 2, "--cron"),
        (&["schedules", "put", "x", "--cron", "61 * * * *", "echo"], 4, "cron"),
        (&["schedules", "put", "x", "--every", "1h", "no.such.kind"], 3, "no.such.kind"),
        (&["schedules", "trigger", "x"], 3, "x"),
        (&["schedules", "rm", "x"], 3, "x"),
    ] {
        let said = server.callboard(args).await;
        assert!(said.code == code && said.err.contains(word), "{args:?}: {said:?}");
    }
}
