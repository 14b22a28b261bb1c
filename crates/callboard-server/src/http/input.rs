//! Reading requests: what does not fit is answered as a problem, like everything else.

use super::Problem;
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Query, Request, rejection::BytesRejection},
    http::{StatusCode, request::Parts},
};
use callboard_protocol::{
    caps,
    error::{ErrorCode, Rejection},
};
use serde::de::DeserializeOwned;

/// The query of a URL.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Query::<T>::from_request_parts(parts, state).await;
        let Query(asked) = read.map_err(|error| {
            Rejection::new(ErrorCode::InvalidArgs, format!("the query does not fit: {error}"))
        })?;
        Ok(Asked(asked))
    }
}

/// A body of JSON of any media type; an empty one is `{}`.
pub(super) struct Sent<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = Bytes::from_request(request, state).await.map_err(unread)?;
        let text = if body.is_empty() { &b"{}"[..] } else { &body };
        let read = serde_json::from_slice(text);
        Ok(Sent(read.map_err(|error| {
            Rejection::new(
                ErrorCode::BadMessage,
                format!("the body is not the JSON that this needs: {error}"),
            )
        })?))
    }
}

fn unread(error: BytesRejection) -> Rejection {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let message = format!("the body is larger than {} bytes", caps::MESSAGE_BYTES_IN);
            Rejection::new(ErrorCode::TooLarge, message)
        }
        _ => Rejection::new(ErrorCode::BadMessage, format!("the body did not arrive: {error}")),
    }
}
