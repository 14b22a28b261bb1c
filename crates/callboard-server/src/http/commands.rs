//! Commands over HTTP: the same names, arguments and answers as over the WebSocket.

use super::{App, Problem, input::Sent};
use crate::access::Caller;
use axum::{
    Extension, Json,
    extract::{Path, State},
    http::HeaderMap,
};
use callboard::Board;
use callboard_protocol::{
    Actor, CommandKey, Node, caps,
    command::{Accepted, Command},
    error::{ErrorCode, Rejection},
};

pub(super) async fn command(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Sent(args): Sent<Node>,
) -> Result<Json<Accepted>, Problem> {
    let key = key(&headers)?;
    Ok(Json(run(&app.board, &caller, &name, &args, key).await?))
}

/// What makes a command idempotent, if the client says so.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<CommandKey>, Rejection> {
    let key = headers.get("idempotency-key").map(|key| {
        let text = key.to_str().ok().filter(|text| !text.is_empty() && text.len() <= caps::ID_BYTES);
        text.map(CommandKey::from).ok_or_else(|| {
            let message = format!("Idempotency-Key must be 1 to {} ASCII characters", caps::ID_BYTES);
            Rejection::new(ErrorCode::InvalidArgs, message)
        })
    });
    key.transpose()
}

/// Checks the role and sends a command; the only way from the wire to the board.
pub(crate) async fn run(
    board: &Board,
    caller: &Caller,
    name: &str,
    args: &Node,
    key: Option<CommandKey>,
) -> Result<Accepted, Rejection> {
    let command = Command::parse(name, args)?;
    if caller.role < command.role() {
        let (needed, role) = (command.role().as_str(), caller.role.as_str());
        let message = format!("{name} needs the role {needed}; this token is a {role}");
        return Err(Rejection::new(ErrorCode::Forbidden, message));
    }
    board.send(command, Actor::from(format!("{}:{}", caller.role.as_str(), caller.name)), key).await
}
