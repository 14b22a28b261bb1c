//! `POST /api/logs/ingest`: lines of others (S3.21): an entry, a list of them, or `{entries}`.

use super::{App, Problem, input::Sent};
use crate::access::Caller;
use axum::{Extension, Json, extract::State};
use callboard::{Line, LogHub};
use callboard_protocol::{
    Node, caps,
    command::Role,
    error::{ErrorCode, Rejection},
    log::Level,
};
use serde_json::{Value, json};

/// Where lines go whose channel is not theirs to write to.
const ELSEWHERE: &str = "sidecar";

/// A line as it came.
#[derive(Debug, PartialEq)]
struct Brought {
    channel: String,
    level: Level,
    message: String,
    fields: Option<Node>,
}

pub(super) async fn ingest(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Sent(body): Sent<Node>,
) -> Result<Json<Value>, Problem> {
    if caller.role < Role::Operator {
        let (needed, role) = (Role::Operator.as_str(), caller.role.as_str());
        let message = format!("writing lines needs the role {needed}; this token is a {role}");
        return Err(Rejection::new(ErrorCode::Forbidden, message).into());
    }
    let lines = read(&body)?;
    let logs = app.board.logs();
    // Whoever writes faster than the disk waits.
    logs.room().await;
    lines.iter().for_each(|line| write(logs, line));
    app.tally.ingested(lines.len());
    Ok(Json(json!({ "ok": true, "accepted": lines.len() })))
}

fn write(logs: &LogHub, line: &Brought) {
    let family = line.channel.split(':').next().unwrap_or_default();
    let allowed = &logs.options().ingest_channels;
    let may = allowed.iter().any(|channel| channel.eq_ignore_ascii_case(family));
    let channel = if may { line.channel.as_str() } else { ELSEWHERE };
    let fields = line.fields.clone();
    logs.write_line(Line { channel, level: line.level, message: &line.message, job_id: None, fields });
}

/// All of them, or why not: a mistake in one is not a reason to keep half.
fn read(body: &Node) -> Result<Vec<Brought>, Rejection> {
    let entries = match (body, body.child("entries")) {
        (Node::Array(items), _) | (_, Some(Node::Array(items))) => items.as_slice(),
        (_, Some(_)) => return Err(invalid("entries: it must be a list")),
        (Node::Object(_), None) => std::slice::from_ref(body),
        _ => return Err(invalid("the body must be an entry, a list of entries, or {entries}")),
    };
    if entries.len() > caps::INGEST_LINES {
        let message = format!("{} lines; the limit is {} in one request", entries.len(), caps::INGEST_LINES);
        return Err(Rejection::new(ErrorCode::TooLarge, message));
    }
    entries.iter().enumerate().map(|(index, entry)| read_entry(index, entry)).collect()
}

fn read_entry(index: usize, entry: &Node) -> Result<Brought, Rejection> {
    let wrong = |field: &str, why: &str| invalid(&format!("entry {index}: {field}: {why}"));
    let message = entry.child("message").and_then(Node::as_str);
    let message = message.ok_or_else(|| wrong("message", "it must be there, a text"))?;
    let level = match entry.child("level") {
        None | Some(Node::Null) => Level::Info,
        Some(level) => level
            .as_str()
            .and_then(Level::parse)
            .ok_or_else(|| wrong("level", "it must be debug, info, warn, error or fatal"))?,
    };
    let channel = match entry.child("channel") {
        None | Some(Node::Null) => ELSEWHERE,
        Some(channel) => channel
            .as_str()
            .filter(|channel| !channel.trim().is_empty())
            .ok_or_else(|| wrong("channel", "it must be a name"))?,
    };
    let fields = entry.child("fields").filter(|fields| !fields.is_null());
    if fields.is_some_and(|fields| fields.as_object().is_none()) {
        return Err(wrong("fields", "they must be an object"));
    }
    Ok(Brought { channel: channel.into(), level, message: message.into(), fields: fields.cloned() })
}

fn invalid(message: &str) -> Rejection {
    Rejection::new(ErrorCode::InvalidArgs, message)
}
