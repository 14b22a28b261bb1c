//! The state for scripts and polling clients (S0.35): one position, one ETag; and how it came to be.

use super::{App, Problem, input::Asked};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use callboard_protocol::{
    Node, Op, Pointer, caps,
    error::{ErrorCode, Rejection},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    path: String,
    at: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct Past {
    #[serde(default)]
    path: String,
    #[serde(default)]
    since: Option<u64>,
    limit: Option<usize>,
}

#[derive(Deserialize)]
pub(super) struct Span {
    from: u64,
    to: Option<u64>,
}

#[derive(Serialize)]
struct Answer<'a> {
    epoch: &'a str,
    version: u64,
    data: &'a Node,
}

/// A position as one text: `epoch:version`, as in an ETag and in the id of an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) epoch: String,
    pub(super) version: u64,
}

impl Position {
    pub(super) fn parse(text: &str) -> Result<Position, Rejection> {
        let split = text.trim().trim_matches('"').rsplit_once(':');
        let read = split.and_then(|(epoch, version)| {
            Some(Position { epoch: epoch.into(), version: version.parse().ok()? })
        });
        read.ok_or_else(|| {
            let message = "Last-Event-ID: a position is EPOCH:VERSION, as in the id of an event";
            Rejection::new(ErrorCode::InvalidArgs, message)
        })
    }
}

/// `GET /api/state`.
pub(super) async fn state(
    State(app): State<App>,
    Asked(wanted): Asked<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let path = pointer(&wanted.path)?;
    let state = match wanted.at {
        Some(version) => app.board.state_at(version).await?,
        None => app.board.state(),
    };
    let tag = format!("\"{}:{}\"", state.epoch, state.version);
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| names(known.as_bytes(), &tag)) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let data = state.document.at(&path.to_string()).ok_or_else(|| {
        Rejection::new(
            ErrorCode::NotFound,
            format!("there is nothing at {path} in version {}", state.version),
        )
    })?;
    let answer = Answer { epoch: &state.epoch, version: state.version, data };
    Ok(([(header::ETAG, tag)], Json(answer)).into_response())
}

/// Whether a list of tags, perhaps weak ones, has this one.
fn names(known: &[u8], tag: &str) -> bool {
    let known = std::str::from_utf8(known).unwrap_or_default();
    known.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == tag || one == "*")
}

/// `GET /api/history`: what happened, one change after the other.
pub(super) async fn history(
    State(app): State<App>,
    Asked(past): Asked<Past>,
) -> Result<Json<Value>, Problem> {
    let path = pointer(&past.path)?;
    let limit = past.limit.unwrap_or(100).clamp(1, caps::PAGE_ROWS);
    let head = app.board.state().version;
    let since = past.since.unwrap_or(head.saturating_sub(limit as u64));
    let found = app.board.changes(since, head, limit).await?;
    let next = found.last().map_or(since, |past| past.version);
    let touches = |op: &Op| {
        let (at, below) = (op.path().to_string(), path.to_string());
        at == below
            || below.is_empty()
            || at.starts_with(&format!("{below}/"))
            || below.starts_with(&format!("{at}/"))
    };
    let changes: Vec<Value> = found
        .iter()
        .filter(|past| past.change.ops.iter().any(touches))
        .map(|past| {
            let change = &past.change;
            json!({
                "version": past.version,
                "at": change.at,
                "actor": change.actor,
                "key": change.key,
                "events": change.events,
                "patch": change.ops,
            })
        })
        .collect();
    Ok(Json(json!({ "epoch": app.board.epoch(), "head": head, "changes": changes, "nextSince": next })))
}

/// `GET /api/diff`: what leads from one version to another.
pub(super) async fn diff(State(app): State<App>, Asked(span): Asked<Span>) -> Result<Json<Value>, Problem> {
    let to = span.to.unwrap_or(app.board.state().version);
    let patch = app.board.diff(span.from, to).await?;
    let epoch = app.board.epoch();
    Ok(Json(json!({ "epoch": epoch, "fromVersion": span.from, "toVersion": to, "patch": patch })))
}

fn pointer(text: &str) -> Result<Pointer, Rejection> {
    Pointer::parse(text).map_err(|error| Rejection::new(ErrorCode::InvalidArgs, format!("path: {error}")))
}
