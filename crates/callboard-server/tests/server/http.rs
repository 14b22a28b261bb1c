//! The routes: what they answer, and how they say no (protocol 10).

use crate::kit::{Stage, scripted, stage, work};
use callboard_exec::Outcome;
use callboard_protocol::caps;
use callboard_testkit::{TempServer, raw_http::Answer};
use serde_json::{Value, json};

async fn get(stage: &Stage, path: &str) -> Answer {
    stage.server.request("GET", path).send(stage.server.address()).await.expect("an answer")
}

async fn post(stage: &Stage, path: &str, body: impl Into<Vec<u8>>) -> Answer {
    stage.server.request("POST", path).json(body).send(stage.server.address()).await.expect("an answer")
}

/// Every error has the same form.
fn assert_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{}", answer.text());
    let problem: Value = answer.json().expect("JSON");
    assert_eq!((problem["status"].as_u64(), problem["code"].as_str()), (Some(status.into()), Some(code)));
    assert!(problem["message"].as_str().is_some_and(|message| !message.is_empty()));
    assert!(problem["retryable"].is_boolean() && problem["title"].is_string());
}

#[tokio::test]
async fn the_state_has_a_tag_and_parts() {
    let stage = stage().await;
    let all = get(&stage, "/api/state").await;
    let tag = all.header("etag").expect("a tag").to_owned();
    let same = stage.server.request("GET", "/api/state").header("If-None-Match", &tag);
    assert_eq!(same.send(stage.server.address()).await.unwrap().status, 304);
    let part: Value = get(&stage, "/api/state?path=/meta/status").await.json().unwrap();
    assert_eq!(part["data"], "ready");
    stage.dispatch(work("a", 1)).await.unwrap();
    let changed = stage.server.request("GET", "/api/state").header("If-None-Match", &tag);
    assert_eq!(changed.send(stage.server.address()).await.unwrap().status, 200);
    assert_problem(&get(&stage, "/api/state?path=meta").await, 400, "invalid_args");
    assert_problem(&get(&stage, "/api/state?path=/no/such").await, 404, "not_found");
}

#[tokio::test]
async fn a_command_over_http_is_the_same_command() {
    let stage = stage().await;
    let body = json!({ "id": "a", "kind": "work" }).to_string();
    let send = |key: Option<&str>| {
        let mut request = stage.server.request("POST", "/api/commands/jobs.dispatch");
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        request.json(body.clone()).send(stage.server.address())
    };
    let first: Value = send(Some("k")).await.unwrap().json().unwrap();
    assert_eq!((first["result"]["id"].as_str(), &first["dup"]), (Some("a"), &Value::Null));
    let again: Value = send(Some("k")).await.unwrap().json().unwrap();
    assert_eq!(
        (&again["version"], &again["result"], &again["dup"]),
        (&first["version"], &first["result"], &json!(true))
    );
    assert_problem(&send(None).await.unwrap(), 409, "conflict");
    assert_problem(&send(Some("")).await.unwrap(), 400, "invalid_args");
    assert_problem(&send(Some(&"k".repeat(caps::ID_BYTES + 1))).await.unwrap(), 400, "invalid_args");
}

