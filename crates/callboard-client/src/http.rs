//! Requests beside the connection: what is too large or too old for the mirror (protocol 10).

use crate::{ClientError, Code, Endpoint, caps};
use ::http::{HeaderValue, Method, Request, Response, StatusCode, header};
use bytes::Bytes;
use callboard_protocol::{Node, error::ErrorCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{future::Future, pin::pin, sync::Arc};
use tokio::net::TcpStream;

/// Sends requests to a server, each over a connection of its own. A clone is cheap.
#[derive(Clone, Debug)]
pub struct Http {
    endpoint: Arc<Endpoint>,
    token: Arc<str>,
}

/// The body of an error answer (`application/problem+json`).
#[derive(Deserialize)]
struct Problem {
    code: Node,
    message: String,
    #[serde(default)]
    retryable: bool,
    details: Option<Node>,
}

impl Http {
    /// Requests with a bearer token.
    pub fn new(endpoint: Endpoint, token: &str) -> Self {
        Http { endpoint: Arc::new(endpoint), token: token.into() }
    }

    /// Where the server is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// GET below the base path, read as JSON.
    ///
    /// # Errors
    /// The server's, or `offline`, `timeout`, `too_large`, `protocol`.
    pub async fn get_json<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        read_json(&self.get_bytes(path).await?)
    }

    /// GET below the base path, as bytes; at most [`caps::BODY_BYTES`].
    ///
    /// # Errors
    /// As [`Http::get_json`].
    pub async fn get_bytes(&self, path: &str) -> Result<Bytes, ClientError> {
        self.send(Method::GET, path, Bytes::new(), None).await
    }

    /// POST of a JSON body, with an idempotency key if the request is to be carried out once at most.
    ///
    /// # Errors
    /// As [`Http::get_json`]; [`ClientError::has_side_effects`] when the answer was lost.
    pub async fn post_json<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        key: Option<&str>,
    ) -> Result<T, ClientError> {
        let body = serde_json::to_vec(body)
            .map_err(|error| ClientError::new(Code::Server(ErrorCode::InvalidArgs), error.to_string()))?;
        read_json(&self.send(Method::POST, path, body.into(), key).await?)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        key: Option<&str>,
    ) -> Result<Bytes, ClientError> {
        let changes = method != Method::GET;
        let mut request = request(&self.endpoint, &self.token, method, path)?;
        if changes {
            request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(key) = key {
            let value = HeaderValue::from_str(key).map_err(|_| {
                ClientError::new(Code::Server(ErrorCode::InvalidArgs), "the key cannot stand in a header")
            })?;
            request.headers_mut().insert("idempotency-key", value);
        }
        let exchange = Box::pin(exchange(&self.endpoint, request.map(|()| Full::new(body))));
        tokio::time::timeout(caps::REQUEST, exchange).await.unwrap_or_else(|_| {
            let message = format!("{} did not answer within {} s", self.endpoint, caps::REQUEST.as_secs());
            let error = ClientError::new(Code::Server(ErrorCode::Timeout), message);
            Err(error.retryable(true).in_doubt(changes))
        })
    }
}

/// A request without a body, for this server and with its token.
pub(crate) fn request(
    endpoint: &Endpoint,
    token: &str,
    method: Method,
    path: &str,
) -> Result<Request<()>, ClientError> {
    let mut authorization = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| {
        ClientError::new(Code::Server(ErrorCode::Unauthorized), "the token has characters that no token has")
    })?;
    authorization.set_sensitive(true);
    Request::builder()
        .method(method)
        .uri(endpoint.path(path))
        .header(header::HOST, endpoint.authority())
        .header(header::AUTHORIZATION, authorization)
        .body(())
        .map_err(|error| ClientError::new(Code::BadUrl, format!("{path:?} is no path: {error}")))
}

