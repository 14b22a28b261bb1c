//! `callboard wait`.

use crate::kit::*;

#[tokio::test]
async fn it_ends_with_the_job() {
    let server = Server::start().await;
    let good = server.job(&["start", "sleep", r#"{"ms":300}"#]).await;
    let bad = server.job(&["run", "-d", "--", "sh", "-c", "sleep 0.2; exit 3"]).await;
    let said = server.callboard(&["wait", &good, "--json"]).await.succeeded();
    assert_eq!((&said.json()["id"], &said.json()["state"]), (&good.as_str().into(), &"succeeded".into()));
    let said = server.callboard(&["wait", &good, &bad]).await;
    assert_eq!(said.code, 1, "{said:?}");
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(lines.len() == 2 && lines[0].contains("succeeded in") && lines[1].contains("failed after"));
}

#[tokio::test]
async fn a_state_on_the_way_will_do() {
    let server = Server::start().await;
    let id = server.job(&["start", "sleep", r#"{"ms":100000}"#]).await;
    let said = server.callboard(&["wait", &id, "--for", "state=running"]).await.succeeded();
    assert!(said.out.contains("running"), "{said:?}");
    let waiting = server.spawn(&["wait", &id, "--for", "state=cancelled"]);
    let missed = server.spawn(&["wait", &id, "--for", "state=failed"]);
    server.callboard(&["cancel", &id]).await.succeeded();
    assert_eq!(waiting.end().await.code, 0);
    assert_eq!(missed.end().await.code, 130);
    // What was running once was running, also when nobody looked.
    let done = server.job(&["start", "echo"]).await;
    server.callboard(&["wait", &done, "--for", "state=running"]).await.succeeded();
}

#[tokio::test]
async fn it_can_give_up_and_be_left() {
    let server = Server::start().await;
    let id = server.job(&["start", "sleep", r#"{"ms":100000}"#]).await;
    let said = server.callboard(&["wait", &id, "--timeout", "100ms"]).await;
    assert_eq!(said.code, 6, "{said:?}");
    assert!(said.err.contains("is running and not over"), "{said:?}");
    let waiting = server.spawn(&["wait", &id]);
    // The handler is there before the connection is.
    server.connected(1).await;
    waiting.interrupt();
    assert_eq!(waiting.end().await.code, 130);
    assert_eq!(server.get(&id).await["state"], "running");
}
