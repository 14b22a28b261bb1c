//! Workflows as resources, beside their commands: the same names, arguments, roles and answers.

use super::{App, Problem, commands, input::Asked, input::Sent};
use crate::access::Caller;
use axum::{
    Extension, Json,
    extract::{Path, State},
    http::HeaderMap,
};
use callboard_protocol::{
    Node, Object,
    command::Accepted,
    error::{ErrorCode, Rejection},
    workflow::WorkflowState,
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub(super) struct Listing {
    state: Option<String>,
    name: Option<String>,
    limit: Option<usize>,
}

/// Workflows that one answer lists, unless it is asked for fewer or more.
const USUAL: usize = 100;

pub(super) async fn list(
    State(app): State<App>,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Value>, Problem> {
    let names = listing.state.unwrap_or_default();
    let states = names.split(',').filter(|name| !name.is_empty()).map(|name| {
        let known = WorkflowState::ALL.map(WorkflowState::as_str).join(", ");
        let wrong = || Rejection::new(ErrorCode::InvalidArgs, format!("state: {name:?} is none of {known}"));
        WorkflowState::parse(name).map(WorkflowState::as_str).ok_or_else(wrong)
    });
    let states: Vec<&str> = states.collect::<Result<_, _>>()?;
    let document = app.board.state().document;
    let text = |record: &Node, member: &str| {
        record.child(member).and_then(Node::as_str).unwrap_or_default().to_owned()
    };
    let fits = |record: &&Node| {
        (states.is_empty() || states.contains(&text(record, "state").as_str()))
            && listing.name.as_ref().is_none_or(|name| *name == text(record, "name"))
    };
    let workflows = document.child("workflows").and_then(Node::as_object);
    let records = workflows.into_iter().flat_map(Object::iter).map(|(_, record)| record);
    let mut found: Vec<&Node> = records.filter(fits).collect();
    // Times are texts of one length, so their order is that of time.
    found.sort_by_key(|record| std::cmp::Reverse((text(record, "createdAt"), text(record, "id"))));
    let total = found.len();
    found.truncate(listing.limit.unwrap_or(USUAL));
    Ok(Json(json!({ "workflows": found, "total": total })))
}

pub(super) async fn workflow(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Node>, Problem> {
    let document = app.board.state().document;
    let found = document.child("workflows").and_then(|workflows| workflows.child(&id));
    let shown: String = id.chars().take(40).collect();
    let missing =
        || Rejection::new(ErrorCode::NotFound, format!("there is no workflow {shown:?} in the live state"));
    Ok(Json(found.cloned().ok_or_else(missing)?))
}

pub(super) async fn start(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Sent(args): Sent<Node>,
) -> Result<Json<Accepted>, Problem> {
    let key = commands::key(&headers)?;
    Ok(Json(commands::run(&app.board, &caller, "workflows.start", &args, key).await?))
}

pub(super) async fn cancel(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Sent(body): Sent<Node>,
) -> Result<Json<Accepted>, Problem> {
    const WRONG: &str = "the body of a cancel is an object: {reason}, or nothing";
    let args = body.as_object().ok_or_else(|| Rejection::new(ErrorCode::InvalidArgs, WRONG))?;
    named((&app, &caller), "workflows.cancel", (id, args), &headers).await
}

pub(super) async fn retry(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Sent(body): Sent<Node>,
) -> Result<Json<Accepted>, Problem> {
    const WRONG: &str = "the body of a retry is an object: {from}, or nothing";
    let args = body.as_object().ok_or_else(|| Rejection::new(ErrorCode::InvalidArgs, WRONG))?;
    named((&app, &caller), "workflows.retry", (id, args), &headers).await
}

pub(super) async fn delete(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Accepted>, Problem> {
    named((&app, &caller), "workflows.delete", (id, &Object::default()), &headers).await
}

/// A command on the workflow of this name.
async fn named(
    (app, caller): (&App, &Caller),
    command: &str,
    (id, args): (String, &Object),
    headers: &HeaderMap,
) -> Result<Json<Accepted>, Problem> {
    let mut args = args.clone();
    args.insert("id".into(), id.into());
    let key = commands::key(headers)?;
    Ok(Json(commands::run(&app.board, caller, command, &args.into(), key).await?))
}