#[tokio::test]
async fn bad_bodies_are_told_apart() {
    let stage = stage().await;
    let dispatch = "/api/commands/jobs.dispatch";
    assert_problem(&post(&stage, dispatch, "{").await, 400, "bad_message");
    assert_problem(&post(&stage, dispatch, "[]").await, 400, "invalid_args");
    assert_problem(&post(&stage, dispatch, r#"{"kind":"nothing"}"#).await, 404, "unknown_kind");
    assert_problem(&post(&stage, "/api/commands/no.such", "{}").await, 404, "unknown_command");
    assert_problem(&post(&stage, dispatch, vec![0xFF, 0xFE]).await, 400, "bad_message");
    assert_problem(&post(&stage, dispatch, " ".repeat(caps::MESSAGE_BYTES_IN + 1)).await, 413, "too_large");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_problem(&post(&stage, dispatch, deep).await, 400, "bad_message");
    assert_problem(&post(&stage, "/api/auth/launch", "{").await, 400, "bad_message");
    assert_problem(&post(&stage, "/api/auth/launch", r#"{"code":7}"#).await, 400, "bad_message");
    assert_problem(&get(&stage, "/api/nothing").await, 404, "not_found");
}

#[tokio::test]
async fn jobs_are_found_live_and_stored() {
    let mut stage = stage().await;
    stage.dispatch(work("a", 1)).await.unwrap();
    let attempt = stage.attempts.next().await;
    attempt.context().reporter.log("stdout", Default::default(), "one line");
    assert_eq!(get(&stage, "/api/jobs/a").await.json::<Value>().unwrap()["state"], "running");
    let running: Value = get(&stage, "/api/jobs?state=running,queued&kind=work").await.json().unwrap();
    assert_eq!(running["jobs"].as_array().map(Vec::len), Some(1));
    attempt.finish(Outcome::Succeeded("done".into()));
    let mut head = stage.server.board.head();
    while get(&stage, "/api/jobs/a").await.json::<Value>().unwrap()["state"] != "succeeded" {
        head.changed().await.unwrap();
    }
    let attempts: Value = get(&stage, "/api/jobs/a/attempts").await.json().unwrap();
    assert_eq!(attempts["attempts"][0]["outcome"], "succeeded");
    let log: Value = get(&stage, "/api/jobs/a/logs?sinceSeq=0").await.json().unwrap();
    assert_eq!(log["entries"][0]["message"], "one line");
    assert_eq!(get(&stage, "/api/jobs?state=running").await.json::<Value>().unwrap()["jobs"], json!([]));
    let query = "/api/jobs?q=kind:work%20state:finished%20args.text~X%20age:%3C1h&limit=1";
    let found: Value = get(&stage, query).await.json().unwrap();
    assert_eq!(
        (&found["jobs"][0]["id"], &found["nextCursor"], &found["cut"]),
        (&json!("a"), &json!(null), &json!(false))
    );
    let address = format!("http://{}/", stage.server.address());
    let endpoint = callboard_client::Endpoint::parse(&address).unwrap();
    let http = callboard_client::Http::new(endpoint, stage.server.token());
    let page = http.search("\"a\" state:finished args.text~x&=%", None, 10).await.unwrap();
    assert_eq!((page.jobs.len(), page.next_cursor, page.cut), (0, None, false));
    assert_eq!(http.search("id:a", None, 10).await.unwrap().jobs[0].at("/state"), Some(&"succeeded".into()));
    let error = http.search("state:done", None, 10).await.unwrap_err();
    assert_eq!(error.facts().and_then(|facts| facts.child("column")), Some(&7_u64.into()));
    assert_eq!(get(&stage, "/api/jobs?q=-kind:work").await.json::<Value>().unwrap()["jobs"], json!([]));
}

#[tokio::test]
async fn what_is_asked_for_wrongly_is_named() {
    let stage = stage().await;
    for (path, status, code) in [
        ("/api/jobs?state=processing", 400, "invalid_args"),
        ("/api/jobs?limit=x", 400, "invalid_args"),
        ("/api/jobs?q=stat:failed", 400, "invalid_args"),
        ("/api/jobs?cursor=tomorrow", 400, "invalid_args"),
        ("/api/jobs/none", 404, "not_found"),
        ("/api/jobs/none/attempts", 404, "not_found"),
        ("/api/jobs/none/logs", 404, "not_found"),
        ("/api/jobs/a%2Fb", 400, "invalid_args"),
        ("/api/jobs/123", 400, "invalid_args"),
        ("/api/logs?sinceSeq=-1", 400, "invalid_args"),
        ("/api/artifacts/xyz", 404, "not_found"),
    ] {
        assert_problem(&get(&stage, path).await, status, code);
    }
}

#[tokio::test]
async fn health_and_version_need_no_token() {
    let stage = stage().await;
    let open = |path| stage.server.anonymous("GET", path).send(stage.server.address());
    assert_eq!(open("/healthz").await.unwrap().json::<Value>().unwrap()["status"], "ok");
    assert_eq!(open("/readyz").await.unwrap().json::<Value>().unwrap()["ready"], true);
    let version: Value = open("/version").await.unwrap().json().unwrap();
    assert_eq!((version["name"].as_str(), version["protocol"].as_u64()), (Some("callboard"), Some(1)));
    assert_eq!(version["node"].as_str(), Some(stage.server.board.node()));
    let who: Value = get(&stage, "/api/whoami").await.json().unwrap();
    assert_eq!((who["role"].as_str(), who["name"].as_str()), (Some("admin"), Some("cli")));
    let kinds: Value = get(&stage, "/api/kinds").await.json().unwrap();
    assert!(kinds["kinds"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"] == "work")));
}

#[tokio::test]
async fn the_reference_is_served_offline_under_the_strict_policy() {
    let stage = stage().await;
    let open = |path| stage.server.anonymous("GET", path).send(stage.server.address());
    let openapi: Value = open("/api/openapi.json").await.unwrap().json().unwrap();
    assert_eq!(openapi["openapi"], "3.1.0");
    let page = open("/api/docs").await.unwrap();
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"));
    let text = page.text();
    assert!(text.contains("/api/commands/{name}") && text.contains("href=\"docs.css\""));
    // Nothing of it comes from elsewhere, and nothing of it runs.
    for word in ["<script", "<style", "style=", "http://", "https://", "onclick"] {
        assert!(!text.contains(word), "{word}");
    }
    assert_eq!(open("/api/docs.css").await.unwrap().header("content-type"), Some("text/css; charset=utf-8"));
}

/// S3.6, S3.7: what the board needs and what is not there keeps it from being ready, by name; a board that is not
/// ready serves all the same.
#[tokio::test]
async fn required_things_gate_readiness() {
    let (mut options, faults, attempts) = scripted();
    options.required = vec!["devices/meter".into(), "streams/camera".into()];
    let server = TempServer::with(options, "/").await.expect("it starts");
    let stage = Stage { server, faults, attempts };
    let put = |what: &'static str, args: Value| {
        let request =
            stage.server.request("POST", &format!("/api/commands/{what}.put")).json(args.to_string());
        async { assert_eq!(request.send(stage.server.address()).await.unwrap().status, 200) }
    };
    let missing = || async {
        let ready = stage.server.anonymous("GET", "/readyz").send(stage.server.address()).await.unwrap();
        let body: Value = ready.json().unwrap();
        assert_eq!(
            (ready.status == 200, &body["ready"]),
            (body["missing"] == json!([]), &json!(ready.status == 200))
        );
        body["missing"].clone()
    };
    assert_eq!(missing().await, json!(["devices/meter is not known", "streams/camera is not known"]));
    put("devices", json!({ "id": "meter", "status": "error" })).await;
    put("devices", json!({ "id": "lamp", "status": "lost" })).await;
    put("streams", json!({ "id": "camera", "status": "live", "url": "rtsp://camera" })).await;
    assert_eq!(missing().await, json!(["devices/meter is error"]));
    put("devices", json!({ "id": "meter", "status": "online" })).await;
    put("devices", json!({ "id": "door", "status": "lost", "required": true })).await;
    assert_eq!(missing().await, json!(["devices/door is lost"]));
    put("devices", json!({ "id": "door", "status": "online", "required": true })).await;
    assert_eq!(missing().await, json!([]));
}

/// A board without its journal serves what it has, and says that it is not ready for more.
#[tokio::test]
async fn a_board_that_lost_its_journal_is_not_ready() {
    let stage = stage().await;
    stage.faults.lose_answer(true);
    stage.dispatch(work("a", 1)).await.unwrap_err();
    let open = |path| stage.server.anonymous("GET", path).send(stage.server.address());
    let ready = open("/readyz").await.unwrap();
    assert_eq!(ready.status, 503);
    assert_eq!(ready.json::<Value>().unwrap()["missing"], json!(["the board is stopped"]));
    assert_eq!(open("/healthz").await.unwrap().status, 200);
    assert_eq!(get(&stage, "/api/state").await.status, 200);
    let body = json!({ "id": "b", "kind": "work" }).to_string();
    assert_problem(&post(&stage, "/api/commands/jobs.dispatch", body).await, 503, "overloaded");
}
