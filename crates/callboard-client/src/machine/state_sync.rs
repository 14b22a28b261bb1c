//! Keeping the mirror whole: when to ask for the state again, and never twice at once (X11, S3.12).

use super::mirror::{Applied, Mirror, Part, Patch};
use crate::caps;
use callboard_protocol::{
    Epoch, Node, checksum,
    frame::{ClientFrame, StatePosition, SubRequest, SubStart},
};
use std::time::Duration;

/// What a message about the state led to.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Verdict {
    /// The state is another one.
    pub(super) changed: bool,
    /// Something was found missing.
    pub(super) gap: bool,
    /// A checksum was compared, and was the same or not.
    pub(super) compared: Option<bool>,
    /// To be sent.
    pub(super) ask: Option<ClientFrame>,
    /// The connection cannot go on.
    pub(super) broken: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Wait {
    /// The stream goes on from the mirror.
    #[default]
    Nothing,
    /// A snapshot that was announced must come by this time.
    Announced(Duration),
    /// What was asked for must come by this time, or the server must say that nothing is missing.
    Asked(Duration),
    /// The state will be asked for at this time, for this reason.
    ToAsk(Duration, &'static str),
}

/// The mirror and what is awaited for it.
#[derive(Debug, Default)]
pub(super) struct StateSync {
    mirror: Mirror,
    wait: Wait,
    asked_at: Option<Duration>,
    /// The head when this connection was greeted. Snapshots may be older; what follows leads there.
    head_at_start: u64,
    /// What was here at a version whose checksum will be told.
    kept: Option<(StatePosition, Node)>,
}

impl StateSync {
    pub(super) fn state(&self) -> &Node {
        self.mirror.state()
    }

    pub(super) fn position(&self) -> Option<&StatePosition> {
        self.mirror.position()
    }

    /// Whether nothing is known to be missing, while connected.
    pub(super) fn is_whole(&self) -> bool {
        let reached = self.mirror.position().is_some_and(|mine| mine.version >= self.head_at_start);
        self.wait == Wait::Nothing && reached
    }

    /// What to subscribe to.
    pub(super) fn request(&self, resume: bool) -> SubRequest {
        let resume = self.mirror.position().filter(|_| resume).cloned();
        SubRequest { sub: "main".into(), paths: vec![String::new()], max_rate_ms: None, resume }
    }

    pub(super) fn connection_lost(&mut self) {
        self.mirror.connection_lost();
        self.wait = Wait::Nothing;
    }

    /// The server has said how it goes on.
    pub(super) fn welcomed(&mut self, start: SubStart, head: (&Epoch, u64), now: Duration) -> Verdict {
        self.head_at_start = head.1;
        match start {
            SubStart::Resumed if !self.mirror.is_behind(head.0, 0) => Verdict::default(),
            SubStart::Resumed => self.gap("gap", now),
            SubStart::Snapshot => {
                self.wait = Wait::Announced(now + caps::SNAPSHOT);
                Verdict::default()
            }
        }
    }

    pub(super) fn snapshot(&mut self, part: Part, now: Duration) -> Verdict {
        let applied = self.mirror.snapshot(part);
        self.judge(applied, now)
    }

    pub(super) fn patch(&mut self, patch: &Patch, now: Duration) -> Verdict {
        let applied = self.mirror.patch(patch);
        self.judge(applied, now)
    }

    /// The server has served up to a version; everything before this message has arrived.
    pub(super) fn served(&mut self, epoch: &Epoch, version: u64, now: Duration) -> Verdict {
        if self.mirror.is_behind(epoch, version) {
            return self.gap("gap", now);
        }
        if matches!(self.wait, Wait::Asked(_)) {
            self.wait = Wait::Nothing;
        }
        Verdict::default()
    }

    /// Keeps what is here at a version, or compares it with what the server has there.
    pub(super) fn check(&mut self, at: StatePosition, sum: Option<u32>, now: Duration) -> Verdict {
        let Some(sum) = sum else {
            let is_here = self.mirror.position() == Some(&at);
            self.kept = is_here.then(|| (at, self.mirror.state().clone()));
            return Verdict::default();
        };
        let Some((_, kept)) = self.kept.take_if(|(kept, _)| *kept == at) else { return Verdict::default() };
        let compared = Some(checksum(&kept) == sum);
        match self.wait {
            Wait::Nothing if compared == Some(false) => Verdict { compared, ..self.ask("checksum", now) },
            _ => Verdict { compared, ..Verdict::default() },
        }
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        match self.wait {
            Wait::Nothing => None,
            Wait::Announced(by) | Wait::Asked(by) => Some(by),
            Wait::ToAsk(at, _) => Some(at),
        }
    }

    pub(super) fn due(&mut self, now: Duration) -> Verdict {
        match self.wait {
            Wait::Announced(by) | Wait::Asked(by) if by <= now => {
                Verdict { broken: Some("the state did not come in time"), ..Verdict::default() }
            }
            Wait::ToAsk(at, reason) if at <= now => self.ask(reason, now),
            _ => Verdict::default(),
        }
    }

    fn judge(&mut self, applied: Applied, now: Duration) -> Verdict {
        match applied {
            Applied::Changed => {
                self.wait = Wait::Nothing;
                Verdict { changed: true, ..Verdict::default() }
            }
            Applied::Partial => {
                self.wait = Wait::Announced(now + caps::SNAPSHOT);
                Verdict::default()
            }
            Applied::Known => Verdict::default(),
            Applied::Gap(reason) => self.gap(reason, now),
            Applied::Unreadable(why) => Verdict { broken: Some(why), ..Verdict::default() },
        }
    }

    /// Asks for the state, unless it is on its way or was asked for a moment ago.
    fn gap(&mut self, reason: &'static str, now: Duration) -> Verdict {
        if self.wait != Wait::Nothing {
            return Verdict::default();
        }
        let earliest = self.asked_at.map_or(now, |asked| asked + caps::RESYNC_PAUSE);
        if earliest <= now {
            return Verdict { gap: true, ..self.ask(reason, now) };
        }
        self.wait = Wait::ToAsk(earliest, reason);
        Verdict { gap: true, ..Verdict::default() }
    }

    fn ask(&mut self, reason: &'static str, now: Duration) -> Verdict {
        self.wait = Wait::Asked(now + caps::SNAPSHOT);
        self.asked_at = Some(now);
        // What did not apply once does not apply again: then only the whole state helps.
        let have = self.mirror.position().filter(|_| reason == "gap").cloned();
        let ask = ClientFrame::StateResync { sub: None, have, reason: Some(reason.into()) };
        Verdict { ask: Some(ask), ..Verdict::default() }
    }
}
