//! Everything that a child started: its session, unless something left it on purpose (`setsid`, a daemon).
//!
//! A session holds more than the child's own process group: `timeout`, shells with job control and test runners
//! put what they start into groups of its own, and a signal to the child's group would pass them by.

use super::table;
use rustix::{
    io::Errno,
    process::{Pid, Signal, kill_process_group, test_kill_process_group},
};
use std::{collections::BTreeSet, time::Duration};

/// A session, named by its leader, which leads its first process group too.
///
/// The system does not give the number away while the leader is unreaped or a member lives. Between the end of
/// the last and our next look it could, in theory, be reused after all numbers were used once; looks follow each
/// other within milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Session(Pid);

/// The longest pause between two looks.
const PAUSE_MAX: Duration = Duration::from_millis(100);

impl Session {
    /// The session that a child leads. `None` for numbers that no child of ours has: as a group, 1 means every
    /// process there is, and 0 the caller's own.
    pub(crate) fn of(leader: i32) -> Option<Self> {
        if leader > 1 { Pid::from_raw(leader).map(Session) } else { None }
    }

    /// Asks all members to end. A stopped one is woken, or it would not hear.
    pub(crate) fn terminate(self) {
        self.send(Signal::TERM);
        self.send(Signal::CONT);
    }

    /// Ends all members. A group is ended at once and none can fork away from it; one that moves to a new group
    /// at this very moment is found by the second look.
    pub(crate) fn kill(self) {
        self.send(Signal::KILL);
        self.send(Signal::KILL);
    }

    /// Ends all members and waits until none lives. Whoever calls bounds the time.
    pub(crate) async fn end(self) {
        self.watch(Session::kill).await;
    }

    /// Waits until no member lives. Whoever calls bounds the time. The leader must be reaped meanwhile.
    pub(crate) async fn gone(self) {
        self.watch(|_| {}).await;
    }

    /// The members are not our children, so the system tells nobody when they end: this looks again and again,
    /// at first after 1 ms, later every 100 ms.
    async fn watch(self, at_each_look: impl Fn(Session)) {
        let mut pause = Duration::from_millis(1);
        loop {
            at_each_look(self);
            if self.is_gone() {
                return;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// The table also tells the dead that nobody reaps, as in containers whose first process does not.
    fn is_gone(self) -> bool {
        match table::live_members(self.0) {
            Some(members) => members.is_empty(),
            None => test_kill_process_group(self.0) == Err(Errno::SRCH),
        }
    }

    /// Signals the first group, and all others that the table shows.
    fn send(self, signal: Signal) {
        send(self.0, signal);
        let members = table::live_members(self.0).unwrap_or_default();
        let groups: BTreeSet<i32> = members.into_iter().map(|member| member.group).collect();
        for group in groups {
            if let Some(Session(group)) = Session::of(group).filter(|other| other.0 != self.0) {
                send(group, signal);
            }
        }
    }
}

fn send(group: Pid, signal: Signal) {
    match kill_process_group(group, signal) {
        Ok(()) | Err(Errno::SRCH) => {}
        Err(error) => tracing::warn!(?group, ?signal, %error, "failed to signal a process group"),
    }
}

/// Kills the session when dropped, unless it was seen to be gone: an attempt that is dropped at any await leaves
/// nothing behind.
#[derive(Debug)]
pub(crate) struct SessionGuard(Option<Session>);

impl SessionGuard {
    pub(crate) fn new(session: Session) -> Self {
        SessionGuard(Some(session))
    }

    /// The session is gone; its number may belong to others from now on.
    pub(crate) fn disarm(&mut self) {
        self.0 = None;
    }
}

impl Drop for SessionGuard {
    fn drop(&mut self) {
        if let Some(session) = self.0 {
            session.kill();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_mean_everybody_or_ourselves_are_no_sessions() {
        for number in [1, 0, -1, -2, i32::MIN] {
            assert!(Session::of(number).is_none(), "{number}");
        }
        assert!(Session::of(2).is_some());
    }
}