/// Opens a TCP connection.
pub(crate) async fn connect(endpoint: &Endpoint) -> Result<TcpStream, ClientError> {
    let connected = TcpStream::connect((endpoint.host(), endpoint.port())).await;
    let stream = connected
        .map_err(|error| ClientError::offline(format!("failed to connect to {endpoint}: {error}")))?;
    // Small frames must not wait for each other; without it they only come later.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// Works on a connection and on what happens over it, until the latter is done.
pub(crate) async fn drive<T>(connection: impl Future, exchange: impl Future<Output = T>) -> T {
    let (mut connection, mut exchange) = (pin!(connection), pin!(exchange));
    tokio::select! {
        biased;
        done = &mut exchange => return done,
        _ = &mut connection => {}
    }
    exchange.await
}

async fn exchange(endpoint: &Endpoint, request: Request<Full<Bytes>>) -> Result<Bytes, ClientError> {
    let stream = connect(endpoint).await?;
    let changes = request.method() != Method::GET;
    let lost = |error: hyper::Error| {
        ClientError::offline(format!("the connection to {endpoint} was lost: {error}")).in_doubt(changes)
    };
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(lost)?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(lost)?;
        let status = response.status();
        let body = body(response, caps::BODY_BYTES).await.map_err(|error| error.in_doubt(changes))?;
        if status.is_success() { Ok(body) } else { Err(refusal(status, &body)) }
    };
    drive(connection, answer).await
}

/// The whole body of an answer.
pub(crate) async fn body(response: Response<Incoming>, max_bytes: usize) -> Result<Bytes, ClientError> {
    let collected = Limited::new(response.into_body(), max_bytes).collect().await;
    collected.map(http_body_util::Collected::to_bytes).map_err(|error| {
        if error.is::<http_body_util::LengthLimitError>() {
            let message = format!("the answer is larger than {max_bytes} bytes");
            return ClientError::new(Code::Server(ErrorCode::TooLarge), message);
        }
        ClientError::offline(format!("the answer was cut off: {error}"))
    })
}

/// What an answer other than 2xx says.
pub(crate) fn refusal(status: StatusCode, body: &[u8]) -> ClientError {
    let Ok(problem) = serde_json::from_slice::<Problem>(body) else {
        return plain_refusal(status);
    };
    let code = callboard_protocol::from_node::<ErrorCode>(&problem.code).unwrap_or(ErrorCode::Internal);
    ClientError::new(Code::Server(code), problem.message)
        .retryable(problem.retryable)
        .details(problem.details)
}

/// An answer that does not come from a Callboard server.
fn plain_refusal(status: StatusCode) -> ClientError {
    let code = match status.as_u16() {
        401 => Code::Server(ErrorCode::Unauthorized),
        403 => Code::Server(ErrorCode::Forbidden),
        404 => Code::Server(ErrorCode::NotFound),
        413 => Code::Server(ErrorCode::TooLarge),
        429 => Code::Server(ErrorCode::RateLimited),
        502..=504 => Code::Offline,
        _ => Code::Protocol,
    };
    let retryable = matches!(status.as_u16(), 429 | 502..=504);
    ClientError::new(code, format!("the server answered {status}")).retryable(retryable)
}

fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ClientError> {
    // A 204 has no body; it reads as null.
    let body = if body.is_empty() { b"null" } else { body };
    serde_json::from_slice(body)
        .map_err(|error| ClientError::protocol(format!("the server's answer cannot be read: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_keep_the_servers_words() {
        let body = br#"{"title":"Conflict","status":409,"code":"conflict","message":"it is done already",
            "retryable":false,"details":{"state":"succeeded"}}"#;
        let error = refusal(StatusCode::CONFLICT, body);
        assert_eq!(
            (error.code(), error.message()),
            (Code::Server(ErrorCode::Conflict), "it is done already")
        );
        assert_eq!(error.facts().and_then(|facts| facts.child("state")), Some(&Node::from("succeeded")));
        let error = refusal(StatusCode::BAD_GATEWAY, b"<html>");
        assert_eq!((error.code(), error.is_retryable()), (Code::Offline, true));
        assert_eq!(refusal(StatusCode::IM_A_TEAPOT, b"").code(), Code::Protocol);
    }

    #[test]
    fn a_token_that_is_none_is_refused_before_it_is_sent() {
        let endpoint = Endpoint::parse("http://127.0.0.1:1/").unwrap();
        let error = request(&endpoint, "a\nb", Method::GET, "/ws").unwrap_err();
        assert_eq!(error.code(), Code::Server(ErrorCode::Unauthorized));
    }
}
