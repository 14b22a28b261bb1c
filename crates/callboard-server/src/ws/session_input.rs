//! What a client says, and the answers to it.

use super::{
    enter::read,
    session::{Goodbye, Session, epoch_ms},
};
use crate::http::commands;
use callboard_protocol::{
    CommandKey, Node, caps,
    command::Accepted,
    error::{ErrorCode, Rejection},
    frame::{ClientFrame, Served, ServerFrame, SubRequest, close},
    log::Level,
};
use callboard_ws::{Message, ReadError};
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

/// When to come back after too many messages: ms, least and most.
const RATE_MS: (u32, u32) = (1000, 10_000);
/// Messages that are no messages, after which a connection is closed.
const BAD_MESSAGES: u32 = 16;

impl Session {
    /// Does what can be done at once, and gives back what is to be waited for.
    pub(super) fn on_received(
        &mut self,
        received: Result<Option<Message>, ReadError>,
    ) -> Result<Option<Box<ClientFrame>>, Goodbye> {
        self.note_life();
        let text = match received {
            Ok(Some(Message::Text(text))) => text,
            Ok(Some(Message::Ping(payload))) => {
                self.answer_ping(&payload);
                return Ok(None);
            }
            Ok(Some(Message::Pong(_) | Message::Binary(_))) => return Ok(None),
            Ok(Some(Message::Close(_))) => return Err(Goodbye::say(close::NORMAL, "")),
            Ok(None) => return Err(Goodbye(None)),
            Err(error) => {
                return Err(match error.close_code() {
                    Some(code) => Goodbye::say(code, &error.to_string()),
                    None => Goodbye(None),
                });
            }
        };
        if !self.allowance.take(Instant::now()) {
            self.app.hub.counters.rate_limited.add();
            let reason = (close::RATE_LIMITED, "this connection sends too many messages");
            return Err(self.send_away("rate", RATE_MS, reason));
        }
        match read(&text) {
            Ok(Some(message)) => return Ok(self.on_message(message)),
            Ok(None) => {}
            Err(rejection) => {
                self.bad_messages += 1;
                if self.bad_messages > BAD_MESSAGES {
                    return Err(Goodbye::say(close::BAD_MESSAGE, "too many frames that are no messages"));
                }
                self.send_error(None, rejection);
            }
        }
        Ok(None)
    }

    fn on_message(&mut self, message: ClientFrame) -> Option<Box<ClientFrame>> {
        match message {
            ClientFrame::Ping { ts, id } => self.send_pong(ts, id),
            ClientFrame::Pong { .. } | ClientFrame::Hello { .. } | ClientFrame::Auth { .. } => {}
            ClientFrame::StateResync { .. } | ClientFrame::Subscribe { .. } => {
                return Some(Box::new(message));
            }
            ClientFrame::Unsubscribe { id, sub } => self.unsubscribe(id, &sub),
            ClientFrame::LogsReplay { since_seq, limit } => self.replay_logs(since_seq, limit),
            ClientFrame::LogsSubscribe { filter } => self.begin_logs(filter),
            ClientFrame::Cmd { id, name, args, key } => self.start_command(id, name, args, key),
        }
        None
    }

    /// What [`Session::on_received`] gave back.
    pub(super) async fn on_wish(&mut self, message: ClientFrame) -> Result<(), Goodbye> {
        match message {
            ClientFrame::StateResync { sub, have, .. } => self.ask_resync(sub, have).await,
            ClientFrame::Subscribe { id, sub, paths, max_rate_ms, resume } => {
                self.subscribe(id, SubRequest { sub, paths, max_rate_ms, resume }).await
            }
            _ => Ok(()),
        }
    }

    fn start_command(&mut self, id: String, name: String, args: Node, key: Option<String>) {
        let key = key.unwrap_or_else(|| format!("{}:{id}", self.instance));
        if id.is_empty() || id.len() > caps::ID_BYTES || key.len() > 2 * caps::ID_BYTES {
            let message = format!("id and key must be 1 to {} bytes", caps::ID_BYTES);
            return self.send_error(Some(id), Rejection::new(ErrorCode::InvalidArgs, message));
        }
        if self.drained_by.is_some() {
            let message = "the server stops; send it again after you have connected again";
            return self.send_error(Some(id), Rejection::new(ErrorCode::Overloaded, message));
        }
        if self.answers.as_ref().map_or(0, FuturesUnordered::len) >= caps::INFLIGHT {
            let message = format!("{} commands of this connection are under way", caps::INFLIGHT);
            return self.send_error(Some(id), Rejection::new(ErrorCode::Overloaded, message));
        }
        let (board, caller) = (self.app.board.clone(), self.caller.clone());
        let args = if args.is_null() { Node::object() } else { args };
        self.answers.get_or_insert_default().push(Box::pin(async move {
            let result = commands::run(&board, &caller, &name, &args, Some(CommandKey::from(key))).await;
            (id, result)
        }));
    }

    pub(super) fn send_answer(&mut self, id: String, result: Result<Accepted, Rejection>) {
        match result {
            Ok(Accepted { version, result, dup }) => {
                let (epoch, dup) = (self.app.board.epoch().clone(), dup.then_some(true));
                self.send(&ServerFrame::Ack { id, ok: true, result, epoch, version, dup });
            }
            Err(rejection) => self.send_error(Some(id), rejection),
        }
    }

    pub(super) fn send_error(&mut self, re: Option<String>, rejection: Rejection) {
        let retryable = rejection.code.is_retryable();
        let Rejection { code, message, details } = rejection;
        self.send(&ServerFrame::Error { re, code, message, retryable, details });
    }

    fn send_pong(&mut self, ts: f64, id: Option<String>) {
        let Served { epoch, version, log_seq } = self.served();
        let server_time = epoch_ms(crate::access::now());
        self.send(&ServerFrame::Pong { ts, id, server_time, epoch, version, log_seq });
        let logs = self.app.board.logs();
        if logs.options().heartbeat {
            // S3.22, in its words.
            logs.write("websocket", Level::Debug, "heartbeat pong sent", None);
        }
    }

    /// Up to where this client has been served (protocol 5).
    pub(super) fn served(&self) -> Served {
        let epoch = self.app.board.epoch().clone();
        Served { epoch, version: self.served_version(), log_seq: self.served_log() }
    }
}
