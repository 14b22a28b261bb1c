//! The one gate before every route: Host, Origin, token, in this order.

use super::{Failures, LaunchCodes, Tokens};
use crate::http::problem;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use callboard_protocol::{
    command::Role,
    error::{ErrorCode, Rejection},
};
use std::{net::SocketAddr, sync::Arc};

/// What the gate knows.
pub(crate) struct Gate {
    pub(crate) tokens: Tokens,
    pub(crate) launch: LaunchCodes,
    pub(crate) failures: Failures,
    /// `host:port` texts under which this server may be addressed.
    pub(crate) hosts: Vec<String>,
    /// Origins of pages that may talk to it: its own.
    pub(crate) origins: Vec<String>,
}

/// What a route asks of its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    /// No token: health, the launch exchange, the static files of Studio.
    Open,
    /// A token in the `Authorization` header.
    Token,
    /// A token in the header or in the first frame: the WebSocket.
    TokenLater,
}

/// Who is calling.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) role: Role,
    pub(crate) name: String,
}

impl Gate {
    /// Host on every request; Origin on everything that a foreign page could do harm with.
    fn check_place(&self, headers: &HeaderMap, method: &Method) -> Result<(), Rejection> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let refuse = |message: String| Err(Rejection::new(ErrorCode::Forbidden, message));
        let host = text(header::HOST).unwrap_or_default().to_ascii_lowercase();
        if !self.hosts.contains(&host) {
            return refuse(format!("the Host header {host:?} is not one of {}", self.hosts.join(", ")));
        }
        let is_upgrade = headers.contains_key(header::UPGRADE);
        let harmless = matches!(*method, Method::GET | Method::HEAD) && !is_upgrade;
        match text(header::ORIGIN) {
            Some(origin) if !self.origins.iter().any(|own| own == origin) => {
                return refuse(format!("pages of {origin:?} may not use this server"));
            }
            _ => {}
        }
        if !harmless && text(header::HeaderName::from_static("sec-fetch-site")) == Some("cross-site") {
            return refuse("a page of another site may not use this server".into());
        }
        Ok(())
    }

    /// The caller behind a token, with the limit on guesses.
    pub(crate) fn check_token(&self, token: Option<&str>, from: SocketAddr) -> Result<Caller, Rejection> {
        let unauthorized = |message: &str| Rejection::new(ErrorCode::Unauthorized, message);
        let Some(token) = token else {
            return Err(unauthorized("this needs a token: Authorization: Bearer TOKEN"));
        };
        match self.tokens.check(token) {
            Some((role, name)) => Ok(Caller { role, name }),
            // A good token always gets in: guesses of others must not lock its owner out.
            None if self.failures.is_blocked(from.ip()) => {
                let message = "too many wrong tokens from this address; wait a minute";
                Err(Rejection::new(ErrorCode::RateLimited, message))
            }
            None => {
                self.failures.count(from.ip());
                Err(unauthorized("the token is unknown or has ended"))
            }
        }
    }
}

/// The token in an `Authorization` header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
}

/// The middleware. Puts a [`Caller`] into the request when there is a token.
pub(crate) async fn gate(
    State((gate, policy)): State<(Arc<Gate>, Policy)>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Err(rejection) = gate.check_place(request.headers(), request.method()) {
        return problem(&rejection).into_response();
    }
    let from = request.extensions().get::<SocketAddr>().copied().unwrap_or_else(unknown_address);
    let token = bearer(request.headers());
    let later = policy == Policy::TokenLater && token.is_none();
    if policy != Policy::Open && !later {
        match gate.check_token(token, from) {
            Ok(caller) => drop(request.extensions_mut().insert(caller)),
            Err(rejection) => return problem(&rejection).into_response(),
        }
    }
    next.run(request).await
}

fn unknown_address() -> SocketAddr {
    SocketAddr::from(([0, 0, 0, 0], 0))
}
