//! What the server's messages lead to.

use super::{
    Done, Effect, Heartbeat, Machine, Now, Session, Stage,
    log_cursor::{Batch, REPLAY_LIMIT, Reading},
    mirror::{Part, Patch},
    state_sync::Verdict,
};
use crate::{ClientError, Code};
use callboard_protocol::{
    command::Accepted,
    config::ServerConfig,
    error::ErrorCode,
    frame::{
        ClientFrame, ClientInfo, LogRequest, PROTOCOL, Served, ServerFrame, StatePosition, SubStart, close,
    },
    from_node,
};
use std::time::Duration;

impl Machine {
    /// Who we are, what we want and what we have.
    pub(super) fn hello(&self) -> ClientFrame {
        let resume = self.resume;
        let logs = match self.setup.logs.clone() {
            Some(request) => {
                LogRequest { resume: self.log_cursor.position().filter(|_| resume).cloned(), ..request }
            }
            None => LogRequest { enabled: Some(false), ..LogRequest::default() },
        };
        ClientFrame::Hello {
            protocol: PROTOCOL,
            client: ClientInfo {
                name: self.setup.name.clone(),
                version: self.setup.version.clone(),
                instance: self.setup.instance.clone(),
            },
            auth: None,
            subs: Some(self.sync.iter().map(|sync| sync.request(resume)).collect()),
            logs: Some(logs),
            caps: Some(vec!["parts".into(), "check".into()]),
            connection_count: Some(self.telemetry.connections),
        }
    }

    pub(super) fn frame(&mut self, frame: ServerFrame, now: Now) {
        self.telemetry.messages += 1;
        match (&self.stage, &frame) {
            (Stage::Greeting { .. }, ServerFrame::Welcome { .. }) => self.welcome(frame, now),
            // An error before the welcome explains the close that follows it.
            (Stage::Greeting { .. } | Stage::Open(_), ServerFrame::Error { .. }) => self.answer(frame),
            (Stage::Open(_), ServerFrame::Ack { .. }) => self.answer(frame),
            (
                Stage::Open(_),
                ServerFrame::StateSnapshot { .. }
                | ServerFrame::StatePatch { .. }
                | ServerFrame::StateCheck { .. },
            ) => self.state(frame, now),
            (Stage::Open(_), ServerFrame::LogsHistory { .. } | ServerFrame::LogsAppend { .. }) => {
                self.log(frame)
            }
            (Stage::Open(_), _) => self.control(frame, now),
            // Anything else before the welcome or after the end has no meaning.
            _ => {}
        }
    }

    fn welcome(&mut self, frame: ServerFrame, now: Now) {
        let ServerFrame::Welcome { server, role, epoch, version, server_config, limits, subs, .. } = frame
        else {
            return;
        };
        let downtime =
            self.outage_since.take().map_or(Duration::ZERO, |since| now.mono.saturating_sub(since));
        let telemetry = &mut self.telemetry;
        telemetry.total_downtime_ms += u64::try_from(downtime.as_millis()).unwrap_or(u64::MAX);
        telemetry.attempt = 0;
        telemetry.consecutive_failures = 0;
        telemetry.connections += 1;
        telemetry.last_connected_at = Some(now.wall);
        telemetry.server = Some(server);
        telemetry.role = Some(role);
        self.resume = true;
        self.max_message_bytes = limits.max_message_bytes;
        self.max_inflight = limits.max_inflight;
        self.stage =
            Stage::Open(Session { since: now.mono, heartbeat: Heartbeat::new(now.mono), leave_at: None });
        self.adopt(*server_config);
        if let Some(sync) = self.sync.as_mut() {
            let start = subs.get("main").copied().unwrap_or(SubStart::Snapshot);
            let verdict = sync.welcomed(start, (&epoch, version), now.mono);
            self.obey(verdict, now);
        }
        self.send_commands();
    }

    fn adopt(&mut self, config: ServerConfig) {
        if config.logs.capacity != self.config.logs.capacity {
            self.effects.push(Effect::LogCapacity(config.logs.capacity));
        }
        self.config = config;
    }

    fn state(&mut self, frame: ServerFrame, now: Now) {
        let Some(sync) = self.sync.as_mut() else { return };
        let verdict = match frame {
            ServerFrame::StateSnapshot { sub: Some(sub), .. } if sub != "main" => return,
            ServerFrame::StatePatch { sub: Some(sub), .. } if sub != "main" => return,
            ServerFrame::StateCheck { sub: Some(sub), .. } if sub != "main" => return,
            ServerFrame::StateCheck { epoch, version, sum, .. } => {
                sync.check(StatePosition { epoch, version }, sum, now.mono)
            }
            ServerFrame::StateSnapshot { epoch, state_version, data, entries, part, more, .. } => {
                let part = Part {
                    epoch,
                    version: state_version,
                    data,
                    entries: entries.unwrap_or_default(),
                    number: part.unwrap_or(0),
                    more: more.unwrap_or(false),
                };
                let verdict = sync.snapshot(part, now.mono);
                self.telemetry.snapshots += u64::from(verdict.changed);
                verdict
            }
            ServerFrame::StatePatch { epoch, from_version, to_version, patch, .. } => {
                let patch = Patch { epoch, from: from_version, to: to_version, ops: patch };
                let verdict = sync.patch(&patch, now.mono);
                self.telemetry.patches += u64::from(verdict.changed);
                verdict
            }
            _ => return,
        };
        self.obey(verdict, now);
    }

