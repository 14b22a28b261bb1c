//! `http.request`.

use crate::support::{Reply, Server, Stage, answer, bounded, error, result};
use callboard_exec::{
    BodySpec, CancelReason, Executor, HttpClient, HttpRequest, JsonTemplate, Outcome, RequestSpec, Secrets,
    Template,
};
use callboard_protocol::{Node, caps};
use serde_json::json;
use std::time::Duration;

fn text(source: &str) -> Template {
    Template::parse(source).expect("a template")
}

fn any() -> HttpRequest {
    HttpRequest::any(HttpClient::new())
}

fn configured(spec: RequestSpec) -> HttpRequest {
    HttpRequest::configured(HttpClient::new(), spec).expect("a sound configuration")
}

#[tokio::test]
async fn an_answer_is_the_result() {
    let server = Server::run(|_, request| {
        let path = request.line.split(' ').nth(1).unwrap_or_default();
        Reply::Send(match path {
            "/json" => answer("200 OK", &["Content-Type: application/json; charset=utf-8"], br#"{"a":[1]}"#),
            "/text" => answer("201 Created", &["Content-Type: text/plain"], b"hello"),
            "/empty" => answer("204 No Content", &["Content-Length: 0"], b""),
            _ => answer("200 OK", &["Content-Type: image/png"], b"\x89PNG\xff"),
        })
    })
    .await;
    let get = |path: &str| {
        let url = format!("{}{path}", server.url);
        async move {
            let stage = Stage::new();
            (result(stage.run(&any(), json!({ "url": url })).await), stage)
        }
    };
    let (json, _) = get("/json").await;
    assert_eq!(
        json,
        json!({"status": 200, "contentType": "application/json; charset=utf-8", "body": {"a": [1]}})
    );
    assert_eq!(get("/text").await.0["body"], "hello");
    assert_eq!(get("/empty").await.0, json!({"status": 204, "body": ""}));
    let (bytes, stage) = get("/png").await;
    assert_eq!((&bytes["artifact"], bytes.get("body")), (&json!("response"), None));
    assert_eq!(stage.kept(), b"\x89PNG\xff");
    assert_eq!(stage.memory.artifacts.lock().unwrap()[0].mime, "image/png");
}

#[tokio::test]
async fn an_answer_over_the_cap_is_an_artifact() {
    let large = vec![b'x'; caps::RESULT_BYTES * 3];
    let body = large.clone();
    let server =
        Server::run(move |_, _| Reply::Send(answer("200 OK", &["Content-Type: text/plain"], &body))).await;
    let stage = Stage::new();
    let told = result(stage.run(&any(), json!({ "url": server.url })).await);
    assert_eq!(told["artifact"], "response");
    assert_eq!(stage.kept(), large);
}

#[tokio::test]
async fn places_are_filled_and_stay_in_their_place() {
    let server = Server::run(|_, _| Reply::Send(answer("200 OK", &[], b""))).await;
    let body = json!({"n": "{args.n}", "text": "is {args.n}", "all": ["{args.list}"], "x": 1.5});
    let spec = RequestSpec {
        method: Some("POST".into()),
        headers: [
            ("Authorization".to_owned(), text("Bearer {secrets.token}")),
            ("X-Job".to_owned(), text("{job.id}:{job.attempt}")),
        ]
        .into(),
        body: Some(BodySpec::Json(JsonTemplate::parse(body).unwrap())),
        secrets: Secrets::new([("token".into(), "hunter2".into())]),
        ..RequestSpec::get(text(&format!("{}/v1/{{args.id}}?q={{args.q}}", server.url)))
    };
    let executor = configured(spec);
    let args = json!({"id": "../admin", "q": "a&b=c d", "n": 7, "list": [1, null]});
    result(Stage::new().run(&executor, args).await);
    let request = &server.requests()[0];
    assert_eq!(request.line, "POST /v1/..%2Fadmin?q=a%26b%3Dc%20d HTTP/1.1");
    assert_eq!(request.header("authorization"), Some("Bearer hunter2"));
    assert_eq!(request.header("x-job"), Some("job-1:1"));
    let sent: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(sent, json!({"n": 7, "text": "is 7", "all": [[1, null]], "x": 1.5}));
}

#[tokio::test]
async fn other_statuses_are_errors_and_some_pass() {
    let server = Server::run(|_, request| {
        let status = request.line.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
        Reply::Send(answer(&format!("{status} Because"), &["Retry-After: 7"], b"  the\n reason "))
    })
    .await;
    for (status, again) in [(429, true), (503, true), (500, true), (404, false), (401, false), (501, false)] {
        let outcome = Stage::new().run(&any(), json!({ "url": format!("{}/{status}", server.url) })).await;
        let (failure, retryable, after) = error(outcome);
        assert_eq!((failure.code.as_str(), retryable), ("http_status", again), "{status}");
        assert_eq!(after, again.then_some(Duration::from_secs(7)));
        assert!(failure.message.contains(&status.to_string()) && failure.message.ends_with("the reason"));
    }
    let args = json!({ "url": format!("{}/404", server.url), "success": [404] });
    assert_eq!(result(Stage::new().run(&any(), args).await)["status"], 404);
}

#[tokio::test]
async fn no_answer_is_an_error_that_may_pass() {
    let server = Server::run(|_, _| Reply::Stall(Vec::new())).await;
    let spec = RequestSpec { idle_timeout: Duration::from_millis(50), ..RequestSpec::get(text(&server.url)) };
    let (failure, retryable, _) = error(Stage::new().run(&configured(spec), json!({})).await);
    assert_eq!((failure.code.as_str(), retryable), ("http_silent", true));
    let cut =
        Server::run(|_, _| Reply::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".to_vec())).await;
    let (failure, retryable, _) = error(Stage::new().run(&any(), json!({ "url": cut.url })).await);
    assert_eq!((failure.code.as_str(), retryable), ("http_failed", true));
    assert!(!failure.message.contains("127.0.0.1"), "{}", failure.message);
}

#[tokio::test]
async fn a_cancel_ends_it_at_once() {
    let server = Server::run(|_, _| Reply::Stall(Vec::new())).await;
    let stage = Stage::new();
    let attempt = stage.attempt(json!({ "url": server.url }));
    let running = tokio::spawn(async move { any().execute(attempt).await });
    stage.cancel.cancel(CancelReason::User);
    assert_eq!(bounded(running).await.unwrap(), Outcome::Cancelled);
}

#[tokio::test]
async fn redirects_are_few_and_tell_no_secrets() {
    let other = Server::run(|_, _| Reply::Send(answer("200 OK", &[], b"there"))).await;
    let target = other.url.clone();
    let server = Server::run(move |_, request| {
        let path = request.line.split(' ').nth(1).unwrap_or_default();
        Reply::Send(match path {
            "/loop" => answer("302 Found", &["Location: /loop"], b""),
            "/file" => answer("302 Found", &["Location: file:///etc/passwd"], b""),
            "/here" => answer("303 See Other", &["Location: /done"], b""),
            "/away" => answer("307 Temporary Redirect", &[&format!("Location: {target}/x")], b""),
            _ => answer("200 OK", &[], b"done"),
        })
    })
    .await;
    let spec = |path: &str| RequestSpec {
        headers: [("X-Api-Key".to_owned(), text("{secrets.key}"))].into(),
        secrets: Secrets::new([("key".into(), "hunter2".into())]),
        redirects: 3,
        ..RequestSpec::get(text(&format!("{}{path}", server.url)))
    };
    let run = |spec: RequestSpec| async move { Stage::new().run(&configured(spec), json!({})).await };
    assert_eq!(error(run(spec("/loop")).await).0.code, "too_many_redirects");
    assert_eq!(server.requests().len(), 4);
    assert_eq!(error(run(spec("/file")).await).0.code, "bad_redirect");
    assert_eq!(result(run(spec("/here")).await)["body"], "done");
    assert_eq!(server.requests().last().unwrap().header("x-api-key"), Some("hunter2"));
    assert_eq!(result(run(spec("/away")).await)["body"], "there");
    assert_eq!(other.requests()[0].header("x-api-key"), None, "another host does not hear it");
    let body = Some(BodySpec::Text(text("secret plans")));
    let post = RequestSpec { method: Some("POST".into()), body, ..spec("/away") };
    assert_eq!(error(run(post).await).0.code, "bad_redirect");
    assert_eq!(other.requests().len(), 1);
}

#[tokio::test]
async fn secrets_are_not_told_by_an_answer_that_repeats_them() {
    let server = Server::run(|number, request| {
        let key = request.header("x-api-key").unwrap_or_default().to_owned();
        let status = if number == 0 { "200 OK" } else { "400 Bad Request" };
        Reply::Send(answer(status, &["Content-Type: text/plain"], format!("you said {key}").as_bytes()))
    })
    .await;
    let spec = RequestSpec {
        headers: [("X-Api-Key".to_owned(), text("{secrets.key}"))].into(),
        secrets: Secrets::new([("key".into(), "hunter2".into())]),
        ..RequestSpec::get(text(&server.url))
    };
    let executor = configured(spec);
    assert_eq!(result(Stage::new().run(&executor, json!({})).await)["body"], "you said [secret]");
    let (failure, ..) = error(Stage::new().run(&executor, json!({})).await);
    assert!(failure.message.ends_with("you said [secret]"), "{}", failure.message);
}

#[test]
fn what_cannot_be_requested_is_refused_before() {
    for (args, start) in [
        (json!({}), "url: is missing"),
        (json!({"url": "file:///etc/passwd"}), "url: must begin with http"),
        (json!({"url": "ftp://h/x"}), "url: must begin with http"),
        (json!({"url": "nonsense"}), "url: is no address"),
        (json!({"url": "http://h", "method": "A B"}), "method: is no method"),
        (json!({"url": "http://h", "headers": {"X": "a\r\nb"}}), "headers.x: is no value"),
        (json!({"url": "http://h", "headers": {"a b": "c"}}), "headers.a b: is no name"),
        (json!({"url": "http://h", "body": {}}), "body: must be a string"),
        (json!({"url": "http://h", "success": [99]}), "success: must be"),
        (json!({"url": "http://h", "tries": 3}), "tries: is not known here"),
    ] {
        let message = any().check(&Node::from(&args)).unwrap_err().message;
        assert!(message.to_lowercase().starts_with(start), "{message}");
    }
    for url in ["http://{args.host}/x", "https://", "ftp://h", "{job.id}", "file:///x"] {
        let refused = RequestSpec::get(text(url)).check();
        assert_eq!(refused.map_err(|(member, _)| member), Err("url"), "{url}");
    }
}
