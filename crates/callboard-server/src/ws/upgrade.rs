//! From an HTTP request to a session.

use super::session::{Session, Setup};
use crate::{
    access::Caller,
    http::{App, problem},
    serve::ConnectionPlace,
};
use axum::{
    Extension,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use callboard_protocol::{
    error::{ErrorCode, Rejection},
    frame::SUBPROTOCOL,
};
use callboard_ws::negotiate;
use hyper::upgrade::{OnUpgrade, Parts};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use tokio::net::TcpStream;

pub(crate) async fn upgrade(
    State(app): State<App>,
    caller: Option<Extension<Caller>>,
    mut request: Request,
) -> Response {
    let mut accept = match negotiate(request.headers()) {
        Ok(accept) if *request.method() == Method::GET => accept,
        Ok(_) => return refuse(400, "a WebSocket begins with GET".into()),
        Err(error) => return refuse(error.status().as_u16(), format!("no WebSocket handshake: {error}")),
    };
    if request.uri().query().is_some_and(|query| query.split('&').any(|pair| pair == "deflate=0")) {
        accept.deflate = None;
    }
    let speaks = accept.offers(SUBPROTOCOL);
    let headers: HeaderMap = accept.response_headers(speaks.then_some(SUBPROTOCOL));
    let from = request.extensions().get::<SocketAddr>().copied();
    let mut setup = Setup {
        from: from.unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0))),
        caller: caller.map(|Extension(caller)| caller),
        speaks_subprotocol: speaks,
        deflate: accept.deflate,
        read_ahead: bytes::Bytes::new(),
        place: None,
    };
    setup.place = request.extensions_mut().remove::<ConnectionPlace>();
    let upgraded = hyper::upgrade::on(&mut request);
    let sessions = app.sessions.clone();
    sessions.clone().spawn(async move {
        // A task of its own for what stays: this one keeps room for all that is over then.
        if let Some(session) = open(app, setup, upgraded).await {
            sessions.spawn(session.run());
        }
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    *response.headers_mut() = headers;
    response
}

async fn open(app: App, mut setup: Setup, upgraded: OnUpgrade) -> Option<Box<Session>> {
    let upgraded = match upgraded.await {
        Ok(upgraded) => upgraded,
        Err(error) => {
            tracing::debug!(%error, "a connection was not upgraded");
            return None;
        }
    };
    let Ok(Parts { io, read_buf, .. }) = upgraded.downcast::<TokioIo<TcpStream>>() else {
        // The server accepts nothing else (`serve.rs`).
        tracing::warn!("a connection over an unknown transport was dropped");
        return None;
    };
    setup.read_ahead = read_buf;
    Box::pin(Session::open(app, setup, io.into_inner())).await
}

fn refuse(status: u16, message: String) -> Response {
    let mut response = problem(&Rejection::new(ErrorCode::BadMessage, message)).into_response();
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    if status == 426 {
        response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, header::HeaderValue::from_static("13"));
    }
    response
}
