//! `watch`, `state`, `diff`, `history`: the state live and as it was.

use crate::kit::*;
use serde_json::{Value, json};

#[tokio::test]
async fn values_and_patches_come_as_they_change() {
    let server = Server::start().await;
    let mut values = server.spawn(&["watch", "/summary/succeeded", "--json", "-n", "2"]);
    let mut patches = server.spawn(&["watch", "--json", "-n", "3"]);
    let mut people = server.spawn(&["watch", "summary", "--patch"]);
    let read = |line: String| serde_json::from_str::<Value>(&line).expect("JSON");
    assert_eq!(read(values.line().await)["value"], 0);
    let first = read(patches.line().await);
    assert_eq!((&first["fromVersion"], &first["patch"][0]["path"]), (&Value::Null, &"".into()));
    server.connected(3).await;
    server.callboard(&["start", "echo", "--wait"]).await.succeeded();
    let second = read(patches.line().await);
    // Continuous: each begins where the one before ended.
    assert_eq!(second["fromVersion"], first["toVersion"]);
    let last = read(values.line().await);
    assert_eq!((&last["v"], &last["value"]), (&1.into(), &1.into()));
    assert_eq!(values.end().await.code, 0);
    assert!(people.line().await.contains("/summary/"));
    people.interrupt();
    assert_eq!(people.end().await.code, 130);
    let once = server.callboard(&["watch", "/nothing/here", "-n", "1"]).await.succeeded();
    assert_eq!(once.out, "nothing is there\n");
    assert_eq!(server.callboard(&["watch", "/a~2"]).await.code, 2);
}

#[tokio::test]
async fn the_state_is_there_now_and_as_it_was() {
    let server = Server::start().await;
    let before = server.callboard(&["state", "--json=version"]).await.succeeded().json()["version"].clone();
    let id = server.job(&["start", "echo", r#"{"a":1}"#]).await;
    server.callboard(&["wait", &id]).await.succeeded();
    let path = format!("/jobs/{id}/state");
    assert_eq!(server.callboard(&["state", &path]).await.succeeded().out, "\"succeeded\"\n");
    let before = before.to_string();
    let gone = server.callboard(&["state", &path, "--at", &before]).await;
    assert_eq!(gone.code, 3, "{gone:?}");
    assert_eq!(
        server.callboard(&["state", "/summary/succeeded", "--at", &before]).await.succeeded().out,
        "0\n"
    );
    let future = server.callboard(&["state", "--at", "999999999"]).await;
    assert!(future.code == 4 && future.err.contains("not made yet"), "{future:?}");
    let long_ago = server.callboard(&["state", "--at", "-10w"]).await;
    assert!(long_ago.code == 3 && long_ago.err.contains("does not lead back"), "{long_ago:?}");
    let now = server.callboard(&["state", "summary", "--at", "-0s", "--json"]).await.succeeded().json();
    assert_eq!(now["data"]["succeeded"], 1);
    assert_eq!(server.callboard(&["state", "--at", "yesterday"]).await.code, 2);
}

#[tokio::test]
async fn a_difference_and_its_history() {
    let server = Server::start().await;
    let from = server.callboard(&["state", "--format", "{version}"]).await.succeeded().out.trim().to_owned();
    let id = server.job(&["start", "echo", r#"{"a":1}"#]).await;
    server.callboard(&["wait", &id]).await.succeeded();
    let diff = server.callboard(&["diff", &from]).await.succeeded();
    assert!(diff.out.contains(&format!("+ /jobs/{id}  {{")), "{diff:?}");
    assert!(diff.out.contains("~ /summary/succeeded  0 → 1"), "{diff:?}");
    let same = server.callboard(&["diff", &from, &from]).await.succeeded();
    assert!(same.out.is_empty() && same.err.contains("are the same"), "{same:?}");
    let raw = server.callboard(&["diff", &from, "-0s", "--json"]).await.succeeded().json();
    assert_eq!(raw["fromVersion"].to_string(), from);
    assert_eq!(server.callboard(&["diff", "9999999"]).await.code, 4);

    let history = server.callboard(&["history", &id]).await.succeeded().out;
    let topics = ["job.dispatched", "job.started", "job.succeeded"];
    let found: Vec<usize> = topics.iter().map(|topic| history.find(topic).expect(topic)).collect();
    assert!(found.is_sorted(), "{history}");
    let newest = server.callboard(&["history", "-n", "2", "--json"]).await.succeeded().json();
    let versions: Vec<u64> = newest["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["version"].as_u64().unwrap())
        .collect();
    assert!(versions.len() == 2 && versions[0] + 1 == versions[1], "{versions:?}");
    let since = server.callboard(&["history", "/summary", "--since", &from, "--patch"]).await.succeeded().out;
    assert!(since.contains("~ /summary/running"), "{since}");
    // A job that is gone has left its traces.
    server.callboard(&["rm", &id]).await.succeeded();
    assert!(server.callboard(&["history", &id]).await.succeeded().out.contains("job.deleted"));
    assert_eq!(server.callboard(&["history", "67x"]).await.code, 3);
    assert_eq!(
        server.callboard(&["history", "/nothing", "--json"]).await.json(),
        json!({ "v": 1, "changes": [] })
    );
}