    /// Does what the mirror needs.
    pub(super) fn obey(&mut self, verdict: Verdict, now: Now) {
        if verdict.changed {
            self.effects.push(Effect::Publish);
            self.adopt_from_state();
        }
        self.telemetry.gaps += u64::from(verdict.gap);
        self.telemetry.checks += u64::from(verdict.compared.is_some());
        self.telemetry.mismatches += u64::from(verdict.compared == Some(false));
        if let Some(ask) = verdict.ask {
            self.telemetry.resyncs += 1;
            self.effects.push(Effect::Send(ask));
        }
        if let Some(why) = verdict.broken {
            self.hang_up(close::NORMAL, why, now);
        }
    }

    /// The server's parameters live in the state; a change of them is adopted at once (S3.17).
    fn adopt_from_state(&mut self) {
        let node = self.sync.as_ref().and_then(|sync| sync.state().child("serverConfig"));
        if node == self.config_node.as_ref() {
            return;
        }
        self.config_node = node.cloned();
        if let Some(config) = self.config_node.as_ref().and_then(|node| from_node(node).ok()) {
            self.adopt(config);
        }
    }

    fn log(&mut self, frame: ServerFrame) {
        if self.setup.logs.is_none() {
            return;
        }
        let reading = match frame {
            ServerFrame::LogsHistory { epoch, entries, prev_seq, to_seq, truncated: lossy, .. } => {
                self.log_cursor.history(epoch, Batch { entries, prev_seq, to_seq, lossy })
            }
            ServerFrame::LogsAppend { entries, prev_seq, to_seq, dropped } => {
                let lossy = dropped.is_some_and(|count| count > 0);
                self.log_cursor.append(Batch { entries, prev_seq, to_seq, lossy })
            }
            _ => return,
        };
        self.tell(reading);
    }

    fn tell(&mut self, reading: Reading) {
        self.effects.extend(reading.events.into_iter().map(Effect::Log));
        self.replay(reading.replay_since);
    }

    fn replay(&mut self, since: Option<u64>) {
        if let Some(since_seq) = since {
            self.telemetry.gaps += 1;
            self.effects.push(Effect::Send(ClientFrame::LogsReplay { since_seq, limit: Some(REPLAY_LIMIT) }));
        }
    }

    fn control(&mut self, frame: ServerFrame, now: Now) {
        let Stage::Open(session) = &mut self.stage else { return };
        match frame {
            ServerFrame::Ping { ts, at } => {
                self.effects.push(Effect::Send(ClientFrame::Pong { ts }));
                if let Some(at) = at {
                    self.served(&at, now);
                }
            }
            ServerFrame::Pong { id, epoch, version, log_seq, .. } => {
                let number = id.and_then(|id| id.parse().ok());
                if let Some(rtt) = number.and_then(|number| session.heartbeat.answered(number, now.mono)) {
                    self.telemetry.rtt_ms = u64::try_from(rtt.as_millis()).ok();
                }
                self.served(&Served { epoch, version, log_seq }, now);
            }
            ServerFrame::Goaway { reconnect_after_ms: (least, most), .. } => {
                let window = f64::from(most.saturating_sub(least));
                let delay = f64::from(least) + (self.random)() * window;
                session.leave_at = Some(now.mono + Duration::from_millis(delay as u64));
            }
            _ => {}
        }
    }

    /// The server says how far it has come with this connection: what is missing here was lost on the way.
    fn served(&mut self, at: &Served, now: Now) {
        if let Some(verdict) = self.sync.as_mut().map(|sync| sync.served(&at.epoch, at.version, now.mono)) {
            self.obey(verdict, now);
        }
        let since = self.log_cursor.served(&at.epoch, at.log_seq);
        self.replay(since);
    }

    fn answer(&mut self, frame: ServerFrame) {
        let (id, result) = match frame {
            ServerFrame::Ack { id, result, epoch, version, dup, .. } => {
                let accepted = Accepted { version, result, dup: dup.unwrap_or(false) };
                (id, Ok(Done { accepted, epoch }))
            }
            ServerFrame::Error { re: Some(id), code, message, retryable, details } => {
                // After one of these the command may have been carried out all the same.
                let in_doubt = matches!(code, ErrorCode::Timeout | ErrorCode::Internal);
                let error = ClientError::new(Code::Server(code), message);
                (id, Err(error.retryable(retryable).in_doubt(in_doubt).details(details)))
            }
            ServerFrame::Error { code, message, .. } => {
                tracing::warn!(?code, message, "the server reports an error");
                return;
            }
            _ => return,
        };
        if let Some(ticket) = self.commands.answered(&id) {
            self.effects.push(Effect::Settle { ticket, result });
            self.send_commands();
        }
    }
}
