//! Host × Origin × token, on every route (security 3.3, 3.4, 4; X13, W3.4).

use crate::kit::{Stage, stage};
use callboard_testkit::{Socket, SocketOptions, raw_http::Request};
use std::io;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Policy {
    Open,
    Token,
}

/// Every route with a path that fits it; the WebSocket has a test of its own.
const ROUTES: [(&str, &str, &str, Policy); 32] = [
    ("GET", "/", "", Policy::Open),
    ("GET", "/jobs/some-page", "", Policy::Open),
    ("GET", "/assets/nothing.js", "", Policy::Open),
    ("POST", "/api/auth/launch", "/api/auth/launch", Policy::Open),
    ("GET", "/healthz", "/healthz", Policy::Open),
    ("GET", "/readyz", "/readyz", Policy::Open),
    ("GET", "/version", "/version", Policy::Open),
    ("GET", "/api/openapi.json", "/api/openapi.json", Policy::Open),
    ("GET", "/api/docs", "/api/docs", Policy::Open),
    ("GET", "/api/docs.css", "/api/docs.css", Policy::Open),
    ("POST", "/api/auth/launch-code", "/api/auth/launch-code", Policy::Token),
    ("GET", "/api/whoami", "/api/whoami", Policy::Token),
    ("GET", "/api/kinds", "/api/kinds", Policy::Token),
    ("GET", "/api/state", "/api/state", Policy::Token),
    ("GET", "/api/history", "/api/history", Policy::Token),
    ("GET", "/api/diff?from=0", "/api/diff", Policy::Token),
    ("GET", "/api/stream?lastEventId=x", "/api/stream", Policy::Token),
    ("POST", "/api/logs/ingest", "/api/logs/ingest", Policy::Token),
    ("GET", "/metrics", "/metrics", Policy::Token),
    ("POST", "/api/commands/jobs.cancel", "/api/commands/{name}", Policy::Token),
    ("GET", "/api/jobs", "/api/jobs", Policy::Token),
    ("GET", "/api/jobs/a", "/api/jobs/{id}", Policy::Token),
    ("GET", "/api/jobs/a/attempts", "/api/jobs/{id}/attempts", Policy::Token),
    ("GET", "/api/jobs/a/logs", "/api/jobs/{id}/logs", Policy::Token),
    ("GET", "/api/workflows", "/api/workflows", Policy::Token),
    ("POST", "/api/workflows", "/api/workflows", Policy::Token),
    ("GET", "/api/workflows/w", "/api/workflows/{id}", Policy::Token),
    ("DELETE", "/api/workflows/w", "/api/workflows/{id}", Policy::Token),
    ("POST", "/api/workflows/w/cancel", "/api/workflows/{id}/cancel", Policy::Token),
    ("POST", "/api/workflows/w/retry", "/api/workflows/{id}/retry", Policy::Token),
    ("GET", "/api/logs", "/api/logs", Policy::Token),
    ("GET", "/api/artifacts/00", "/api/artifacts/{sha256}", Policy::Token),
];

/// Routes that answer whatever the path: below the API, and the socket.
const OTHERS: [&str; 2] = ["/api/{*rest}", "/ws"];

