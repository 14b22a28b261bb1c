//! A server that answers each connection as a script says, and a place to run attempts in.

use callboard_exec::{
    ArtifactStore, AttemptContext, Cancel, Deadline, Executor, NoRuntime, Outcome, ReportSink, Reporter,
};
use callboard_protocol::{
    JobId, Node,
    job::{ArtifactRef, JobError, Progress},
    log::Level,
};
use serde_json::Value;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What one connection does.
pub(crate) enum Reply {
    /// Sends these bytes and closes.
    Send(Vec<u8>),
    /// Sends these bytes and keeps silent.
    Stall(Vec<u8>),
}

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Method, path, version.
    pub(crate) line: String,
    head: String,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let line =
            self.head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")))?;
        Some(line.split_once(':')?.1.trim())
    }
}

/// See the module. The task ends with it.
pub(crate) struct Server {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Answers the n-th connection (from 0) with what the script says.
    pub(crate) async fn run(script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let seen = requests.clone();
        let task = tokio::spawn(async move {
            let mut silent = Vec::new();
            for number in 0.. {
                let Ok((mut socket, _)) = listener.accept().await else { return };
                let Some(request) = read(&mut socket).await else { continue };
                let reply = script(number, &request);
                seen.lock().unwrap().push(request);
                match reply {
                    Reply::Send(bytes) => drop(socket.write_all(&bytes).await),
                    Reply::Stall(bytes) => {
                        let _ = socket.write_all(&bytes).await;
                        silent.push(socket);
                    }
                }
            }
        });
        Server { url, requests, task }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read(socket: &mut TcpStream) -> Option<Request> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let read = socket.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let line = head.lines().next().unwrap_or_default().to_owned();
        let request = Request { line, head: head.to_owned(), body: body.to_owned() };
        let length: usize = request.header("content-length").map_or(0, |length| length.parse().unwrap());
        if body.len() >= length {
            return Some(request);
        }
    }
}

/// A status line with headers, and a body of the length that they say unless they say another.
pub(crate) fn answer(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    if !headers.iter().any(|header| header.to_ascii_lowercase().starts_with("content-length")) {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    headers.iter().for_each(|header| head.push_str(&format!("{header}\r\n")));
    [head.as_bytes(), b"\r\n", body].concat()
}

#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) progress: Mutex<Vec<Progress>>,
    pub(crate) lines: Mutex<Vec<String>>,
    pub(crate) artifacts: Mutex<Vec<ArtifactRef>>,
}

impl ReportSink for Memory {
    fn progress(&self, progress: Progress) {
        self.progress.lock().unwrap().push(progress);
    }
    fn log(&self, _: &str, _: Level, message: &str) {
        self.lines.lock().unwrap().push(message.to_owned());
    }
    fn artifact(&self, artifact: ArtifactRef) {
        self.artifacts.lock().unwrap().push(artifact);
    }
}

/// One job's surroundings.
pub(crate) struct Stage {
    dir: TempDir,
    pub(crate) memory: Arc<Memory>,
    pub(crate) cancel: Cancel,
    pub(crate) store: ArtifactStore,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = ArtifactStore::open(dir.path().join("artifacts")).unwrap();
        Stage { dir, memory: Arc::default(), cancel: Cancel::new(Duration::from_secs(1)), store }
    }

    /// Until an attempt has told how far it is.
    pub(crate) async fn first_bytes(&self) {
        bounded(async {
            while self.memory.progress.lock().unwrap().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }

    /// The same place for another attempt.
    pub(crate) fn again(self) -> Self {
        Stage { cancel: Cancel::new(Duration::from_secs(1)), ..self }
    }

    pub(crate) fn attempt(&self, args: Value) -> AttemptContext {
        AttemptContext {
            job_id: JobId::new("job-1"),
            kind: "test".into(),
            attempt: 1,
            args: Node::from(&args),
            checkpoints: Node::Null,
            deadline: Deadline::none(),
            runtime: Arc::new(NoRuntime),
            cancel: self.cancel.clone(),
            reporter: Reporter::new(self.memory.clone(), self.store.clone()),
            work_dir: self.dir.path().join("work"),
        }
    }

    pub(crate) async fn run(&self, executor: &dyn Executor, args: Value) -> Outcome {
        bounded(executor.execute(self.attempt(args))).await
    }

    /// The content of the only artifact.
    pub(crate) fn kept(&self) -> Vec<u8> {
        let artifacts = self.memory.artifacts.lock().unwrap();
        assert_eq!(artifacts.len(), 1, "{artifacts:?}");
        std::fs::read(self.store.path_of(&artifacts[0].sha256).unwrap()).unwrap()
    }

    /// Files that wait for another attempt.
    pub(crate) fn partials(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.dir.path().join("artifacts/partials")) else {
            return Vec::new();
        };
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

pub(crate) async fn bounded<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("in time")
}

pub(crate) fn result(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Succeeded(result) => Value::from(&result),
        other => panic!("no result: {other:?}"),
    }
}

/// The error, whether it may be tried again, and when.
pub(crate) fn error(outcome: Outcome) -> (JobError, bool, Option<Duration>) {
    match outcome {
        Outcome::Errored { error, retryable, after } => (error, retryable, after),
        other => panic!("no error: {other:?}"),
    }
}
