//! One connection: an event is taken, handled, and what follows is written. A client is a cursor into each of its
//! views and one into the log; it has no queue of its own (sync 1.4). Most patches and lines never pass here: the
//! broadcaster of a view writes them to the [`Outlet`] directly.

use super::{
    admission::Place,
    allowance::Allowance,
    encode,
    enter::{Wishes, enter},
    instances::Present,
    log_broadcast::Reading,
    outlet::Outlet,
    session_state::Sub,
};
use crate::{access::Caller, http::App, serve::ConnectionPlace};
use callboard_protocol::{
    Time, caps,
    command::Accepted,
    config::ServerConfig,
    error::Rejection,
    frame::{Limits, PROTOCOL, ServerFrame, ServerInfo, SubStart, close},
};
use callboard_ws::{DeflateParams, Message, ReadError, ReadOptions, Reader, Role, frame};
use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use std::{collections::BTreeMap, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpStream, tcp::OwnedReadHalf},
    sync::watch,
    time::Instant,
};

/// Bytes of answers, made for one client alone, that wait until it is not listened to any more. The last answer
/// may go over.
const CONTROL_BYTES: usize = 1024 * 1024;

/// When to come back to a server that stops: ms, least and most.
const STOP_MS: (u32, u32) = (100, 1000);

/// What the upgrade knows of a connection.
pub(super) struct Setup {
    pub(super) from: SocketAddr,
    pub(super) caller: Option<Caller>,
    pub(super) speaks_subprotocol: bool,
    pub(super) deflate: Option<DeflateParams>,
    /// What came after the head of the request in the same read.
    pub(super) read_ahead: bytes::Bytes,
    pub(super) place: Option<ConnectionPlace>,
}

/// Something that happened.
pub(super) enum Event {
    Received(Result<Option<Message>, ReadError>),
    Flushed(io::Result<()>),
    Woken,
    Answered(String, Result<Accepted, Rejection>),
    Configured,
    Silence,
    Stalled,
    Replaced,
    ServerStops,
    Drained,
}

/// Why a session ends: with this close code and reason, or without a word when nobody hears it.
pub(super) struct Goodbye(pub(super) Option<(u16, String)>);

pub(super) type Answer = BoxFuture<'static, (String, Result<Accepted, Rejection>)>;

/// See the module.
pub(super) struct Session {
    pub(super) app: App,
    pub(super) caller: Caller,
    present: Present,
    /// Held as long as it is open.
    place: Option<ConnectionPlace>,
    pub(super) instance: String,
    pub(super) reader: Reader<OwnedReadHalf>,
    pub(super) outlet: Arc<Outlet>,
    pub(super) subs: Vec<Sub>,
    /// Whether the client puts a snapshot together from parts.
    pub(super) parts: bool,
    /// Whether it compares checksums.
    pub(super) checks: bool,
    /// The log, while the client reads it.
    pub(super) logs: Option<Reading>,
    /// Up to where the client had the log when it last asked.
    pub(super) log_seq: u64,
    /// Of commands that are under way.
    pub(super) answers: Option<FuturesUnordered<Answer>>,
    pub(super) config: watch::Receiver<Arc<ServerConfig>>,
    heard: Instant,
    heard_bytes: u64,
    pinged: bool,
    /// Since when the client has to read and does not; `None` while nothing is pending.
    waits_since: Option<Instant>,
    wrote_bytes: u64,
    control_waiting: usize,
    control_bytes: usize,
    pub(super) bad_messages: u32,
    pub(super) allowance: Allowance,
    /// The place of a snapshot that is on its way.
    pub(super) sending: Option<Place>,
    /// Until when answers may still come out while the server stops.
    pub(super) drained_by: Option<Instant>,
}

impl Session {
    /// From the first frame to the first state; `None` when the connection came to nothing.
    pub(super) async fn open(app: App, mut setup: Setup, io: TcpStream) -> Option<Box<Self>> {
        let (read, write) = io.into_split();
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
        // Taken, for it keeps the whole buffer of the request alive.
        let mut reader = Reader::with_prefix(read, options, &std::mem::take(&mut setup.read_ahead));
        let outlet = Outlet::new(write, setup.deflate, &app.hub.compressor);
        let entering = enter(&app, &setup, &mut reader);
        let entered = tokio::time::timeout(Duration::from_millis(caps::HELLO_MS), entering)
            .await
            .unwrap_or_else(|_| Err(Goodbye::say(close::HELLO_TIMEOUT, "no hello within 5 s")));
        let (caller, wishes) = match entered {
            Ok(entered) => entered,
            Err(goodbye) => {
                farewell(&outlet, goodbye).await;
                return None;
            }
        };
        let instances = &app.hub.instances;
        let present = instances.enter(&caller.name, &wishes.instance, &app.hub.stop);
        let mut session = Box::new(Session::new(app, caller, reader, outlet, present));
        session.place = setup.place;
        session.instance.clone_from(&wishes.instance);
        (session.parts, session.checks) = (wishes.parts, wishes.checks);
        match session.begin(setup.speaks_subprotocol, wishes).await {
            Ok(()) => Some(session),
            Err(goodbye) => {
                session.end(goodbye).await;
                None
            }
        }
    }

