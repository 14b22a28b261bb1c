//! A server and commands for one test; nothing waits longer than [`LIMIT`], nothing outlives the test.

use serde_json::Value;
use std::{path::Path, process::Stdio, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, Command},
};

/// The most that anything here may take, on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(40);

/// The binary, knowing nothing of the machine's own servers.
pub(crate) fn callboard(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callboard"));
    command.env_remove("CALLBOARD_URL").env_remove("CALLBOARD_TOKEN").env_remove("CALLBOARD_PORT");
    command.env("CALLBOARD_DATA", data).env("LC_ALL", "C.UTF-8");
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// The only line of output, as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(self.out.trim()).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// All lines of output, as JSON.
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.out.lines().map(parse).collect()
    }

    /// The error, as JSON.
    pub(crate) fn error(&self) -> Value {
        let line = self.err.lines().last().unwrap_or_default();
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        value["error"].clone()
    }

    pub(crate) fn succeeded(self) -> Said {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }
}

pub(crate) async fn run(mut command: Command) -> Said {
    let done = tokio::time::timeout(LIMIT, command.output()).await;
    let done = done.expect("the command ends in time").expect("the binary starts");
    Said {
        code: done.status.code().expect("it ends by itself"),
        out: String::from_utf8(done.stdout).expect("UTF-8"),
        err: String::from_utf8(done.stderr).expect("UTF-8"),
    }
}

/// A running server.
pub(crate) struct Server {
    pub(crate) data: TempDir,
    pub(crate) ready: Value,
    child: Child,
}

impl Server {
    pub(crate) async fn start() -> Server {
        Server::start_in(tempfile::tempdir().expect("a folder"), "0").await
    }

    pub(crate) async fn start_in(data: TempDir, port: &str) -> Server {
        let mut command = callboard(data.path());
        command.args(["serve", "--json", "--port", port]).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().expect("the binary starts");
        let out = child.stdout.take().expect("piped");
        let line = tokio::time::timeout(LIMIT, BufReader::new(out).lines().next_line()).await;
        let line = line.expect("it is ready in time").expect("its output").expect("one line");
        let ready = serde_json::from_str(&line).expect("JSON");
        Server { data, ready, child }
    }

    /// Runs `callboard ARGS` against this server.
    pub(crate) async fn callboard(&self, args: &[&str]) -> Said {
        let mut command = callboard(self.data.path());
        command.args(args);
        run(command).await
    }

    /// Starts `callboard ARGS` without waiting for it.
    pub(crate) fn spawn(&self, args: &[&str]) -> Spawned {
        let mut command = callboard(self.data.path());
        command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let out = BufReader::new(child.stdout.take().expect("piped")).lines();
        Spawned { child, out }
    }

    /// Starts a job and returns its id.
    pub(crate) async fn job(&self, args: &[&str]) -> String {
        self.callboard(args).await.succeeded().out.trim().to_owned()
    }

    /// A job's record.
    pub(crate) async fn get(&self, id: &str) -> Value {
        self.callboard(&["get", id, "--json"]).await.succeeded().json()
    }

    /// Waits until the newest job's record is as wanted.
    pub(crate) async fn newest_job(&self, wanted: impl Fn(&Value) -> bool) {
        let look = async {
            loop {
                let jobs = self.callboard(&["ps", "--json"]).await.succeeded().json();
                if wanted(&jobs["jobs"][0]) {
                    break;
                }
            }
        };
        tokio::time::timeout(LIMIT, look).await.expect("the job gets there in time");
    }

    /// Waits until so many mirrors are connected.
    pub(crate) async fn connected(&self, sessions: usize) {
        let wanted = format!("\ncallboard_sessions {sessions}\n");
        let look = async { while !self.metrics().await.contains(&wanted) {} };
        tokio::time::timeout(LIMIT, look).await.expect("they connect in time");
    }

    async fn metrics(&self) -> String {
        let address = format!("127.0.0.1:{}", self.port());
        let mut stream = tokio::net::TcpStream::connect(&address).await.expect("the server");
        let token = self.ready["token"].as_str().expect("a token");
        let request = format!(
            "GET /metrics HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.expect("the request");
        let mut page = String::new();
        stream.read_to_string(&mut page).await.expect("the page");
        page
    }

    /// As a crash does.
    pub(crate) async fn kill(mut self) -> TempDir {
        self.child.kill().await.expect("it was running");
        self.data
    }

    /// As an operator does.
    pub(crate) async fn stop(mut self) -> (TempDir, i32) {
        signal(&self.child, rustix::process::Signal::TERM);
        let ended = tokio::time::timeout(LIMIT, self.child.wait()).await.expect("it stops in time");
        (self.data, ended.expect("it was running").code().expect("it ends by itself"))
    }

    pub(crate) fn port(&self) -> String {
        let url = self.ready["url"].as_str().expect("an address");
        url.trim_end_matches('/').rsplit(':').next().expect("a port").to_owned()
    }
}

/// A command under way.
pub(crate) struct Spawned {
    child: Child,
    out: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
}

impl Spawned {
    /// The next line of output.
    pub(crate) async fn line(&mut self) -> String {
        let line = tokio::time::timeout(LIMIT, self.out.next_line()).await;
        line.expect("a line in time").expect("its output").expect("a line")
    }

    pub(crate) fn interrupt(&self) {
        self.signal(rustix::process::Signal::INT);
    }

    pub(crate) fn signal(&self, what: rustix::process::Signal) {
        signal(&self.child, what);
    }

    /// Waits for its end.
    pub(crate) async fn end(mut self) -> Said {
        let mut lines = Vec::new();
        let mut err = String::new();
        let everything = async {
            while let Some(line) = self.out.next_line().await.expect("its output") {
                lines.push(line);
            }
            let mut stream = self.child.stderr.take().expect("piped");
            stream.read_to_string(&mut err).await.expect("UTF-8");
            self.child.wait().await.expect("it was running")
        };
        let status = tokio::time::timeout(LIMIT, everything).await.expect("it ends in time");
        Said { code: status.code().expect("it ends by itself"), out: lines.join("\n"), err }
    }
}

pub(crate) fn signal(child: &Child, signal: rustix::process::Signal) {
    let pid = child.id().and_then(|id| rustix::process::Pid::from_raw(id as i32)).expect("it runs");
    rustix::process::kill_process(pid, signal).expect("it runs");
}

/// Whether a process is there.
pub(crate) fn is_alive(pid: &str) -> bool {
    match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        // A zombie is gone but for its parent's interest.
        Ok(stat) => !stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')),
        Err(_) => false,
    }
}
