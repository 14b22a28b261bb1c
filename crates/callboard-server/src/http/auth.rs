//! Getting in: a one-time code for a token.

use super::{App, Problem, input::Sent};
use crate::access::Caller;
use axum::{Extension, Json, extract::State};
use callboard_protocol::{
    command::Role,
    error::{ErrorCode, Rejection},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::SocketAddr;

/// Tokens of browsers end after 30 days.
const BROWSER_TTL_MS: u64 = 30 * 24 * 3_600_000;

#[derive(Deserialize)]
pub(super) struct Launch {
    code: String,
}

pub(super) async fn launch(
    State(app): State<App>,
    from: Option<Extension<SocketAddr>>,
    Sent(body): Sent<Launch>,
) -> Result<Json<Value>, Problem> {
    let from = from.map(|Extension(address)| address.ip());
    if !app.gate.launch.redeem(&body.code) {
        if from.is_some_and(|from| app.gate.failures.is_blocked(from)) {
            return Err(Rejection::new(ErrorCode::RateLimited, "too many wrong codes; wait a minute").into());
        }
        from.inspect(|from| app.gate.failures.count(*from));
        let message = "the launch code is used or older than a minute; `callboard open` makes a new one";
        return Err(Rejection::new(ErrorCode::Unauthorized, message).into());
    }
    let made = app.gate.tokens.create("browser", Role::Admin, BROWSER_TTL_MS);
    let token = made.map_err(|error| Rejection::new(ErrorCode::StorageFailed, error.to_string()))?;
    Ok(Json(json!({ "token": token.token, "role": token.role, "expiresAt": token.expires_at })))
}

pub(super) async fn launch_code(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Value>, Problem> {
    if caller.role < Role::Admin {
        return Err(Rejection::new(ErrorCode::Forbidden, "only an admin can let a browser in").into());
    }
    let code =
        app.gate.launch.issue().map_err(|error| Rejection::new(ErrorCode::Internal, error.to_string()))?;
    Ok(Json(json!({ "url": format!("{}#launch={code}", app.url) })))
}