    fn new(
        app: App,
        caller: Caller,
        reader: Reader<OwnedReadHalf>,
        outlet: Arc<Outlet>,
        present: Present,
    ) -> Self {
        let now = Instant::now();
        Session {
            config: app.board.server_config(),
            app,
            caller,
            present,
            place: None,
            instance: String::new(),
            reader,
            outlet,
            subs: Vec::new(),
            parts: false,
            checks: false,
            logs: None,
            log_seq: 0,
            answers: None,
            heard: now,
            heard_bytes: 0,
            pinged: false,
            waits_since: None,
            wrote_bytes: 0,
            control_waiting: 0,
            control_bytes: 0,
            bad_messages: 0,
            allowance: Allowance::new(now),
            sending: None,
            drained_by: None,
        }
    }

    /// Serves a connection until it ends. A connection that waits costs what this keeps, so what is seldom done or done
    /// once is on the heap.
    pub(super) async fn run(mut self: Box<Self>) {
        loop {
            let event = self.next_event().await;
            if let Err(goodbye) = self.handle(event).await {
                return Box::pin(self.end(goodbye)).await;
            }
        }
    }

    async fn end(mut self: Box<Self>, goodbye: Goodbye) {
        // Nobody writes to it any more.
        self.subs.clear();
        self.logs = None;
        farewell(&self.outlet, goodbye).await;
    }

    /// `welcome`, the state or the way to it, the log; then what changed since that state (S3.9).
    async fn begin(&mut self, speaks_subprotocol: bool, wishes: Wishes) -> Result<(), Goodbye> {
        let (starts, refused) = self.add_subs(wishes.subs).await;
        if speaks_subprotocol {
            self.welcome(starts);
        }
        for (name, rejection) in refused {
            self.send_error(Some(name), rejection);
        }
        self.send_first_snapshots().await?;
        self.begin_logs(wishes.logs);
        self.advance().await
    }

