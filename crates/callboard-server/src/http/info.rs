//! What this server is and can do.

use super::App;
use crate::access::Caller;
use axum::{Extension, Json, extract::State, http::StatusCode};
use callboard_protocol::{Node, frame};
use serde_json::{Value, json};

pub(super) async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

pub(super) async fn ready(State(app): State<App>) -> (StatusCode, Json<Value>) {
    let missing = missing(&app);
    let ready = missing.is_empty();
    let code = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(json!({ "ready": ready, "missing": missing })))
}

/// What keeps this server from taking jobs, in words; nothing when it is ready.
pub(super) fn missing(app: &App) -> Vec<String> {
    let state = app.board.state();
    // A board that has lost its journal cannot write down that it has stopped.
    let status = match app.board.is_stopped() {
        true => "stopped",
        false => state.document.at("/meta/status").and_then(Node::as_str).unwrap_or("booting"),
    };
    let board = (status != "ready").then(|| format!("the board is {status}"));
    let log = app.board.logs().counts().files_failing;
    let log = log.then(|| "lines cannot be written to the log's files".to_owned());
    let required = app.board.not_ready().into_iter().map(|name| {
        let status = state.document.at(&format!("/{name}/status")).and_then(Node::as_str);
        format!("{name} is {}", status.unwrap_or("not known"))
    });
    board.into_iter().chain(log).chain(required).collect()
}

pub(super) async fn version(State(app): State<App>) -> Json<Value> {
    Json(json!({
        "name": "callboard",
        "version": env!("CARGO_PKG_VERSION"),
        "protocol": frame::PROTOCOL,
        "node": app.board.node(),
    }))
}

pub(super) async fn whoami(Extension(caller): Extension<Caller>) -> Json<Value> {
    Json(json!({ "role": caller.role, "name": caller.name }))
}

pub(super) async fn kinds(State(app): State<App>) -> Json<Value> {
    Json(json!({ "kinds": app.board.kinds() }))
}
