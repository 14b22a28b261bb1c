//! The connection's decisions, without clock, randomness or I/O: inputs go in, effects come out.
//!
//! Invariants, each with its test in `machine/tests.rs`:
//! 1. Tries are unlimited; only a refusal, a terminal close code or the user ends them (W3.1, X16).
//! 2. At most one request for the state is outstanding (S3.12).
//! 3. A command that was not answered is sent again by the next connection, with the same key.
//! 4. Every command is settled exactly once.
//! 5. When the phase says `open`, the counters of failures are 0 already (S0.34).

mod backoff;
mod commands;
mod heartbeat;
mod log_cursor;
mod mirror;
#[cfg(test)]
mod model;
#[cfg(test)]
mod script;
mod session;
#[cfg(test)]
mod spec;
mod state_sync;
#[cfg(test)]
mod tests;
mod vocabulary;

pub(crate) use commands::{Submit, Ticket};
pub(crate) use vocabulary::{BAD_COMPRESSION, Done, Effect, Input, Now, Random, Setup};

use crate::{ClientError, Code, Phase, Telemetry, View, caps, telemetry::LastError};
use backoff::Backoff;
use callboard_protocol::{
    Node,
    config::ServerConfig,
    frame::{ClientFrame, close},
};
use commands::Commands;
use heartbeat::{Due, Heartbeat};
use log_cursor::LogCursor;
use state_sync::StateSync;
use std::time::Duration;
use vocabulary::{STATE_INVALIDATED, close_error};

#[derive(Debug)]
enum Stage {
    Idle,
    Opening { by: Duration },
    Greeting { by: Duration },
    Open(Session),
    Waiting { until: Duration },
    Closed,
}

/// A connection after `welcome`.
#[derive(Debug)]
struct Session {
    since: Duration,
    heartbeat: Heartbeat,
    /// The server is leaving; so does the client at this time.
    leave_at: Option<Duration>,
}

/// See the module.
pub(crate) struct Machine {
    setup: Setup,
    random: Random,
    config: ServerConfig,
    /// The config as the state has it; equal by pointer until it changes.
    config_node: Option<Node>,
    max_message_bytes: u64,
    max_inflight: u32,
    stage: Stage,
    backoff: Backoff,
    deflate: bool,
    /// Whether the next connection may go on from the known positions.
    resume: bool,
    sync: Option<StateSync>,
    log_cursor: LogCursor,
    commands: Commands,
    telemetry: Telemetry,
    outage_since: Option<Duration>,
    was_live: bool,
    effects: Vec<Effect>,
}

impl Machine {
    pub(crate) fn new(setup: Setup, random: Random) -> Self {
        Machine {
            config: ServerConfig { ws: setup.ws.clone(), ..ServerConfig::default() },
            config_node: None,
            max_message_bytes: callboard_protocol::caps::MESSAGE_BYTES_IN as u64,
            max_inflight: callboard_protocol::caps::INFLIGHT as u32,
            stage: Stage::Idle,
            backoff: Backoff::default(),
            deflate: setup.deflate,
            resume: true,
            sync: setup.mirror.then(StateSync::default),
            log_cursor: LogCursor::default(),
            commands: Commands::default(),
            telemetry: Telemetry::default(),
            outage_since: None,
            was_live: false,
            effects: Vec::new(),
            setup,
            random,
        }
    }

    pub(crate) fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// The mirror as it is now.
    pub(crate) fn view(&self) -> View {
        let Some(sync) = &self.sync else { return View::default() };
        View { state: sync.state().clone(), position: sync.position().cloned(), live: self.is_live() }
    }

    /// Bytes came in or went out; counters only, but any byte is a sign of life.
    pub(crate) fn traffic(&mut self, bytes_in: u64, bytes_out: u64, now: Now) {
        self.telemetry.bytes_in += bytes_in;
        self.telemetry.bytes_out += bytes_out;
        if let Stage::Open(session) = &mut self.stage
            && bytes_in > 0
        {
            session.heartbeat.heard(now.mono);
        }
    }

