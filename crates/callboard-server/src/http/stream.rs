//! `GET /api/stream`: the state as server-sent events, for scripts and proxies that no WebSocket gets through.
//!
//! The messages are those of the WebSocket; the id of an event is the position after it, so that a client which
//! comes back with `Last-Event-ID` goes on with a folded patch, or with a snapshot when nothing leads on from there.

use super::{App, Problem, input::Asked, state::Position};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use callboard::{Board, Window};
use callboard_protocol::{
    Coalescer, caps,
    error::{ErrorCode, Rejection},
    frame::{ServerFrame, SnapshotReason},
};
use futures_util::stream;
use serde::Deserialize;
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// A comment goes out after so long without an event, so that nobody in between takes the silence for the end.
const COMFORT: Duration = Duration::from_secs(15);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Wanted {
    last_event_id: Option<String>,
}

/// One reader: a cursor, like every other client.
struct Reader {
    board: Board,
    stop: CancellationToken,
    head: watch::Receiver<u64>,
    /// What it has, or why it gets a snapshot first.
    at: Result<u64, SnapshotReason>,
    not_before: Instant,
    _place: OwnedSemaphorePermit,
}

pub(in crate::http) async fn stream(
    State(app): State<App>,
    Asked(wanted): Asked<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let place = app.streams.clone().try_acquire_owned().map_err(|_| {
        let message = format!("{} streams are open already; try again later", caps::STREAMS);
        Rejection::new(ErrorCode::Overloaded, message)
    })?;
    let header = headers.get("last-event-id").and_then(|id| id.to_str().ok().map(str::to_owned));
    let board = app.board.clone();
    let at = match header.or(wanted.last_event_id).map(|id| Position::parse(&id)) {
        None => Err(SnapshotReason::Connect),
        Some(have) => match have? {
            have if have.epoch != **board.epoch() => Err(SnapshotReason::Epoch),
            have if board.since(have.version).is_none() => Err(SnapshotReason::Lagged),
            have => Ok(have.version),
        },
    };
    let reader = Reader {
        head: board.head(),
        board,
        stop: app.hub.stop.clone(),
        at,
        not_before: Instant::now(),
        _place: place,
    };
    let events = stream::unfold(reader, |mut reader| async {
        let event = reader.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(event)), reader))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(events)).into_response())
}

impl Reader {
    /// The next event, or a comment; `None` when the server stops.
    async fn next(&mut self) -> Option<String> {
        let at = match self.at {
            Ok(at) => at,
            Err(reason) => return Some(self.snapshot(reason)),
        };
        tokio::select! {
            moved = self.head.wait_for(|head| *head > at) => drop(moved.ok()?),
            () = self.stop.cancelled() => return None,
            () = tokio::time::sleep(COMFORT) => return Some(": \n\n".into()),
        }
        // What follows a patch waits for others; what follows a silence does not.
        tokio::time::sleep_until(self.not_before).await;
        let debounce = self.board.server_config().borrow().state.debounce_ms;
        self.not_before = Instant::now() + Duration::from_millis(debounce.into());
        Some(match self.board.since(at) {
            Some(window) => self.patch(&window),
            None => self.snapshot(SnapshotReason::Lagged),
        })
    }

    fn snapshot(&mut self, reason: SnapshotReason) -> String {
        let state = self.board.state();
        self.at = Ok(state.version);
        self.event(&ServerFrame::StateSnapshot {
            sub: None,
            epoch: state.epoch,
            state_version: state.version,
            data: Some(state.document),
            entries: None,
            reason,
            part: None,
            more: None,
        })
    }

    fn patch(&mut self, window: &Window) -> String {
        let mut coalescer = Coalescer::default();
        window.ops().for_each(|op| coalescer.push(op));
        self.at = Ok(window.to);
        self.event(&ServerFrame::StatePatch {
            sub: None,
            epoch: self.board.epoch().clone(),
            from_version: window.from,
            to_version: window.to,
            patch: coalescer.into_ops(),
        })
    }

    /// One line of data: JSON has no line breaks of its own.
    fn event(&self, frame: &ServerFrame) -> String {
        let name = match frame {
            ServerFrame::StateSnapshot { .. } => "state.snapshot",
            _ => "state.patch",
        };
        let (epoch, version) = (self.board.epoch(), self.at.unwrap_or(0));
        let data = serde_json::to_string(frame).unwrap_or_default();
        format!("event: {name}\nid: {epoch}:{version}\ndata: {data}\n\n")
    }
}

/// How many may be read at once; each holds a connection.
pub(crate) fn places() -> Arc<tokio::sync::Semaphore> {
    Arc::new(tokio::sync::Semaphore::new(caps::STREAMS))
}
