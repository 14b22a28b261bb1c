//! What the scripts of this module are written with: inputs by name, effects as short texts.

use super::{Effect, Input, Machine, Now, Setup, Submit};
use crate::{Phase, logs::LogEvent};
use callboard_protocol::{
    Epoch, Node, Time,
    command::Role,
    config::{ServerConfig, WsConfig},
    frame::{ClientFrame, Limits, LogRequest, ServerFrame, ServerInfo, SnapshotReason, SubStart},
};
use std::time::Duration;

/// A machine and a clock that only the script moves. Random numbers are all 0.5.
pub(super) struct Script {
    pub(super) machine: Machine,
    now_ms: u64,
}

impl Script {
    pub(super) fn new() -> Self {
        let setup = Setup {
            name: "test".into(),
            version: "1".into(),
            instance: "me".into(),
            logs: Some(LogRequest::default()),
            mirror: true,
            deflate: true,
            ws: WsConfig::default(),
        };
        Script { machine: Machine::new(setup, Box::new(|| 0.5)), now_ms: 0 }
    }

    /// A script whose connection is open, at version 5 of epoch `e`.
    pub(super) fn opened() -> Self {
        let mut script = Script::new();
        script.give(Input::Start);
        script.connect(SubStart::Snapshot);
        script.frame(snapshot(5, "{}"));
        assert_eq!(script.phase(), "open");
        script
    }

    /// Opens the socket and is welcomed.
    pub(super) fn connect(&mut self, start: SubStart) -> Vec<String> {
        let mut effects = self.give(Input::Opened { deflate: true });
        effects.extend(self.frame(welcome(start)));
        effects
    }

    pub(super) fn give(&mut self, input: Input) -> Vec<String> {
        let now = Now { mono: Duration::from_millis(self.now_ms), wall: Time(self.now_ms as i64) };
        self.machine.handle(input, now).iter().map(show).collect()
    }

    pub(super) fn frame(&mut self, frame: ServerFrame) -> Vec<String> {
        let now = Now { mono: Duration::from_millis(self.now_ms), wall: Time(self.now_ms as i64) };
        self.machine.traffic(1, 0, now);
        self.give(Input::Frame(Box::new(frame)))
    }

    pub(super) fn drop_with(&mut self, code: u16) -> Vec<String> {
        self.give(Input::Dropped { code: Some(code), reason: String::new() })
    }

    pub(super) fn submit(&mut self, ticket: u64, key: Option<&str>) -> Vec<String> {
        let key = key.map(str::to_owned);
        self.give(Input::Submit(Submit { ticket, name: "jobs.retry".into(), args: Node::object(), key }))
    }

    /// Moves the clock and lets the deadlines see it.
    pub(super) fn wait(&mut self, ms: u64) -> Vec<String> {
        self.now_ms += ms;
        self.give(Input::Tick)
    }

    /// Moves the clock to the next deadline.
    pub(super) fn wait_for_deadline(&mut self) -> (u64, Vec<String>) {
        let deadline = self.machine.deadline().expect("something is awaited").as_millis() as u64;
        let waited = deadline.saturating_sub(self.now_ms);
        (waited, self.wait(waited))
    }

    pub(super) fn phase(&self) -> &'static str {
        self.machine.telemetry().phase.as_str()
    }

    /// The delay of the retry that is due.
    pub(super) fn delay(&self) -> Option<u64> {
        match self.machine.telemetry().phase {
            Phase::Waiting { delay_ms, .. } => Some(delay_ms),
            _ => None,
        }
    }
}

pub(super) fn welcome(start: SubStart) -> ServerFrame {
    ServerFrame::Welcome {
        protocol: 1,
        server: ServerInfo { name: "callboard".into(), version: "1".into(), node: "n".into() },
        session: "s".into(),
        role: Role::Operator,
        epoch: Epoch::new("e"),
        version: 5,
        server_time: Time(0),
        server_config: Box::new(ServerConfig::default()),
        limits: Limits { max_message_bytes: 1 << 20, max_inflight: 2, max_subs: 1 },
        subs: [("main".to_owned(), start)].into(),
    }
}

pub(super) fn node(json: &str) -> Node {
    serde_json::from_str(json).expect("JSON")
}

