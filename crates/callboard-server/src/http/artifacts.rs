//! Artifacts by digest: bytes to be saved, never a page of this origin (design: security 3.7).

use super::{App, Problem, input::Asked};
use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use callboard_protocol::error::{ErrorCode, Rejection};
use serde::Deserialize;
use tokio_util::io::ReaderStream;

#[derive(Deserialize)]
pub(super) struct Wanted {
    name: Option<String>,
}

pub(super) async fn artifact(
    State(app): State<App>,
    Path(sha256): Path<String>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Problem> {
    let shown: String = sha256.chars().take(64).collect();
    let missing = || Rejection::new(ErrorCode::NotFound, format!("there is no artifact {shown:?}"));
    let path = app.board.artifacts().path_of(&sha256).ok_or_else(missing)?;
    let file = tokio::fs::File::open(&path).await.map_err(|_| missing())?;
    let length = file.metadata().await.map_err(|_| missing())?.len();
    let mut response = Body::from_stream(ReaderStream::new(file)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_LENGTH, length.into());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    headers.insert(header::CONTENT_DISPOSITION, disposition(wanted.name.as_deref()));
    Ok(response)
}

/// `attachment`, with a file name of harmless characters.
fn disposition(name: Option<&str>) -> HeaderValue {
    let harmless = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    let name: String =
        name.unwrap_or_default().chars().filter(|letter| harmless(*letter)).take(100).collect();
    let text = format!("attachment; filename=\"{}\"", if name.is_empty() { "artifact" } else { &name });
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("attachment"))
}
