//! Child processes: started, looked at, and gone when the value is.

use crate::Done;
use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

/// A child process; killed when dropped.
pub(crate) struct Process(Child);

/// One thread of a process.
pub(crate) struct Thread {
    pub(crate) name: String,
    /// How often it went to sleep, and so was woken.
    pub(crate) wakes: u64,
}

impl Process {
    pub(crate) fn start(program: &Path, args: &[&OsStr]) -> Done<Self> {
        let mut command = Command::new(program);
        command.args(args).env("CALLBOARD_LOG", "error").stdin(Stdio::piped()).stdout(Stdio::piped());
        let child =
            command.spawn().map_err(|error| format!("failed to start {}: {error}", program.display()))?;
        Ok(Process(child))
    }

    /// Its standard input and output, once.
    pub(crate) fn pipes(&mut self) -> Done<(ChildStdin, ChildStdout)> {
        self.0.stdin.take().zip(self.0.stdout.take()).ok_or_else(|| "the pipes were taken before".into())
    }

    /// Its memory in MiB as the system counts it, shared pages included.
    pub(crate) fn rss_mib(&self) -> Done<f64> {
        self.status_mib("VmRSS:")
    }

    /// The most that its memory has been, in MiB.
    pub(crate) fn peak_mib(&self) -> Done<f64> {
        self.status_mib("VmHWM:")
    }

    fn status_mib(&self, name: &str) -> Done<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next());
        Ok(kib.ok_or_else(|| format!("the system does not say {name}"))?.parse::<f64>()? / 1024.0)
    }

    /// The CPU time of its threads that live; finer than the ticks of `/proc/PID/stat`.
    pub(crate) fn cpu(&self) -> Done<Duration> {
        let mut nanos = 0;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.0.id()))? {
            // A thread may end between the two looks.
            let Ok(stat) = std::fs::read_to_string(thread?.path().join("schedstat")) else { continue };
            nanos += stat.split_whitespace().next().ok_or("the system keeps no schedstat")?.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// Its threads as they are now.
    pub(crate) fn threads(&self) -> Done<Vec<Thread>> {
        let mut threads = Vec::new();
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.0.id()))? {
            // A thread may end between the two looks.
            let Ok(status) = std::fs::read_to_string(thread?.path().join("status")) else { continue };
            let member = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            let wakes = member("voluntary_ctxt_switches:").ok_or("the system counts no switches")?.parse()?;
            threads.push(Thread { name: member("Name:").unwrap_or_default().into(), wakes });
        }
        Ok(threads)
    }

    /// Ends it without a warning, as a power cut would, and waits until it is gone.
    pub(crate) fn kill(&mut self) -> Done {
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.kill();
    }
}

/// The binary that is measured: `CALLBOARD_BIN`, or the one beside this program.
pub(crate) fn callboard() -> Done<PathBuf> {
    if let Some(binary) = std::env::var_os("CALLBOARD_BIN") {
        return Ok(binary.into());
    }
    let beside = std::env::current_exe()?.with_file_name("callboard");
    match beside.exists() {
        true => Ok(beside),
        false => Err("there is no binary to measure: set CALLBOARD_BIN, or run `cargo xtask bench`".into()),
    }
}

/// `callboard serve` on a port and a folder.
pub(crate) fn serve(folder: &Path, port: u16) -> Done<Process> {
    let port = port.to_string();
    let args: [&OsStr; 6] = [
        "serve".as_ref(),
        "--json".as_ref(),
        "--data".as_ref(),
        folder.as_ref(),
        "--port".as_ref(),
        port.as_ref(),
    ];
    Process::start(&callboard()?, &args)
}

/// The program of a peer in `benches/peers/NAME`, a workspace of its own; built now if it is not.
pub(crate) fn peer(name: &str, binary: &str) -> Done<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(name);
    let program = std::env::current_exe()?;
    let target = program.parent().ok_or("the program is in no folder")?.join("peers").join(name);
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--release", "--locked", "--target-dir"]).arg(&target);
    let status = build.current_dir(folder).stdout(Stdio::null()).status()?;
    match status.success() {
        true => Ok(target.join("release").join(binary)),
        false => Err(format!("the peer {name} was not built; it needs its crates once").into()),
    }
}