pub(super) fn snapshot(version: u64, data: &str) -> ServerFrame {
    ServerFrame::StateSnapshot {
        sub: None,
        epoch: Epoch::new("e"),
        state_version: version,
        data: Some(node(data)),
        entries: None,
        reason: SnapshotReason::Connect,
        part: None,
        more: None,
    }
}

/// A patch that sets `/v`.
pub(super) fn patch(from: u64, to: u64) -> ServerFrame {
    let ops = format!(r#"[{{"op":"add","path":"/v","value":{to}}}]"#);
    let patch = serde_json::from_str(&ops).expect("ops");
    ServerFrame::StatePatch { sub: None, epoch: Epoch::new("e"), from_version: from, to_version: to, patch }
}

pub(super) fn pong(id: &str, version: u64, log_seq: u64) -> ServerFrame {
    let id = Some(id.to_owned());
    ServerFrame::Pong { ts: 0.0, id, server_time: 0.0, epoch: Epoch::new("e"), version, log_seq }
}

pub(super) fn ack(id: &str) -> ServerFrame {
    let (id, epoch) = (id.into(), Epoch::new("e"));
    ServerFrame::Ack { id, ok: true, result: Node::Null, epoch, version: 9, dup: None }
}

pub(super) fn history(prev_seq: u64, to_seq: u64) -> ServerFrame {
    ServerFrame::LogsHistory {
        epoch: Epoch::new("e"),
        entries: (prev_seq + 1..=to_seq).map(crate::logs::tests::entry).collect(),
        prev_seq,
        to_seq,
        capacity: 500,
        truncated: false,
        replay: None,
    }
}

pub(super) fn append(prev_seq: u64, to_seq: u64) -> ServerFrame {
    let entries = (prev_seq + 1..=to_seq).map(crate::logs::tests::entry).collect();
    ServerFrame::LogsAppend { entries, prev_seq, to_seq, dropped: None }
}

fn show(effect: &Effect) -> String {
    match effect {
        Effect::Open { deflate } => format!("open deflate={deflate}"),
        Effect::Send(frame) => show_frame(frame),
        Effect::Hangup { code, .. } => format!("hang up {code}"),
        Effect::Publish => "publish".into(),
        Effect::Log(LogEvent::Lines(lines)) => {
            format!("lines {}..{}", lines[0].seq, lines[lines.len() - 1].seq)
        }
        Effect::Log(event) => format!("{event:?}"),
        Effect::LogCapacity(lines) => format!("keep {lines} lines"),
        Effect::Settle { ticket, result: Ok(done) } => format!("{ticket} done at {}", done.accepted.version),
        Effect::Settle { ticket, result: Err(error) } => {
            let doubt = if error.has_side_effects() { " in doubt" } else { "" };
            format!("{ticket} {}{doubt}", error.code().as_str())
        }
        Effect::Stop => "stop".into(),
    }
}

fn show_frame(frame: &ClientFrame) -> String {
    match frame {
        ClientFrame::Hello { subs, logs, connection_count, .. } => {
            let sub = subs.as_ref().and_then(|subs| subs.first()).and_then(|sub| sub.resume.as_ref());
            let state = sub.map_or("-".into(), |at| format!("{}:{}", at.epoch, at.version));
            let log = logs.as_ref().and_then(|logs| logs.resume.as_ref());
            let log = log.map_or("-".into(), |at| format!("{}:{}", at.epoch, at.seq));
            format!("hello #{} state {state} log {log}", connection_count.unwrap_or(0))
        }
        ClientFrame::Cmd { id, key, .. } => format!("cmd {id} {}", key.as_deref().unwrap_or("-")),
        ClientFrame::StateResync { have, reason, .. } => {
            let have = have.as_ref().map_or("-".into(), |have| have.version.to_string());
            format!("resync {} have {have}", reason.as_deref().unwrap_or("-"))
        }
        ClientFrame::LogsReplay { since_seq, .. } => format!("replay {since_seq}"),
        ClientFrame::Ping { id, .. } => format!("ping {}", id.as_deref().unwrap_or("-")),
        ClientFrame::Pong { .. } => "pong".into(),
        other => format!("{other:?}"),
    }
}
