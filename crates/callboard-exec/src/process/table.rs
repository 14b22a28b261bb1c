//! The system's table of processes, as far as `/proc` shows it. Elsewhere than on Linux it is empty.

use rustix::process::Pid;
use std::fs;

/// One row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) pid: i32,
    pub(crate) group: i32,
    /// Clock ticks from the boot to its start: with the pid, the name of a process within a boot.
    pub(crate) start: u64,
    /// It ended and only waits to be reaped.
    pub(crate) ended: bool,
}

/// The row of one process.
pub(crate) fn row(pid: i32) -> Option<Row> {
    parse(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The processes of a session that still do something; `None` when the system does not tell.
pub(crate) fn live_members(session: Pid) -> Option<Vec<Row>> {
    row(std::process::id().cast_signed())?;
    let session = session.as_raw_nonzero().get();
    let entries = fs::read_dir("/proc").ok()?;
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let members = pids.filter(|pid| session_of(*pid) == session).filter_map(row);
    Some(members.filter(|row| !row.ended).collect())
}

/// The session of a process; -1 when there is none. Asking is some fifty times quicker than reading its row.
#[expect(unsafe_code, reason = "rustix's getsid takes the 0 that kernel threads have for impossible")]
fn session_of(pid: i32) -> i32 {
    // SAFETY: a plain system call with a number; it touches no memory of ours.
    unsafe { libc::getsid(pid) }
}

/// `pid (name) state ppid pgrp … starttime …`; the name may hold spaces and parentheses.
fn parse(pid: i32, stat: &str) -> Option<Row> {
    let mut fields = stat[stat.rfind(')')? + 1..].split_ascii_whitespace();
    let ended = matches!(fields.next()?, "Z" | "X");
    let group = fields.nth(1)?.parse().ok()?;
    let start = fields.nth(16)?.parse().ok()?;
    Some(Row { pid, group, start, ended })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_whatever_the_name() {
        let stat =
            "7 (a) b (c) S 1 5 5 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 1000 1 18446744073709551615";
        assert_eq!(parse(7, stat), Some(Row { pid: 7, group: 5, start: 4711, ended: false }));
        assert_eq!(parse(7, "7 (a) S 1"), None);
        assert_eq!(parse(7, ""), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_in_the_table() {
        let me = std::process::id().cast_signed();
        let own = row(me).unwrap();
        assert_eq!(own.group, rustix::process::getpgrp().as_raw_nonzero().get());
        // A session whose leader is in another pid namespace has the number 0, which names no session.
        if let Some(session) = Pid::from_raw(session_of(me)) {
            assert!(live_members(session).unwrap().contains(&own));
        }
        assert!(live_members(Pid::INIT).is_some(), "kernel threads are passed over");
    }
}