    fn welcome(&mut self, subs: BTreeMap<String, SubStart>) {
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
            server_config: Box::new(self.app.hub.server_config()),
            limits: Limits {
                max_message_bytes: caps::MESSAGE_BYTES_IN as u64,
                max_inflight: caps::INFLIGHT as u32,
                max_subs: caps::SUBSCRIPTIONS as u32,
            },
            subs,
        };
        self.send(&welcome);
    }

    async fn next_event(&mut self) -> Event {
        let idle = self.outlet.lane().is_idle();
        let waits_since = match idle {
            true => None,
            false => Some(self.waits_since.unwrap_or_else(Instant::now)),
        };
        self.waits_since = waits_since;
        // A client that asks and does not read is not listened to either; reading makes it heard again.
        let listens = self.control_bytes <= CONTROL_BYTES;
        // One timer for all, for a connection that waits keeps the room of each.
        let (due, alarm) = self.alarm(listens);
        tokio::select! {
            biased;
            () = self.present.ended.cancelled(), if self.drained_by.is_none() => {
                match self.app.hub.stop.is_cancelled() {
                    true => Event::ServerStops,
                    false => Event::Replaced,
                }
            }
            flushed = self.outlet.flush(), if !idle => Event::Flushed(flushed),
            received = self.reader.next(), if listens => Event::Received(received),
            Some((id, result)) = next_answer(&mut self.answers) => Event::Answered(id, result),
            () = self.outlet.woken(), if idle => Event::Woken,
            Ok(()) = self.config.changed() => Event::Configured,
            () = tokio::time::sleep_until(due) => alarm,
        }
    }

    /// What happens when nothing else does, and when. Who is not listened to has something to read.
    fn alarm(&self, listens: bool) -> (Instant, Event) {
        let stalled = self.waits_since.map(|since| since + Duration::from_millis(caps::STALL_MS));
        let alarms = [
            self.drained_by.map(|at| (at, Event::Drained)),
            stalled.map(|at| (at, Event::Stalled)),
            (listens || stalled.is_none()).then(|| (self.heard + self.silence_limit(), Event::Silence)),
        ];
        let first = alarms.into_iter().flatten().min_by_key(|(at, _)| *at);
        first.expect("a session that does not wait for its client to read waits for a word of it")
    }

    async fn handle(&mut self, event: Event) -> Result<(), Goodbye> {
        match event {
            Event::Received(received) => {
                if let Some(message) = self.on_received(received)? {
                    Box::pin(self.on_wish(*message)).await?;
                }
            }
            Event::Flushed(Ok(())) => {
                self.note_flushed();
                // What happened while the last bytes were on their way.
                self.advance().await?;
            }
            Event::Flushed(Err(_)) => return Err(Goodbye(None)),
            Event::Woken => self.advance().await?,
            // The times to wait are read again.
            Event::Configured => {}
            Event::Answered(id, result) => self.send_answer(id, result),
            Event::Silence => return self.on_silence(),
            Event::Stalled if self.note_progress() => {}
            Event::Stalled => {
                self.app.hub.counters.stalled.add();
                return Err(Goodbye::say(close::STALLED, "the client does not read"));
            }
            Event::Replaced => {
                self.app.hub.counters.replaced.add();
                return Err(Goodbye::say(close::REPLACED, "the same instance has connected again"));
            }
            Event::ServerStops => {
                let reconnect_after_ms = STOP_MS;
                self.send(&ServerFrame::Goaway { reason: "deploy".into(), reconnect_after_ms });
                self.drained_by = Some(Instant::now() + Duration::from_millis(caps::DRAIN_MS));
            }
            Event::Drained => return Err(Goodbye::say(close::GOING_AWAY, "the server stops")),
        }
        if self.drained_by.is_some() && self.answers.is_none() {
            return Err(Goodbye::say(close::GOING_AWAY, "the server stops"));
        }
        if self.control_waiting > caps::CONTROL_QUEUE {
            self.app.hub.counters.unread.add();
            return Err(Goodbye::say(close::OVERLOAD, "too many answers wait for the client to read"));
        }
        Ok(())
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
        let at = Some(self.served());
        self.send(&ServerFrame::Ping { ts: epoch_ms(crate::access::now()), at });
        Ok(())
    }

    /// How long a client may be silent: twice its own interval before we ask, then the timeout. Browsers wake
    /// background tabs once a minute, so never less than 70 s in all (sync 12).
    fn silence_limit(&self) -> Duration {
        let config = self.config.borrow();
        let ask = u64::from(config.ws.heartbeat_interval_ms).max(50) * 2;
        let give_up = ask + u64::from(config.ws.heartbeat_timeout_ms).max(70_000);
        Duration::from_millis(if self.pinged { give_up } else { ask })
    }

    /// Everything is out.
    pub(super) fn note_flushed(&mut self) {
        if self.control_bytes > CONTROL_BYTES {
            // It was silent because it was not listened to.
            self.note_life();
        }
        (self.control_waiting, self.control_bytes) = (0, 0);
        self.waits_since = None;
    }

    pub(super) fn note_life(&mut self) {
        self.heard = Instant::now();
        self.heard_bytes = self.reader.bytes_read();
        self.pinged = false;
    }

    /// Whether bytes went out since the last look.
    fn note_progress(&mut self) -> bool {
        let written = self.outlet.lane().bytes_written();
        let progress = written > self.wrote_bytes;
        if progress {
            self.waits_since = Some(Instant::now());
        }
        self.wrote_bytes = written;
        progress
    }

    /// Says when to come back; the close follows.
    pub(super) fn send_away(
        &mut self,
        reason: &str,
        reconnect_after_ms: (u32, u32),
        (code, why): (u16, &str),
    ) -> Goodbye {
        self.send(&ServerFrame::Goaway { reason: reason.into(), reconnect_after_ms });
        Goodbye::say(code, why)
    }

    pub(super) fn send(&mut self, message: &ServerFrame) {
        let bytes = self.outlet.say(&encode::text(message));
        self.note_control(bytes);
    }

    pub(super) fn answer_ping(&mut self, payload: &[u8]) {
        let pong = frame::pong(payload);
        self.note_control(pong.size_bytes());
        self.outlet.push(&pong);
    }

    pub(super) fn note_control(&mut self, bytes: usize) {
        self.control_waiting += 1;
        self.control_bytes += bytes;
    }
}

impl Goodbye {
    pub(super) fn say(code: u16, reason: &str) -> Self {
        // A close frame holds 123 bytes of reason.
        Goodbye(Some((code, reason[..reason.floor_char_boundary(120)].into())))
    }
}

/// The next answer of a command; `None` when none is under way, and then nothing is kept.
async fn next_answer(
    answers: &mut Option<FuturesUnordered<Answer>>,
) -> Option<(String, Result<Accepted, Rejection>)> {
    let answer = answers.as_mut()?.next().await;
    if answers.as_ref().is_some_and(FuturesUnordered::is_empty) {
        *answers = None;
    }
    answer
}

async fn farewell(outlet: &Outlet, goodbye: Goodbye) {
    if let Some((code, reason)) = goodbye.0 {
        outlet.push(&frame::close(code, &reason));
        // A client that does not read does not hear it either.
        let _ = tokio::time::timeout(Duration::from_secs(1), outlet.flush()).await;
    }
    outlet.shutdown();
}

pub(super) fn epoch_ms(time: Time) -> f64 {
    time.0 as f64
}
