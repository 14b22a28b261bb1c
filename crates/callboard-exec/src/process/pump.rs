//! Moves bytes between a child and us: input to it, output and reports from it.

use super::{
    lines::{Line, Lines, Returns},
    reports::Desk,
};
use crate::Reporter;
use callboard_protocol::{caps, log::Level};
use std::{
    convert::Infallible,
    future::Future,
    io,
    pin::{Pin, pin},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::unix::pipe,
    process::{ChildStderr, ChildStdin, ChildStdout},
};
use tokio_util::sync::CancellationToken;

/// Our ends of a child's pipes.
pub(crate) struct Pipes {
    pub(crate) stdin: Option<(ChildStdin, Vec<u8>)>,
    pub(crate) stdout: Option<ChildStdout>,
    pub(crate) stderr: Option<ChildStderr>,
    pub(crate) reports: pipe::Receiver,
}

/// What the pump gives its bytes to.
pub(crate) struct Harvest {
    pub(crate) reporter: Reporter,
    pub(crate) desk: Desk,
    /// The last line on standard error that says something.
    last_words: Mutex<String>,
    /// Nothing new is waited for any more.
    closing: CancellationToken,
}

/// Reads and writes as long as it is polled; done when the child's side of all pipes is closed.
pub(crate) struct Pump<'a> {
    work: Pin<Box<dyn Future<Output = ()> + Send + 'a>>,
    closing: &'a CancellationToken,
    done: bool,
}

const CHUNK_BYTES: usize = 16 * 1024;
/// What is still taken after closing from a pipe that never runs dry: as much as the system lets it hold.
const LAST_BYTES: usize = 1024 * 1024;

impl Harvest {
    pub(crate) fn new(reporter: Reporter, desk: Desk) -> Self {
        Harvest { reporter, desk, last_words: Mutex::default(), closing: CancellationToken::new() }
    }

    pub(crate) fn last_words(&self) -> String {
        self.lock_words().clone()
    }

    fn lock_words(&self) -> MutexGuard<'_, String> {
        self.last_words.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn output(&self, line: Line<'_>) {
        self.reporter.line("stdout", Level::Info, &String::from_utf8_lossy(line.bytes), line.missing);
    }

    fn error_output(&self, line: Line<'_>) {
        let text = String::from_utf8_lossy(line.bytes);
        self.reporter.line("stderr", Level::Info, &text, line.missing);
        if !text.trim().is_empty() {
            text.trim().clone_into(&mut self.lock_words());
        }
    }
}

impl<'a> Pump<'a> {
    pub(crate) fn new(pipes: Pipes, harvest: &'a Harvest) -> Self {
        let work = Box::pin(async move {
            tokio::join!(
                feed(pipes.stdin, &harvest.closing),
                drain(pipes.stdout, harvest, |line| harvest.output(line)),
                drain(pipes.stderr, harvest, |line| harvest.error_output(line)),
                receive(pipes.reports, harvest),
            );
        });
        Pump { work, closing: &harvest.closing, done: false }
    }

    /// Keeps the pipes moving until `other` is through.
    pub(crate) async fn during<T>(&mut self, other: impl Future<Output = T>) -> T {
        let mut other = pin!(other);
        tokio::select! {
            biased;
            value = &mut other => value,
            never = self.forever() => match never {},
        }
    }

    /// Waits for the child's side of all pipes to close, at most this long.
    pub(crate) async fn drained(&mut self, within: Duration) {
        let _ = tokio::time::timeout(within, self.finished()).await;
    }

    /// Takes what is in the pipes, waits for nothing new, and finishes what is under way (a large artifact).
    pub(crate) async fn close(&mut self) {
        self.closing.cancel();
        self.finished().await;
    }

    async fn finished(&mut self) {
        if !self.done {
            self.work.as_mut().await;
            self.done = true;
        }
    }

    async fn forever(&mut self) -> Infallible {
        self.finished().await;
        std::future::pending().await
    }
}

/// Writes the input and closes the pipe. A child that does not read it loses nothing but its input.
async fn feed(stdin: Option<(ChildStdin, Vec<u8>)>, closing: &CancellationToken) {
    let Some((mut stdin, input)) = stdin else { return };
    tokio::select! {
        _ = stdin.write_all(&input) => {}
        () = closing.cancelled() => {}
    }
}

async fn drain(stream: Option<impl AsyncRead + Unpin>, harvest: &Harvest, mut take: impl FnMut(Line<'_>)) {
    let Some(stream) = stream else { return };
    let mut lines = Lines::new(caps::LOG_LINE_BYTES, Returns::Restart);
    let mut source = Source::new(stream, &harvest.closing);
    while let Some(mut rest) = source.chunk().await {
        while let Some(line) = lines.next(&mut rest) {
            take(line);
        }
        harvest.reporter.log_room().await;
    }
    if let Some(line) = lines.last() {
        take(line);
    }
}

async fn receive(stream: pipe::Receiver, harvest: &Harvest) {
    let mut lines = Lines::new(caps::REPORT_LINE_BYTES, Returns::Keep);
    let mut source = Source::new(stream, &harvest.closing);
    while let Some(mut rest) = source.chunk().await {
        while let Some(line) = lines.next(&mut rest) {
            harvest.desk.take(line).await;
        }
    }
    if let Some(line) = lines.last() {
        harvest.desk.take(line).await;
    }
    harvest.desk.close();
}

/// A pipe that ends at its end, at an error, or, once closing, when it is empty.
struct Source<'a, S> {
    stream: S,
    closing: &'a CancellationToken,
    chunk: Vec<u8>,
    after_closing: usize,
}

impl<'a, S: AsyncRead + Unpin> Source<'a, S> {
    fn new(stream: S, closing: &'a CancellationToken) -> Self {
        Source { stream, closing, chunk: vec![0; CHUNK_BYTES], after_closing: 0 }
    }

    async fn chunk(&mut self) -> Option<&[u8]> {
        let length = self.read().await.ok().filter(|length| *length > 0)?;
        if self.closing.is_cancelled() {
            self.after_closing += length;
        }
        (self.after_closing <= LAST_BYTES).then_some(&self.chunk[..length])
    }

    async fn read(&mut self) -> io::Result<usize> {
        // A flood must not keep the thread: others, and the cancel of this very attempt, wait for it.
        tokio::task::yield_now().await;
        tokio::select! {
            biased;
            read = self.stream.read(&mut self.chunk) => read,
            () = self.closing.cancelled() => Ok(0),
        }
    }
}
