//! What a killed server left running, found by the mark that every child inherits: its work folder.
//!
//! The system kills a child with its server (see `pre_exec`), but not what the child started. Nothing is noted
//! while children run, so there is no moment at which a `kill -9` could come between a start and its note.

use super::{environment::WORK_DIR, table};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::{fs, io, os::unix::ffi::OsStrExt, path::Path, time::Duration};
use tokio::time::Instant;

/// What [`reap_orphans`] found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reaped {
    /// Processes that were still there and are gone now.
    pub killed: usize,
    /// Processes that did not end in time.
    pub left: usize,
}

/// How long killed processes may take to be gone.
const WAIT: Duration = Duration::from_secs(2);
/// Between two looks at what is left.
const PAUSE: Duration = Duration::from_millis(5);

/// Ends every process of an attempt whose work folder is below `work_root`, daemons included: their jobs run
/// again, and two at once would be one too many.
///
/// Only one server uses the folder at a time; call this at its start, before any child is started.
///
/// # Errors
/// When the system does not list its processes.
pub async fn reap_orphans(work_root: &Path) -> io::Result<Reaped> {
    let deadline = Instant::now() + WAIT;
    let mut killed = std::collections::BTreeSet::new();
    loop {
        // Looked for again until none is left: what forks meanwhile is found by the next look.
        let living = orphans(work_root)?;
        if living.is_empty() {
            return Ok(Reaped { killed: killed.len(), left: 0 });
        }
        if Instant::now() >= deadline {
            tracing::warn!(?living, "processes of an earlier run do not end");
            return Ok(Reaped { killed: killed.len() - living.len().min(killed.len()), left: living.len() });
        }
        for pid in living {
            kill(pid, work_root);
            killed.insert(pid);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The living processes that were started with a work folder below `work_root`.
fn orphans(work_root: &Path) -> io::Result<Vec<i32>> {
    let own = std::process::id().cast_signed();
    let pids = fs::read_dir("/proc")?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let ours = pids.filter(|pid| *pid != own && is_ours(*pid, work_root));
    Ok(ours.filter(|pid| table::row(*pid).is_some_and(|row| !row.ended)).collect())
}

fn is_ours(pid: i32, work_root: &Path) -> bool {
    // Processes of other users cannot be read, and are not ours.
    let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) else { return false };
    let mark = [WORK_DIR.as_bytes(), b"=", work_root.as_os_str().as_bytes(), b"/"].concat();
    environment.split(|byte| *byte == 0).any(|variable| variable.starts_with(&mark))
}

/// The descriptor holds on to the process, so that its number cannot have become another's before the signal.
fn kill(pid: i32, work_root: &Path) {
    let Some(pid) = Pid::from_raw(pid) else { return };
    let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    if is_ours(pid.as_raw_nonzero().get(), work_root) {
        // It may have ended by itself.
        let _ = pidfd_send_signal(&process, Signal::KILL);
    }
}