    /// When to come back with a [`Input::Tick`].
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let stage = match &self.stage {
            Stage::Idle | Stage::Closed => None,
            Stage::Opening { by } | Stage::Greeting { by } => Some(*by),
            Stage::Waiting { until } => Some(*until),
            Stage::Open(session) => {
                let beat = session.heartbeat.deadline(&self.config.ws);
                Some(session.leave_at.map_or(beat, |leave| leave.min(beat)))
            }
        };
        let sync = self.sync.as_ref().and_then(StateSync::deadline);
        [stage, sync, self.commands.deadline()].into_iter().flatten().min()
    }

    /// Decides what follows from an input.
    pub(crate) fn handle(&mut self, input: Input, now: Now) -> Vec<Effect> {
        match input {
            Input::Start => self.open(now),
            Input::Opened { deflate } => self.greet(deflate, now),
            Input::Refused(error) => self.lost(error, None, now),
            Input::Frame(frame) => self.frame(*frame, now),
            Input::Dropped { code, reason } => self.dropped(code, &reason, now),
            Input::Submit(submit) => self.submit(submit, now),
            Input::RetryNow => self.retry_now(now),
            Input::Close => self.close(now),
            Input::Tick => self.tick(now),
        }
        self.show_phase();
        std::mem::take(&mut self.effects)
    }

    fn open(&mut self, now: Now) {
        self.telemetry.attempt += 1;
        self.stage = Stage::Opening { by: now.mono + caps::OPEN };
        self.telemetry.phase = Phase::Connecting;
        self.effects.push(Effect::Open { deflate: self.deflate });
    }

    fn greet(&mut self, deflate: bool, now: Now) {
        self.telemetry.compression = deflate;
        self.stage = Stage::Greeting { by: now.mono + caps::OPEN };
        let hello = self.hello();
        self.effects.push(Effect::Send(hello));
    }

    fn submit(&mut self, submit: Submit, now: Now) {
        let ticket = submit.ticket;
        let is_open = matches!(self.stage, Stage::Open(_));
        let taken = match (&self.stage, &submit.key) {
            (Stage::Closed, _) => Err(ClientError::new(Code::Closed, "the client is closed")),
            (_, None) if !is_open => Err(ClientError::offline("there is no connection to the server")),
            _ => self.commands.submit(submit, &self.setup.instance, now.mono),
        };
        match taken {
            Ok(()) if is_open => self.send_commands(),
            Ok(()) => {}
            Err(error) => self.settle([(ticket, error)]),
        }
    }

    fn send_commands(&mut self) {
        let too_large = self.commands.take_too_large(self.max_message_bytes);
        self.settle(too_large);
        while let Some(frame) = self.commands.next_to_send(self.max_inflight) {
            self.effects.push(Effect::Send(frame));
        }
    }

    fn settle(&mut self, failed: impl IntoIterator<Item = (Ticket, ClientError)>) {
        let settled = failed.into_iter().map(|(ticket, error)| Effect::Settle { ticket, result: Err(error) });
        self.effects.extend(settled);
    }

    fn retry_now(&mut self, now: Now) {
        if matches!(self.stage, Stage::Waiting { .. }) {
            self.backoff.reset();
            self.open(now);
        }
    }

    fn close(&mut self, now: Now) {
        if !matches!(self.stage, Stage::Idle | Stage::Waiting { .. } | Stage::Closed) {
            self.effects.push(Effect::Hangup { code: close::NORMAL, reason: "the client is closed" });
            self.telemetry.last_disconnected_at = Some(now.wall);
        }
        self.stop(None);
    }

    fn tick(&mut self, now: Now) {
        let expired = self.commands.take_expired(now.mono);
        self.settle(expired);
        match &mut self.stage {
            Stage::Opening { by } | Stage::Greeting { by } if *by <= now.mono => {
                self.hang_up(close::HELLO_TIMEOUT, "the server did not answer in time", now);
            }
            Stage::Waiting { until } if *until <= now.mono => self.open(now),
            Stage::Open(_) => self.tick_open(now),
            _ => {}
        }
    }

    fn tick_open(&mut self, now: Now) {
        let Stage::Open(session) = &mut self.stage else { return };
        if session.leave_at.is_some_and(|leave_at| leave_at <= now.mono) {
            return self.hang_up(close::NORMAL, "the server asked to come back later", now);
        }
        match session.heartbeat.due(&self.config.ws, now.mono) {
            Due::Nothing => {}
            Due::Ping(number) => {
                let ping = ClientFrame::Ping { ts: now.wall.0 as f64, id: Some(number.to_string()) };
                self.effects.push(Effect::Send(ping));
            }
            Due::Dead => {
                return self.hang_up(close::HEARTBEAT_TIMEOUT, "the server gave no sign of life", now);
            }
        }
        if let Some(verdict) = self.sync.as_mut().map(|sync| sync.due(now.mono)) {
            self.obey(verdict, now);
        }
    }

    /// Ends a connection from this side and goes on with the next.
    fn hang_up(&mut self, code: u16, reason: &'static str, now: Now) {
        self.effects.push(Effect::Hangup { code, reason });
        self.lost(ClientError::offline(reason), None, now);
    }

    fn dropped(&mut self, code: Option<u16>, reason: &str, now: Now) {
        if code == Some(close::TOO_BIG) {
            let largest = self.commands.take_largest_sent();
            self.settle(largest);
        }
        self.resume &= code != Some(STATE_INVALIDATED);
        self.deflate &= code != Some(BAD_COMPRESSION);
        self.lost(close_error(code, reason), code, now);
    }

    /// A try failed or a connection ended.
    fn lost(&mut self, error: ClientError, close_code: Option<u16>, now: Now) {
        let attempt = self.telemetry.attempt;
        self.telemetry.last_error =
            Some(LastError { error: error.clone(), at: now.wall, close_code, attempt });
        self.telemetry.consecutive_failures += 1;
        self.outage_since.get_or_insert(now.mono);
        self.commands.connection_lost();
        self.log_cursor.connection_lost();
        if let Some(sync) = self.sync.as_mut() {
            sync.connection_lost();
        }
        let delay = self.delay(now);
        if !error.is_retryable() || !self.config.ws.reconnect_enabled {
            return self.stop(Some(error));
        }
        let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.stage = Stage::Waiting { until: now.mono + delay };
        self.telemetry.phase = Phase::Waiting { delay_ms, until: now.wall.plus_ms(delay_ms) };
    }

    fn delay(&mut self, now: Now) -> Duration {
        let random = (self.random)();
        let Stage::Open(session) = &self.stage else {
            return self.backoff.after_failure(&self.config.ws, random);
        };
        self.telemetry.last_disconnected_at = Some(now.wall);
        match session.leave_at {
            Some(leave_at) => leave_at.saturating_sub(now.mono),
            None => {
                let lived = now.mono.saturating_sub(session.since);
                self.backoff.after_drop(&self.config.ws, lived, random)
            }
        }
    }

    /// No further try is made.
    fn stop(&mut self, error: Option<ClientError>) {
        if matches!(self.stage, Stage::Closed) {
            return;
        }
        self.stage = Stage::Closed;
        let closed = ClientError::new(Code::Closed, "the client was closed");
        let unanswered = self.commands.take_all(error.as_ref().unwrap_or(&closed));
        self.settle(unanswered);
        self.telemetry.phase = Phase::Closed { error };
        self.effects.push(Effect::Stop);
    }

    fn is_live(&self) -> bool {
        matches!(self.stage, Stage::Open(_)) && self.sync.as_ref().is_some_and(StateSync::is_whole)
    }

    /// The phase of an open connection depends on the mirror; listeners also hear when it becomes stale.
    fn show_phase(&mut self) {
        let live = self.is_live();
        if matches!(self.stage, Stage::Open(_)) {
            let settled = live || self.sync.is_none();
            self.telemetry.phase = if settled { Phase::Open } else { Phase::Resyncing };
        }
        if std::mem::replace(&mut self.was_live, live) != live && !self.effects.contains(&Effect::Publish) {
            self.effects.push(Effect::Publish);
        }
    }
}
