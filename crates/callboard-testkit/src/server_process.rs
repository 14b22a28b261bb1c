//! A server in a process of its own.

use serde::Deserialize;
use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// How a server is started.
#[derive(Clone, Debug)]
pub struct StartOptions {
    /// The binary `callboard`.
    pub program: PathBuf,
    /// Its data folder.
    pub data: PathBuf,
    /// Its port; 0 takes a free one.
    pub port: u16,
    /// How long it may take until it is ready.
    pub patience: Duration,
    /// Where its standard error goes, added to what is there.
    pub log: PathBuf,
}

/// What a server prints when it is ready.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ready {
    /// `http://host:port/prefix/`.
    pub url: String,
    /// The same with a one-time code.
    pub launch_url: String,
    /// A token of an admin.
    pub token: String,
    /// The process.
    pub pid: u32,
}

impl Ready {
    /// Where it listens.
    ///
    /// # Errors
    /// When the address is none.
    pub fn address(&self) -> io::Result<SocketAddr> {
        let rest = self.url.strip_prefix("http://").unwrap_or(&self.url);
        let authority = rest.split('/').next().unwrap_or(rest);
        authority.parse().map_err(|_| io::Error::other(format!("{:?} is no address", self.url)))
    }
}

/// A running server. Dropping it kills the process, so that none is left behind; on Linux it also dies with the
/// thread that started it.
#[derive(Debug)]
pub struct ServerProcess {
    child: Child,
    /// What it said.
    pub ready: Ready,
    /// From the start of the process until it was ready.
    pub started_in: Duration,
}

impl ServerProcess {
    /// Starts a server and waits until it is ready.
    ///
    /// # Errors
    /// When the program cannot be started, or ends or stays silent instead of becoming ready.
    pub async fn start(options: &StartOptions) -> io::Result<ServerProcess> {
        let log = OpenOptions::new().create(true).append(true).open(&options.log)?;
        let began = Instant::now();
        let mut child = command(options, log).spawn().map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", options.program.display()))
        })?;
        let lines = child.stdout.take().ok_or_else(|| io::Error::other("there is no standard output"))?;
        let first = first_line(lines);
        let waited = tokio::time::timeout(options.patience, first).await;
        let mut server = Guard(Some(child));
        let line = match waited {
            Ok(Ok(line)) => line,
            Ok(Err(_)) => return Err(io::Error::other("the server ended before it was ready")),
            Err(_) => {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the server was not ready in time"));
            }
        };
        let ready: Ready = serde_json::from_str(&line)
            .map_err(|error| io::Error::other(format!("the server said {line:?}: {error}")))?;
        let child = server.0.take().ok_or_else(|| io::Error::other("there is no process"))?;
        Ok(ServerProcess { child, ready, started_in: began.elapsed() })
    }

    /// `kill -9`, as a power cut would for this process. Returns when it is gone.
    ///
    /// # Errors
    /// When the system does not let us.
    pub fn kill(mut self) -> io::Result<ExitStatus> {
        self.child.kill()?;
        self.child.wait()
    }

    /// Asks the server to stop in order, and waits for it.
    ///
    /// # Errors
    /// When it is still there after `patience`; it is killed then.
    pub async fn stop(mut self, patience: Duration) -> io::Result<ExitStatus> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        let until = tokio::time::Instant::now() + patience;
        while tokio::time::Instant::now() < until {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, "the server did not stop when asked"))
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Kills what was started but never became ready.
struct Guard(Option<Child>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.as_mut().map(end);
    }
}

fn end(child: &mut Child) {
    // It may have ended already; then there is nothing to kill and its status is known.
    let _ = child.kill();
    let _ = child.wait();
}

fn command(options: &StartOptions, log: File) -> Command {
    let mut command = Command::new(&options.program);
    command.arg("serve").arg("--json").arg("--data").arg(&options.data);
    command.arg("--port").arg(options.port.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    die_with_us(&mut command);
    command
}

/// The first line of the process, and all further ones to nowhere so that it never waits for us.
fn first_line(lines: ChildStdout) -> oneshot::Receiver<String> {
    let (said, first) = oneshot::channel();
    std::thread::spawn(move || {
        let mut lines = BufReader::new(lines).lines().map_while(Result::ok);
        if let Some(line) = lines.next() {
            // Nobody may be waiting any more.
            let _ = said.send(line);
        }
        lines.for_each(drop);
    });
    first
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "std offers no other way to set the death signal of a child")]
fn die_with_us(command: &mut Command) {
    use rustix::process::{Signal, set_parent_process_death_signal};
    use std::os::unix::process::CommandExt as _;
    // SAFETY: one system call between fork and exec; nothing is allocated or locked.
    unsafe {
        command.pre_exec(|| Ok(set_parent_process_death_signal(Some(Signal::KILL))?));
    }
}

#[cfg(not(target_os = "linux"))]
fn die_with_us(_: &mut Command) {}