/// A route that nobody thought of here fails this test, not its users.
#[test]
fn every_route_of_the_router_is_in_the_table() {
    let source = include_str!("../../src/http/mod.rs");
    let mut routes = source.split(".route(\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default());
    let known = |route: &str| ROUTES.iter().any(|(_, _, name, _)| *name == route) || OTHERS.contains(&route);
    let unknown: Vec<_> = routes.by_ref().filter(|route| !known(route)).collect();
    assert!(unknown.is_empty(), "add {unknown:?} to the table");
    let paths: std::collections::BTreeSet<_> = ROUTES.iter().map(|(_, _, route, _)| *route).collect();
    // One of them is no route: what the pages of Studio are.
    assert!(source.matches(".route(").count() >= paths.len() - 1 + OTHERS.len());
}

/// What is written about the routes is true: each is there, and says whether it needs a token.
#[test]
fn the_description_has_every_route_and_its_policy() {
    let text = include_str!("../../../../spec/openapi.json");
    let openapi: serde_json::Value = serde_json::from_str(text).expect("JSON");
    for (method, _, route, policy) in ROUTES.iter().filter(|(_, _, route, _)| !route.is_empty()) {
        let operation = &openapi["paths"][route][method.to_ascii_lowercase()];
        assert!(
            operation["summary"].is_string(),
            "{method} {route} is not described; see `cargo xtask codegen`"
        );
        assert_eq!(operation["security"].is_array(), *policy == Policy::Token, "{method} {route}");
    }
    let paths = openapi["paths"].as_object().expect("paths").values();
    let described: usize = paths.filter_map(|methods| Some(methods.as_object()?.len())).sum();
    assert_eq!(described, ROUTES.iter().filter(|(_, _, route, _)| !route.is_empty()).count());
}

/// A value of `Host`, and whether it may be.
fn hosts(port: u16) -> Vec<(Option<String>, bool)> {
    let some = |text: String, good| (Some(text), good);
    vec![
        some(format!("127.0.0.1:{port}"), true),
        some(format!("localhost:{port}"), true),
        some(format!("LOCALHOST:{port}"), true),
        (None, false),
        some(String::new(), false),
        some("127.0.0.1".into(), false),
        some(format!("127.0.0.1:{}", port ^ 1), false),
        some(format!("attacker.example:{port}"), false),
        some(format!("127.0.0.1:{port}.attacker.example"), false),
        some(format!("localhost.attacker.example:{port}"), false),
        some(format!("127.0.0.1:{port}@attacker.example"), false),
        some(format!("[::1]:{port}"), false),
    ]
}

/// A value of `Origin`, and whether it may be.
fn origins(port: u16) -> Vec<(Option<String>, bool)> {
    let some = |text: String, good| (Some(text), good);
    vec![
        (None, true),
        some(format!("http://127.0.0.1:{port}"), true),
        some(format!("http://localhost:{port}"), true),
        some("null".into(), false),
        some(String::new(), false),
        some("http://127.0.0.1".into(), false),
        some(format!("https://127.0.0.1:{port}"), false),
        some(format!("http://127.0.0.1:{}", port ^ 1), false),
        some("http://attacker.example".into(), false),
        some(format!("http://127.0.0.1:{port}.attacker.example"), false),
    ]
}

fn request(
    method: &str,
    path: &str,
    place: (&Option<String>, &Option<String>),
    token: Option<&str>,
) -> Request {
    let mut request = Request::new(method, path);
    for (name, value) in [("Host", place.0), ("Origin", place.1)] {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    if let Some(token) = token {
        request = request.bearer(token);
    }
    if method == "POST" { request.json("{}") } else { request }
}

#[tokio::test]
async fn nobody_gets_in_from_elsewhere_or_without_a_token() {
    let stage = stage().await;
    let (to, port) = (stage.server.address(), stage.server.address().port());
    for (method, path, _, policy) in ROUTES {
        for (host, host_fits) in &hosts(port) {
            for (origin, origin_fits) in &origins(port) {
                for token in [None, Some(stage.server.token())] {
                    let what =
                        format!("{method} {path} Host {host:?} Origin {origin:?} token {}", token.is_some());
                    let answer = request(method, path, (host, origin), token).send(to).await;
                    let answer = answer.unwrap_or_else(|error| panic!("{what}: {error}"));
                    let status = answer.status;
                    match (host_fits & origin_fits, policy, token) {
                        // A request without a host is none, whoever says so first.
                        (false, ..) => assert!(status == 403 || status == 400, "{what}: {status}"),
                        (true, Policy::Token, None) => assert_eq!(status, 401, "{what}"),
                        _ => assert!(
                            status != 401 && status != 403 || path.ends_with("/launch"),
                            "{what}: {status}"
                        ),
                    }
                    if status == 403 {
                        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
                    }
                }
            }
        }
    }
}

/// A rebinding page names itself as host; a foreign page names itself as origin (CVE-2024-28179 was this very gap).
#[tokio::test]
async fn the_socket_has_the_same_gate() {
    let stage = stage().await;
    let (to, port) = (stage.server.address(), stage.server.address().port());
    for (host, host_fits) in hosts(port).into_iter().filter(|(host, _)| host.is_some()) {
        for (origin, origin_fits) in origins(port) {
            for token in [None, Some(stage.server.token().to_owned())] {
                let (host, origin) = (host.clone(), origin.clone());
                let what = format!("Host {host:?} Origin {origin:?} token {}", token.is_some());
                let options = SocketOptions { host, origin, token, ..SocketOptions::default() };
                let opened = Socket::open(to, &options).await.map(drop).map_err(|error| error.kind());
                let expected =
                    if host_fits && origin_fits { Ok(()) } else { Err(io::ErrorKind::PermissionDenied) };
                assert_eq!(opened, expected, "{what}");
            }
        }
    }
    let wrong = SocketOptions { token: Some("0".repeat(64)), ..SocketOptions::default() };
    assert!(Socket::open(to, &wrong).await.is_err(), "a wrong token is not a missing one");
}

/// A form or script of another site sends no `Origin` that helps it, and says so itself.
#[tokio::test]
async fn a_page_of_another_site_may_change_nothing() {
    let stage = stage().await;
    for (site, fits) in [("cross-site", false), ("same-origin", true), ("none", true)] {
        let request =
            stage.server.request("POST", "/api/commands/jobs.cancel").header("Sec-Fetch-Site", site);
        let answer = request.json(r#"{"id":"a"}"#).send(stage.server.address()).await.unwrap();
        assert_eq!(answer.status != 403, fits, "{site}");
    }
}

#[tokio::test]
async fn methods_that_no_route_has_do_not_pass_the_gate_either() {
    let stage = stage().await;
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "POST"] {
        for path in ["/api/state", "/api/nothing", "/api/jobs/a"] {
            let answer = stage.server.anonymous(method, path).send(stage.server.address()).await.unwrap();
            assert_eq!(answer.status, 401, "{method} {path}");
            let answer = stage.server.request(method, path).send(stage.server.address()).await.unwrap();
            assert!([404, 405].contains(&answer.status), "{method} {path}: {}", answer.status);
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
}

/// Security 3.6: on every answer, errors and files included.
#[tokio::test]
async fn every_answer_carries_the_hardening_headers() {
    let stage = stage().await;
    for (method, path, ..) in ROUTES {
        for request in [stage.server.anonymous(method, path), stage.server.request(method, path)] {
            let answer = request.send(stage.server.address()).await.unwrap();
            let policy = answer.header("content-security-policy").unwrap_or_default();
            assert!(policy.contains("default-src 'none'"), "{method} {path}: {policy}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{method} {path}");
            assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{method} {path}");
            assert_eq!(answer.header("set-cookie"), None, "no cookies: all ports of a host share them");
            assert_eq!(answer.header("access-control-allow-origin"), None, "{method} {path}");
        }
    }
}

/// Below a prefix the same gate stands, and beside it is nothing.
#[tokio::test]
async fn a_prefix_moves_everything() {
    let Stage { server, .. } = crate::kit::stage_below("/board").await;
    let to = server.address();
    assert!(server.url().ends_with("/board/"), "{}", server.url());
    for (path, status) in [
        ("/board/healthz", 200),
        ("/board/api/whoami", 200),
        ("/board/", 200),
        ("/healthz", 404),
        ("/api/whoami", 404),
        ("/ws", 404),
    ] {
        let answer = server.request("GET", path).send(to).await.unwrap();
        assert_eq!(answer.status, status, "{path}");
    }
    assert_eq!(server.anonymous("GET", "/board/api/whoami").send(to).await.unwrap().status, 401);
    let index = server.anonymous("GET", "/board/").send(to).await.unwrap().text();
    assert!(!index.contains(r#"<base href="/""#), "pages find their files below the prefix");
    for path in ["/board/healthz", "/healthz", "/"] {
        let foreign = Request::new("GET", path).header("Host", "attacker.example").send(to).await.unwrap();
        assert_eq!(foreign.status, 403, "{path}");
    }
    server.socket(None).await.unwrap().next().await.expect("the socket is below the prefix too");
}
