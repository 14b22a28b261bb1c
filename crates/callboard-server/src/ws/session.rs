//! One connection: an event is taken, handled, and what follows is written. A client is two cursors, one into the
//! state's versions and one into the log; it has no queue of its own (sync 1.4).

use super::{
    encode,
    enter::{Wishes, enter, read},
    view::{Step, Subscribed, View},
};
use crate::{
    access::Caller,
    http::{App, commands},
};
use callboard::LogFilter;
use callboard_protocol::{
    CommandKey, Node, Time, caps,
    command::Accepted,
    config::WsConfig,
    error::{ErrorCode, Rejection},
    frame::{
        ClientFrame, Limits, PROTOCOL, ServerFrame, ServerInfo, SnapshotReason, StatePosition, SubStart,
        close,
    },
};
use callboard_ws::{
    Compressor, DeflateParams, Encoded, Message, ReadError, ReadOptions, Reader, Role, Writer, frame,
};
use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use std::{collections::BTreeMap, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadHalf, WriteHalf},
    sync::watch,
    time::Instant,
};

/// Messages that are no messages, after which a connection is closed.
const BAD_MESSAGES: u32 = 16;
/// Bytes of answers, made for one client alone, that wait until it is not listened to any more. The last answer
/// may go over.
const CONTROL_BYTES: usize = 1024 * 1024;

/// What the upgrade knows of a connection.
pub(super) struct Setup {
    pub(super) from: SocketAddr,
    pub(super) caller: Option<Caller>,
    pub(super) speaks_subprotocol: bool,
    pub(super) deflate: Option<DeflateParams>,
}

/// Something that happened.
enum Event {
    Received(Result<Option<Message>, ReadError>),
    Flushed(io::Result<()>),
    StateMoved,
    LogsMoved,
    Answered(String, Result<Accepted, Rejection>),
    Silence,
    Stalled,
    ServerStops,
}

/// Why a session ends: with this close code and reason, or without a word when nobody hears it.
pub(super) struct Goodbye(pub(super) Option<(u16, String)>);

type Answer = BoxFuture<'static, (String, Result<Accepted, Rejection>)>;

