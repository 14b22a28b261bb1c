//! What a child may use of the machine. Each limit holds for one process: the child and whatever it starts have it
//! each for themselves.

use serde::Deserialize;
use std::io;

/// Limits of a child process; what is absent stays as the server's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ResourceLimits {
    /// Seconds of processor time; then it is ended with SIGXCPU.
    pub cpu_seconds: Option<u64>,
    /// Bytes of address space. Runtimes that reserve much more than they use (Java, Go, Node.js) need it large.
    pub memory_bytes: Option<u64>,
    /// Files that are open at once.
    pub open_files: Option<u64>,
    /// The size of a file that it writes; then it is ended with SIGXFSZ.
    pub file_bytes: Option<u64>,
    /// How far it steps back for others, 0 to 19.
    pub nice: Option<u8>,
}

/// After SIGXCPU a program may tidy up this long, then it is killed.
const CPU_GRACE_SECONDS: u64 = 2;

impl ResourceLimits {
    /// Applies the limits to the calling process. Runs between fork and exec: nothing but system calls.
    #[expect(unsafe_code, reason = "rustix does not promise that its calls are safe after a fork")]
    pub(crate) fn apply(&self) -> io::Result<()> {
        let pairs = [
            (libc::RLIMIT_CPU, self.cpu_seconds, CPU_GRACE_SECONDS),
            (libc::RLIMIT_AS, self.memory_bytes, 0),
            (libc::RLIMIT_NOFILE, self.open_files, 0),
            (libc::RLIMIT_FSIZE, self.file_bytes, 0),
        ];
        for (resource, limit, more) in pairs {
            let Some(limit) = limit else { continue };
            let mut now = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            // SAFETY: the structure outlives both calls.
            unsafe {
                succeeded(libc::getrlimit(resource, &mut now))?;
                // A limit that is tighter already stays: only a privileged process could raise it.
                let hard = limit.saturating_add(more).min(now.rlim_max);
                let wanted = libc::rlimit { rlim_cur: limit.min(hard), rlim_max: hard };
                succeeded(libc::setrlimit(resource, &wanted))?;
            }
        }
        if let Some(nice) = self.nice {
            // SAFETY: a plain system call with numbers.
            succeeded(unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, i32::from(nice.min(19))) })?;
        }
        Ok(())
    }

    /// What a limit has to do with this signal.
    pub(crate) fn explain(&self, signal: i32) -> Option<String> {
        match signal {
            libc::SIGXCPU => {
                self.cpu_seconds.map(|limit| format!("it used its {limit} seconds of processor time"))
            }
            libc::SIGXFSZ => {
                self.file_bytes.map(|limit| format!("it wrote a file of more than {limit} bytes"))
            }
            _ => None,
        }
    }
}

fn succeeded(returned: libc::c_int) -> io::Result<()> {
    if returned == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
