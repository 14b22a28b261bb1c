//! Jobs that were started by a job: shown, found, and cancelled with it.

use crate::kit::*;

#[tokio::test]
async fn a_job_starts_others_and_a_cancel_reaches_them() {
    let server = Server::start().await;
    let parent = server.job(&["start", "sleep", r#"{"ms":600000}"#]).await;
    let start = ["start", "sleep", r#"{"ms":600000}"#, "--parent", &parent[..13]];
    let child = server.job(&start).await;
    let shown = server.callboard(&["get", &child]).await.succeeded().out;
    assert!(shown.contains(&format!("parent    {parent}")), "{shown}");
    let found = server.callboard(&["ps", &format!("parent:{parent}"), "--json=id"]).await.succeeded().json();
    assert_eq!(found["jobs"], serde_json::json!([{ "id": child }]));
    server.callboard(&["cancel", &parent]).await.succeeded();
    server.callboard(&["wait", &child]).await;
    let record = server.get(&child).await;
    assert_eq!((&record["state"], &record["parentId"]), (&"cancelled".into(), &parent.as_str().into()));
    let late = server.callboard(&start).await;
    assert!(late.code == 4 && late.err.contains("parentId"), "{late:?}");
}
