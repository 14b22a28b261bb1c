//! The state for scripts and polling clients (S0.35): one position, one ETag.

use super::{App, Problem, input::Asked};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use callboard_protocol::{
    Node, Pointer,
    error::{ErrorCode, Rejection},
};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    path: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    epoch: &'a str,
    version: u64,
    data: &'a Node,
}

pub(super) async fn state(
    State(app): State<App>,
    Asked(wanted): Asked<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let path = Pointer::parse(&wanted.path)
        .map_err(|error| Rejection::new(ErrorCode::InvalidArgs, format!("path: {error}")))?;
    let state = app.board.state();
    let tag = format!("\"{}:{}\"", state.epoch, state.version);
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
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
