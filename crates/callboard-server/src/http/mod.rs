//! The HTTP routes (design: protocol 10). Each answers with JSON or `application/problem+json`.

mod artifacts;
mod auth;
pub(crate) mod commands;
mod info;
mod ingest;
mod input;
mod jobs;
mod metrics;
mod reference;
mod state;
mod stream;
mod workflows;

pub(crate) use metrics::Tally;
pub(crate) use stream::places as stream_places;

use crate::{
    access::{Gate, Policy, gate},
    studio,
    ws::{self, Hub},
};
use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use callboard::Board;
use callboard_protocol::{
    caps,
    error::{ErrorCode, Rejection},
};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// What the routes share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) board: Board,
    pub(crate) gate: Arc<Gate>,
    pub(crate) hub: Arc<Hub>,
    /// The path prefix with slashes on both ends, `/` when there is none.
    pub(crate) base: Arc<str>,
    /// The address to open in a browser.
    pub(crate) url: Arc<str>,
    /// The WebSocket sessions, so that a shutdown can wait for their goodbyes.
    pub(crate) sessions: TaskTracker,
    /// Places of the event stream.
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) tally: Arc<Tally>,
}

/// Every route with its policy. There is no way to add one that does not pass the gate.
pub(crate) fn router(app: App) -> Router {
    let open = Router::new()
        .route("/api/auth/launch", post(auth::launch))
        .route("/healthz", get(info::health))
        .route("/readyz", get(info::ready))
        .route("/version", get(info::version))
        .route("/api/openapi.json", get(reference::openapi))
        .route("/api/docs", get(reference::page))
        .route("/api/docs.css", get(reference::style))
        .fallback(studio::serve);
    let token = Router::new()
        .route("/api/auth/launch-code", post(auth::launch_code))
        .route("/api/whoami", get(info::whoami))
        .route("/api/kinds", get(info::kinds))
        .route("/api/state", get(state::state))
        .route("/api/history", get(state::history))
        .route("/api/diff", get(state::diff))
        .route("/api/stream", get(stream::stream))
        .route("/api/commands/{name}", post(commands::command))
        .route("/api/jobs", get(jobs::list))
        .route("/api/jobs/{id}", get(jobs::job))
        .route("/api/jobs/{id}/attempts", get(jobs::attempts))
        .route("/api/jobs/{id}/logs", get(jobs::log))
        .route("/api/workflows", get(workflows::list).post(workflows::start))
        .route("/api/workflows/{id}", get(workflows::workflow).delete(workflows::delete))
        .route("/api/workflows/{id}/cancel", post(workflows::cancel))
        .route("/api/workflows/{id}/retry", post(workflows::retry))
        .route("/api/logs", get(jobs::board_log))
        .route("/api/logs/ingest", post(ingest::ingest))
        .route("/metrics", get(metrics::metrics))
        .route("/api/artifacts/{sha256}", get(artifacts::artifact))
        .route("/api/{*rest}", axum::routing::any(unknown_route));
    let later = Router::new().route("/ws", get(ws::upgrade));
    let gated = |router: Router<App>, policy| {
        // Behind the gate too: nobody learns without a token which methods there are.
        let router = router.method_not_allowed_fallback(wrong_method);
        router.layer(middleware::from_fn_with_state((app.gate.clone(), policy), gate))
    };
    let finish = |router: Router<App>| {
        router
            .layer(DefaultBodyLimit::max(caps::MESSAGE_BYTES_IN))
            .layer(middleware::map_response_with_state(app.clone(), finish_answer))
            .with_state(app.clone())
    };
    let token = gated(token, Policy::Token).merge(gated(later, Policy::TokenLater));
    let routes = finish(gated(open, Policy::Open).merge(token));
    match app.base.trim_matches('/') {
        "" => routes,
        prefix => {
            // A nested router knows neither the prefix with a slash at its end nor what is beside it.
            let door =
                Router::new().route(&format!("/{prefix}/"), get(studio::serve)).fallback(unknown_route);
            Router::new().nest(&format!("/{prefix}"), routes).merge(finish(gated(door, Policy::Open)))
        }
    }
}

/// Counts an answer and makes it harmless.
async fn finish_answer(State(app): State<App>, response: Response) -> Response {
    let status = response.status();
    app.tally.answered(status.is_client_error() || status.is_server_error());
    harden(response)
}

/// Headers that every answer carries (design: security 3.6).
fn harden(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, &str); 5] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; \
             connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'none'; \
             require-trusted-types-for 'script'; trusted-types vue",
        ),
    ];
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

async fn unknown_route() -> Response {
    problem(&Rejection::new(ErrorCode::NotFound, "there is no such route; see docs/reference/http.md"))
        .into_response()
}

async fn wrong_method() -> Response {
    let rejection = Rejection::new(ErrorCode::Unsupported, "this route does not take that method");
    problem_with(StatusCode::METHOD_NOT_ALLOWED, &rejection).into_response()
}

/// A rejection as an HTTP answer (RFC 9457).
pub(crate) fn problem(rejection: &Rejection) -> impl IntoResponse + use<> {
    let status =
        StatusCode::from_u16(rejection.code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    problem_with(status, rejection)
}

/// The type of a problem is its code; `message` is `detail` once more, as in `error` on the WebSocket.
fn problem_with(status: StatusCode, rejection: &Rejection) -> impl IntoResponse + use<> {
    let code = serde_json::to_value(rejection.code).unwrap_or_default();
    let body = serde_json::json!({
        "type": format!("urn:callboard:problem:{}", code.as_str().unwrap_or("internal")),
        "detail": rejection.message,
        "title": status.canonical_reason().unwrap_or("error"),
        "status": status.as_u16(),
        "code": rejection.code,
        "message": rejection.message,
        "retryable": rejection.code.is_retryable(),
        "details": rejection.details,
    });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string())
}

/// A route's failure.
pub(crate) struct Problem(Rejection);

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        Problem(rejection)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        problem(&self.0).into_response()
    }
}