/// See the module.
pub(super) struct Session<S> {
    pub(super) app: App,
    pub(super) view: Arc<View>,
    caller: Caller,
    instance: String,
    reader: Reader<ReadHalf<S>>,
    writer: Writer<WriteHalf<S>>,
    compressor: Option<Compressor>,
    _subscribed: Subscribed,
    head: watch::Receiver<u64>,
    version: u64,
    /// A resync that was asked for, with what the client has.
    resync: Option<Option<StatePosition>>,
    pub(super) log_head: watch::Receiver<u64>,
    pub(super) log_seq: u64,
    pub(super) log_filter: Option<LogFilter>,
    pub(super) logs_wait_until: Instant,
    answers: FuturesUnordered<Answer>,
    ws: WsConfig,
    heard: Instant,
    heard_bytes: u64,
    pinged: bool,
    wrote: Instant,
    wrote_bytes: u64,
    control_waiting: usize,
    control_bytes: usize,
    bad_messages: u32,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Session<S> {
    /// Serves a connection until it ends.
    pub(super) async fn serve(app: App, setup: Setup, io: S) {
        let (read, write) = tokio::io::split(io);
        let options = ReadOptions {
            role: Role::Server,
            limits: callboard_ws::Limits {
                max_frame_bytes: caps::MESSAGE_BYTES_IN,
                max_message_bytes: caps::MESSAGE_BYTES_IN,
                max_inflated_bytes: caps::INFLATED_BYTES_IN,
            },
            deflate: setup.deflate,
            accept_binary: false,
        };
        let mut reader = Reader::new(read, options);
        let mut writer = Writer::new(write, Role::Server);
        let entered =
            tokio::time::timeout(Duration::from_millis(caps::HELLO_MS), enter(&app, &setup, &mut reader))
                .await
                .unwrap_or_else(|_| Err(Goodbye::say(close::HELLO_TIMEOUT, "no hello within 5 s")));
        let (caller, wishes) = match entered {
            Ok(entered) => entered,
            Err(goodbye) => return farewell(&mut writer, goodbye).await,
        };
        let compressor = setup.deflate.is_some().then(|| app.view.compressor.clone());
        let (subscribed, head) = app.view.subscribe();
        let now = Instant::now();
        let mut session = Session {
            view: app.view.clone(),
            log_head: app.board.logs().head(),
            ws: app.view.server_config().ws,
            app,
            caller,
            instance: wishes.instance.clone(),
            reader,
            writer,
            compressor,
            _subscribed: subscribed,
            head,
            version: 0,
            resync: None,
            log_seq: 0,
            log_filter: None,
            logs_wait_until: now,
            answers: FuturesUnordered::new(),
            heard: now,
            heard_bytes: 0,
            pinged: false,
            wrote: now,
            wrote_bytes: 0,
            control_waiting: 0,
            control_bytes: 0,
            bad_messages: 0,
        };
        session.begin(setup.speaks_subprotocol, wishes).await;
        let goodbye = loop {
            let event = session.next_event().await;
            if let Err(goodbye) = session.handle(event).await {
                break goodbye;
            }
        };
        farewell(&mut session.writer, goodbye).await;
    }

    /// `welcome`, the state or the way to it, the log; then what changed since that state (S3.9).
    async fn begin(&mut self, speaks_subprotocol: bool, wishes: Wishes) {
        let reason = self.reason_for(wishes.resume.as_ref());
        let resumed = wishes.resume.filter(|have| self.can_resume(have));
        if speaks_subprotocol {
            self.welcome(resumed.is_some());
        }
        for sub in wishes.unsupported {
            let message = "this server serves the whole state only: paths must be [\"\"]";
            self.send_error(Some(sub), Rejection::new(ErrorCode::Unsupported, message));
        }
        match resumed {
            Some(have) => {
                self.version = have.version;
                self.advance_state().await;
                self.begin_logs(wishes.logs);
            }
            None => {
                self.send_snapshot(reason).await;
                self.begin_logs(wishes.logs);
                self.advance_state().await;
            }
        }
    }

    /// Why a client that cannot resume gets a snapshot.
    fn reason_for(&self, have: Option<&StatePosition>) -> SnapshotReason {
        match have {
            None => SnapshotReason::Connect,
            Some(have) if have.epoch != *self.app.board.epoch() => SnapshotReason::Epoch,
            Some(_) => SnapshotReason::Lagged,
        }
    }

    fn can_resume(&self, have: &StatePosition) -> bool {
        have.epoch == *self.app.board.epoch() && self.app.board.since(have.version).is_some()
    }

    fn welcome(&mut self, resumed: bool) {
        let start = if resumed { SubStart::Resumed } else { SubStart::Snapshot };
        let board = &self.app.board;
        let welcome = ServerFrame::Welcome {
            protocol: PROTOCOL,
            server: ServerInfo {
                name: "callboard".into(),
                version: env!("CARGO_PKG_VERSION").into(),
                node: board.node().into(),
            },
            session: format!("{:016x}", fastrand::u64(..)),
            role: self.caller.role,
            epoch: board.epoch().clone(),
            version: board.state().version,
            server_time: crate::access::now(),
            server_config: Box::new(self.view.server_config()),
            limits: Limits {
                max_message_bytes: caps::MESSAGE_BYTES_IN as u64,
                max_inflight: caps::INFLIGHT as u32,
                max_subs: caps::SUBSCRIPTIONS as u32,
            },
            subs: BTreeMap::from([("main".into(), start)]),
        };
        self.send(&welcome);
    }

    async fn next_event(&mut self) -> Event {
        let idle = self.writer.pending_bytes() == 0;
        let silence = self.heard + self.silence_limit();
        let stalled = self.wrote + Duration::from_millis(caps::STALL_MS);
        // A client that asks and does not read is not listened to either; reading makes it heard again.
        let listens = self.control_bytes <= CONTROL_BYTES;
        tokio::select! {
            biased;
            () = self.view.stop.cancelled() => Event::ServerStops,
            flushed = self.writer.flush(), if !idle => Event::Flushed(flushed),
            received = self.reader.next(), if listens => Event::Received(received),
            Some((id, result)) = self.answers.next(), if !self.answers.is_empty() => Event::Answered(id, result),
            Ok(()) = self.head.changed(), if idle => Event::StateMoved,
            () = logs_moved(&mut self.log_head, self.logs_wait_until), if idle && self.log_filter.is_some() => {
                Event::LogsMoved
            }
            () = tokio::time::sleep_until(stalled), if !idle => Event::Stalled,
            () = tokio::time::sleep_until(silence), if listens => Event::Silence,
        }
    }

    async fn handle(&mut self, event: Event) -> Result<(), Goodbye> {
        match event {
            Event::Received(received) => return self.on_received(received).await,
            Event::Flushed(Ok(())) => {
                if self.control_bytes > CONTROL_BYTES {
                    // It was silent because it was not listened to.
                    self.note_life();
                }
                (self.control_waiting, self.control_bytes) = (0, 0);
                self.note_progress();
                // What happened while the last bytes were on their way.
                self.advance_state().await;
            }
            Event::Flushed(Err(_)) => return Err(Goodbye(None)),
            Event::StateMoved => self.advance_state().await,
            Event::LogsMoved => self.advance_logs(),
            Event::Answered(id, result) => self.send_answer(id, result),
            Event::Silence => return self.on_silence(),
            Event::Stalled if self.note_progress() => {}
            Event::Stalled => return Err(Goodbye::say(close::STALLED, "the client does not read")),
            Event::ServerStops => {
                let reconnect_after_ms = (100, 1000);
                self.send(&ServerFrame::Goaway { reason: "deploy".into(), reconnect_after_ms });
                return Err(Goodbye::say(close::GOING_AWAY, "the server stops"));
            }
        }
        if self.control_waiting > caps::CONTROL_QUEUE {
            return Err(Goodbye::say(close::OVERLOAD, "too many answers wait for the client to read"));
        }
        Ok(())
    }

    async fn on_received(&mut self, received: Result<Option<Message>, ReadError>) -> Result<(), Goodbye> {
        self.note_life();
        let text = match received {
            Ok(Some(Message::Text(text))) => text,
            Ok(Some(Message::Ping(payload))) => {
                self.queue_control(frame::pong(&payload));
                return Ok(());
            }
            Ok(Some(Message::Pong(_) | Message::Binary(_))) => return Ok(()),
            Ok(Some(Message::Close(_))) => return Err(Goodbye::say(close::NORMAL, "")),
            Ok(None) => return Err(Goodbye(None)),
            Err(error) => {
                return Err(match error.close_code() {
                    Some(code) => Goodbye::say(code, &error.to_string()),
                    None => Goodbye(None),
                });
            }
        };
        match read(&text) {
            Ok(Some(message)) => self.on_message(message).await,
            Ok(None) => {}
            Err(rejection) => {
                self.bad_messages += 1;
                if self.bad_messages > BAD_MESSAGES {
                    return Err(Goodbye::say(close::BAD_MESSAGE, "too many frames that are no messages"));
                }
                self.send_error(None, rejection);
            }
        }
        Ok(())
    }

    async fn on_message(&mut self, message: ClientFrame) {
        match message {
            ClientFrame::Ping { ts, id } => self.send_pong(ts, id),
            ClientFrame::Pong { .. } | ClientFrame::Hello { .. } | ClientFrame::Auth { .. } => {}
            ClientFrame::StateResync { have, .. } => {
                // The newest request counts; it is served when the last answer is out, so asking costs no memory.
                self.resync = Some(have);
                if self.writer.pending_bytes() == 0 {
                    self.advance_state().await;
                }
            }
            ClientFrame::LogsReplay { since_seq, limit } => self.replay_logs(since_seq, limit),
            ClientFrame::LogsSubscribe { filter } => self.begin_logs(filter),
            ClientFrame::Cmd { id, name, args, key } => self.start_command(id, name, args, key),
        }
    }

    fn start_command(&mut self, id: String, name: String, args: Node, key: Option<String>) {
        let key = key.unwrap_or_else(|| format!("{}:{id}", self.instance));
        if id.is_empty() || id.len() > caps::ID_BYTES || key.len() > 2 * caps::ID_BYTES {
            let message = format!("id and key must be 1 to {} bytes", caps::ID_BYTES);
            return self.send_error(Some(id), Rejection::new(ErrorCode::InvalidArgs, message));
        }
        if self.answers.len() >= caps::INFLIGHT {
            let message = format!("{} commands of this connection are under way", caps::INFLIGHT);
            return self.send_error(Some(id), Rejection::new(ErrorCode::Overloaded, message));
        }
        let (board, caller) = (self.app.board.clone(), self.caller.clone());
        let args = if args.is_null() { Node::object() } else { args };
        self.answers.push(Box::pin(async move {
            let result = commands::run(&board, &caller, &name, &args, Some(CommandKey::from(key))).await;
            (id, result)
        }));
    }

    fn send_answer(&mut self, id: String, result: Result<Accepted, Rejection>) {
        match result {
            Ok(Accepted { version, result, dup }) => {
                let (epoch, dup) = (self.app.board.epoch().clone(), dup.then_some(true));
                self.send(&ServerFrame::Ack { id, ok: true, result, epoch, version, dup });
            }
            Err(rejection) => self.send_error(Some(id), rejection),
        }
    }

    fn send_error(&mut self, re: Option<String>, rejection: Rejection) {
        let retryable = rejection.code.is_retryable();
        let Rejection { code, message, details } = rejection;
        self.send(&ServerFrame::Error { re, code, message, retryable, details });
    }

    fn send_pong(&mut self, ts: f64, id: Option<String>) {
        let pong = ServerFrame::Pong {
            ts,
            id,
            server_time: epoch_ms(crate::access::now()),
            epoch: self.app.board.epoch().clone(),
            version: self.version,
            log_seq: self.log_seq,
        };
        self.send(&pong);
    }

    /// Brings the client's state to the head; called when nothing of the state is on its way to it.
    async fn advance_state(&mut self) {
        if let Some(have) = self.resync.take() {
            match have.filter(|have| self.can_resume(have)) {
                Some(have) => self.version = have.version,
                None => self.send_snapshot(SnapshotReason::Resync).await,
            }
        }
        self.head.borrow_and_update();
        match self.view.step(self.version) {
            Step::Nothing => {}
            Step::Shared(frames) => {
                let texts: Vec<Encoded> =
                    frames.iter().map(|frame| frame.text.for_peer(self.compressor.as_ref())).collect();
                self.version = frames.last().map_or(self.version, |frame| frame.to);
                self.writer.queue(&texts);
            }
            Step::Folded(text, to) => {
                self.version = to;
                let encoded = self.encode(&text);
                self.writer.queue(&[encoded]);
            }
            Step::Snapshot => self.send_snapshot(SnapshotReason::Lagged).await,
        }
    }

    async fn send_snapshot(&mut self, reason: SnapshotReason) {
        let parts = self.view.snapshot(reason).await;
        let texts: Vec<Encoded> =
            parts.messages.iter().map(|message| message.for_peer(self.compressor.as_ref())).collect();
        if !texts.is_empty() {
            self.version = parts.version;
            self.writer.queue(&texts);
        }
    }

    fn on_silence(&mut self) -> Result<(), Goodbye> {
        // A large message that is still arriving is life too.
        if self.reader.bytes_read() > self.heard_bytes {
            self.note_life();
            return Ok(());
        }
        if self.pinged {
            return Err(Goodbye::say(close::HEARTBEAT_TIMEOUT, "no sign of life"));
        }
        self.pinged = true;
        self.send(&ServerFrame::Ping { ts: epoch_ms(crate::access::now()) });
        Ok(())
    }

    /// How long a client may be silent: twice its own interval before we ask, then the timeout. Browsers wake
    /// background tabs once a minute, so never less than 70 s in all (sync 12).
    fn silence_limit(&self) -> Duration {
        let ask = u64::from(self.ws.heartbeat_interval_ms).max(50) * 2;
        let give_up = ask + u64::from(self.ws.heartbeat_timeout_ms).max(70_000);
        Duration::from_millis(if self.pinged { give_up } else { ask })
    }

    fn note_life(&mut self) {
        self.heard = Instant::now();
        self.heard_bytes = self.reader.bytes_read();
        self.pinged = false;
    }

    /// Whether bytes went out since the last look.
    fn note_progress(&mut self) -> bool {
        let written = self.writer.bytes_written();
        let progress = written > self.wrote_bytes;
        if progress || self.writer.pending_bytes() == 0 {
            self.wrote = Instant::now();
        }
        self.wrote_bytes = written;
        progress
    }

    pub(super) fn send(&mut self, message: &ServerFrame) {
        let encoded = self.encode(&encode::text(message));
        self.queue_control(encoded);
    }

    fn encode(&self, text: &str) -> Encoded {
        match &self.compressor {
            Some(compressor) => compressor.text(text),
            None => frame::text(text),
        }
    }

    fn queue_control(&mut self, encoded: Encoded) {
        if self.writer.pending_bytes() == 0 {
            self.wrote = Instant::now();
        }
        self.control_waiting += 1;
        self.control_bytes += encoded.size_bytes();
        self.writer.queue(&[encoded]);
    }
}

impl Goodbye {
    pub(super) fn say(code: u16, reason: &str) -> Self {
        // A close frame holds 123 bytes of reason.
        Goodbye(Some((code, reason[..reason.floor_char_boundary(120)].into())))
    }
}

async fn farewell<W: AsyncWrite + Unpin>(writer: &mut Writer<W>, goodbye: Goodbye) {
    if let Some((code, reason)) = goodbye.0 {
        writer.queue(&[frame::close(code, &reason)]);
        // A client that does not read does not hear it either.
        let _ = tokio::time::timeout(Duration::from_secs(1), writer.flush()).await;
    }
    let _ = tokio::time::timeout(Duration::from_secs(1), writer.shutdown()).await;
}

/// Waits until lines have come and the last batch is a while ago.
async fn logs_moved(head: &mut watch::Receiver<u64>, not_before: Instant) {
    if head.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
    head.mark_changed();
    tokio::time::sleep_until(not_before).await;
}

fn epoch_ms(time: Time) -> f64 {
    time.0 as f64
}
