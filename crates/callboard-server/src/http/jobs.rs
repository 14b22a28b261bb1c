//! Jobs, attempts and logs: live ones and those that only the store still has.

use super::{App, Problem, input::Asked};
use axum::{
    Json,
    extract::{Path, State},
};
use callboard::{JobListingQuery, LogFilter, LogListing, Query};
use callboard_protocol::{
    JobId, Node,
    error::{ErrorCode, Rejection},
    job::{JobState, check_id},
    log::Level,
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub(super) struct Listing {
    state: Option<String>,
    kind: Option<String>,
    /// A query, see docs/reference/query.md.
    q: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Lines {
    since_seq: Option<u64>,
    limit: Option<usize>,
    /// Names with commas between them.
    channels: Option<String>,
    min_level: Option<String>,
}

pub(super) async fn list(
    State(app): State<App>,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Value>, Problem> {
    let names = listing.state.unwrap_or_default();
    let states = names.split(',').filter(|name| !name.is_empty()).map(|name| {
        let known = JobState::ALL.map(JobState::as_str).join(", ");
        JobState::parse(name).ok_or_else(|| {
            Rejection::new(ErrorCode::InvalidArgs, format!("state: {name:?} is none of {known}"))
        })
    });
    let query = JobListingQuery {
        states: states.collect::<Result<_, _>>()?,
        kind: listing.kind,
        query: listing
            .q
            .as_deref()
            .map(Query::parse)
            .transpose()
            .map_err(Rejection::from)?
            .unwrap_or_default(),
        cursor: listing.cursor,
        limit: listing.limit.unwrap_or(100),
    };
    let page = app.board.jobs(query).await?;
    Ok(Json(json!({ "jobs": page.jobs, "nextCursor": page.next, "cut": page.cut })))
}

pub(super) async fn job(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Node>, Problem> {
    let id = checked(id)?;
    let found = app.board.job(&id).await?;
    Ok(Json(found.ok_or_else(|| missing(&id))?))
}

pub(super) async fn attempts(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let id = checked(id)?;
    let attempts = app.board.attempts(&id).await?;
    if attempts.is_empty() && app.board.job(&id).await?.is_none() {
        return Err(missing(&id).into());
    }
    Ok(Json(json!({ "attempts": attempts })))
}

pub(super) async fn log(
    State(app): State<App>,
    Path(id): Path<String>,
    Asked(lines): Asked<Lines>,
) -> Result<Json<Value>, Problem> {
    let id = checked(id)?;
    let listing = app.board.job_log(&id, lines.since_seq, lines.limit.unwrap_or(200)).await?;
    if listing.entries.is_empty() && app.board.job(&id).await?.is_none() {
        return Err(missing(&id).into());
    }
    Ok(answer(listing))
}

pub(super) async fn board_log(
    State(app): State<App>,
    Asked(lines): Asked<Lines>,
) -> Result<Json<Value>, Problem> {
    let min_level = lines.min_level.map(|name| {
        let wrong = || Rejection::new(ErrorCode::InvalidArgs, format!("minLevel: {name:?} is no level"));
        Level::parse(&name).ok_or_else(wrong)
    });
    let names = lines.channels.unwrap_or_default();
    let channels: Vec<String> =
        names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let filter = LogFilter {
        channels: Some(channels).filter(|channels| !channels.is_empty()),
        min_level: min_level.transpose()?,
    };
    Ok(answer(app.board.board_log_of(lines.since_seq, lines.limit.unwrap_or(200), &filter)))
}

fn answer(listing: LogListing) -> Json<Value> {
    Json(json!({ "entries": listing.entries, "truncated": listing.truncated, "nextSeq": listing.next_seq }))
}

fn checked(id: String) -> Result<JobId, Rejection> {
    check_id("id", &id)?;
    Ok(JobId::from(id))
}

fn missing(id: &JobId) -> Rejection {
    Rejection::new(ErrorCode::NotFound, format!("there is no job {:?}", id.as_str()))
}
