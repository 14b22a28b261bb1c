//! The steps between fork and exec; nearly all unsafe code of this crate.
//!
//! The child is a copy of one thread of a process with many: locks may be held for ever there. So nothing here
//! allocates, locks or calls anything but the system (`async-signal-safe`).

use super::limits::ResourceLimits;
use std::{
    io,
    os::fd::{AsRawFd, OwnedFd, RawFd},
};
use tokio::process::Command;

/// The child's descriptor for reports.
pub(crate) const REPORT_FD: RawFd = 3;

/// Makes the child of `command` lead a session of its own, die with this process, gain no privileges, leave no core file, and hold nothing
/// of ours but standard input, output, error and, as descriptor 3, `reports`. With a terminal as its standard output
/// that is the terminal of its session.
///
/// The death signal comes when the *thread* that forks ends: call `spawn` from a thread that lives as long as
/// the process.
#[expect(unsafe_code, reason = "std offers no other way to run code between fork and exec")]
pub(crate) fn prepare(command: &mut Command, reports: OwnedFd, limits: ResourceLimits, has_terminal: bool) {
    let parent = std::process::id();
    // SAFETY: the closure makes system calls and builds errors out of their numbers; it neither allocates nor
    // locks. `reports` is owned by it, so the descriptor is open when it runs.
    unsafe {
        command.pre_exec(move || {
            die_with(parent)?;
            lead_session()?;
            if has_terminal {
                take_terminal()?;
            }
            limits.apply()?;
            harden()?;
            hand_over(reports.as_raw_fd())
        });
    }
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "libc")]
fn die_with(parent: u32) -> io::Result<()> {
    // SAFETY: plain system calls with constant arguments.
    let (set, now) = unsafe { (libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL), libc::getppid()) };
    succeeded(set)?;
    // The parent may have ended before the call; then no signal will come.
    if now as u32 == parent { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::ESRCH)) }
}

#[cfg(not(target_os = "linux"))]
fn die_with(_: u32) -> io::Result<()> {
    Ok(())
}

/// A session is a process group and more: what the child starts stays in it whatever groups it forms, and no
/// terminal of ours reaches in.
#[expect(unsafe_code, reason = "libc")]
fn lead_session() -> io::Result<()> {
    // SAFETY: plain system call.
    succeeded(unsafe { libc::setsid() })
}

/// Makes the terminal at standard output that of the session: it can be asked for passwords there, and its keys can
/// interrupt it.
#[expect(unsafe_code, reason = "libc")]
fn take_terminal() -> io::Result<()> {
    // SAFETY: plain system call on a descriptor that std has put in place by now.
    succeeded(unsafe { libc::ioctl(libc::STDOUT_FILENO, libc::TIOCSCTTY, 0) })
}

#[expect(unsafe_code, reason = "libc")]
fn harden() -> io::Result<()> {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the limit outlives the call.
    succeeded(unsafe { libc::setrlimit(libc::RLIMIT_CORE, &none) })?;
    #[cfg(target_os = "linux")]
    // SAFETY: plain system call with constant arguments.
    succeeded(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
    Ok(())
}

#[expect(unsafe_code, reason = "libc")]
fn hand_over(reports: RawFd) -> io::Result<()> {
    // SAFETY: plain system calls on descriptors of this process, which is about to be replaced. Marking all
    // others close-on-exec covers those that a library opened without the flag; where the system lacks the
    // call, the flag that this crate and std always set remains.
    unsafe {
        succeeded(libc::dup2(reports, REPORT_FD))?;
        // When it had the number already, dup2 leaves its flags alone.
        succeeded(libc::fcntl(REPORT_FD, libc::F_SETFD, 0))?;
        #[cfg(target_os = "linux")]
        libc::syscall(libc::SYS_close_range, REPORT_FD + 1, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC);
    }
    Ok(())
}

fn succeeded(returned: libc::c_int) -> io::Result<()> {
    if returned == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
