//! After a restart: every command is sent again. What was acknowledged is answered as before; what was not answered
//! is there entirely or not at all.

use crate::{
    audit::Audit,
    faults::{Fault, Faults},
    ledger::{Ack, Fate, answer},
    load::{SharedLedger, command, connect, lock},
};
use callboard_protocol::frame::ServerFrame;
use callboard_testkit::{Heard, Ready, Socket, raw_http::Request};
use fastrand::Rng;
use std::{
    io,
    time::{Duration, Instant},
};

/// Commands sent again at once; the server takes 64 of one connection.
const AT_ONCE: usize = 32;
/// Commands of earlier rounds that are sent again.
const OLDER: usize = 50;
/// Jobs that are looked up.
const LOOKED_UP: usize = 20;
/// Outcomes are kept for ten minutes; older commands are left alone.
const KEPT: Duration = Duration::from_secs(9 * 60);

/// Everything that a check needs.
pub(crate) struct Verify<'a> {
    pub(crate) ready: &'a Ready,
    pub(crate) ledger: &'a SharedLedger,
    pub(crate) audit: &'a Audit,
    pub(crate) faults: &'a mut Faults,
}

impl Verify<'_> {
    /// The commands from `first` on, and some older ones.
    pub(crate) async fn run(mut self, first: usize, rng: &mut Rng) -> io::Result<()> {
        let mut socket = connect(self.ready, "verify").await?;
        self.check_welcome(&mut socket).await?;
        let count = lock(self.ledger).entries.len();
        let older = (0..OLDER.min(first)).map(|_| rng.usize(0..first));
        let again: Vec<usize> = (first..count).chain(older).filter(|index| self.is_kept(*index)).collect();
        for indexes in again.chunks(AT_ONCE) {
            self.send_again(&mut socket, indexes).await?;
        }
        for _ in 0..LOOKED_UP.min(count) {
            self.look_up(rng.usize(0..count)).await?;
        }
        Ok(())
    }

    /// Versions never go back and the epoch stays.
    async fn check_welcome(&mut self, socket: &mut Socket) -> io::Result<()> {
        let ServerFrame::Welcome { epoch, version, .. } = socket.next().await? else {
            return Err(io::Error::other("the first message was no welcome"));
        };
        if self.audit.epoch() != Some(&epoch) {
            self.faults.add(Fault::MirrorDiffers, format!("the epoch became {epoch}"));
        }
        if version < self.audit.version() {
            let before = self.audit.version();
            self.faults.add(Fault::MirrorDiffers, format!("version {before} went back to {version}"));
        }
        Ok(())
    }

    fn is_kept(&self, index: usize) -> bool {
        let ledger = lock(self.ledger);
        let entry = &ledger.entries[index];
        let now = Instant::now();
        !matches!(entry.fate, Fate::Refused(_)) && now.duration_since(entry.sent) < KEPT
    }

    async fn send_again(&mut self, socket: &mut Socket, indexes: &[usize]) -> io::Result<()> {
        for index in indexes {
            let planned = lock(self.ledger).entries[*index].planned.clone();
            socket.send(&command(*index, planned)).await?;
        }
        let mut open = indexes.len();
        while open > 0 {
            match socket.hear().await {
                Heard::Text(text) => {
                    if let Some((index, fate)) = answer(&text) {
                        self.judge(index, fate);
                        open -= 1;
                    }
                }
                Heard::Control => {}
                end => return Err(io::Error::other(format!("while commands were repeated: {end:?}"))),
            }
        }
        Ok(())
    }

    fn judge(&mut self, index: usize, now: Fate) {
        let mut ledger = lock(self.ledger);
        let entry = &ledger.entries[index];
        let key = &entry.planned.key;
        match (&entry.fate, &now) {
            (Fate::Acknowledged(before), Fate::Acknowledged(now)) if before.is_again(now) => {}
            (Fate::Acknowledged(before), Fate::Acknowledged(now)) if now.dup => {
                self.faults.add(Fault::HalfApplied, format!("{key}: {before:?} became {now:?}"));
            }
            // What the journal does not have was counted by whoever read it.
            (Fate::Acknowledged(_), now) if self.audit.applied(key).is_some() => {
                self.faults.add(Fault::Missing, format!("{key} was acknowledged and is now {now:?}"));
            }
            (Fate::Unanswered, Fate::Acknowledged(Ack { dup, .. }))
                if *dup != self.audit.applied(key).is_some() =>
            {
                let wrong = format!("{key}: dup is {dup}, the journal says {:?}", self.audit.applied(key));
                self.faults.add(Fault::HalfApplied, wrong);
            }
            (Fate::Unanswered, Fate::Refused(code)) if self.audit.applied(key).is_some() => {
                self.faults
                    .add(Fault::HalfApplied, format!("{key} is in the journal and refused with {code:?}"));
            }
            _ => {}
        }
        if entry.fate == Fate::Unanswered {
            ledger.hear(index, now);
        }
    }

    async fn look_up(&mut self, index: usize) -> io::Result<()> {
        let entry = lock(self.ledger).entries[index].clone();
        if entry.planned.name != "jobs.dispatch" || !matches!(entry.fate, Fate::Acknowledged(_)) {
            return Ok(());
        }
        let to = self.ready.address()?;
        let path = format!("/api/jobs/{}", entry.planned.job);
        let request = Request::new("GET", &path).header("Host", &to.to_string()).bearer(&self.ready.token);
        let answer = request.send(to).await?;
        if answer.status != 200 {
            let wrong = format!("{} was accepted; looked up: {}", entry.planned.job, answer.text());
            self.faults.add(Fault::Missing, wrong);
        }
        Ok(())
    }
}

impl Ack {
    /// Whether `again` is the answer to the same command, repeated.
    fn is_again(&self, again: &Ack) -> bool {
        again.dup && again.version == self.version && again.result == self.result
    }
}
