//! Moves bytes between a child and us: input to it, output and reports from it.

use super::{
    ansi::Strip,
    lines::{Line, Lines, Returns},
    progress::{ProgressSpec, Streams},
    pty::Screen,
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
    /// The child's terminal, which takes the place of standard output and error.
    pub(crate) screen: Option<Screen>,
    pub(crate) stdout: Option<ChildStdout>,
    pub(crate) stderr: Option<ChildStderr>,
    pub(crate) reports: pipe::Receiver,
}

/// What the pump gives its bytes to.
pub(crate) struct Harvest {
    pub(crate) reporter: Reporter,
    pub(crate) desk: Desk,
    ears: Ears,
    /// The last line on standard error, or on the terminal, that says something.
    last_words: Mutex<String>,
    /// The last line of standard output that is JSON.
    last_json: Mutex<Option<Vec<u8>>>,
    /// Nothing new is waited for any more.
    closing: CancellationToken,
}

/// Reads and writes as long as it is polled; done when the child's side of all pipes is closed.
pub(crate) struct Pump<'a> {
    work: Pin<Box<dyn Future<Output = ()> + Send + 'a>>,
    closing: &'a CancellationToken,
    done: bool,
}

/// What of the output means more than a line of log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ears {
    pub(crate) progress: ProgressSpec,
    /// The last line of standard output that is JSON is the result.
    pub(crate) last_json: bool,
}

/// Where a line comes from.
#[derive(Clone, Copy, PartialEq)]
enum Origin {
    Stdout,
    Stderr,
    Screen,
}

const CHUNK_BYTES: usize = 16 * 1024;
/// What is still taken after closing from a pipe that never runs dry: as much as the system lets it hold.
const LAST_BYTES: usize = 1024 * 1024;

impl Harvest {
    pub(crate) fn new(reporter: Reporter, desk: Desk, ears: Ears) -> Self {
        let closing = CancellationToken::new();
        Harvest { reporter, desk, ears, last_words: Mutex::default(), last_json: Mutex::default(), closing }
    }

    /// The last line of standard output that was JSON, if that was listened for.
    pub(crate) fn last_json(&self) -> Option<Vec<u8>> {
        self.last_json.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn last_words(&self) -> String {
        self.lock_words().clone()
    }

    fn lock_words(&self) -> MutexGuard<'_, String> {
        self.last_words.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lines that may be JSON are kept longer than the log shows them.
    fn line_limit(&self, from: Origin) -> usize {
        let is_read = from != Origin::Stderr && (self.ears.last_json || self.ears.progress.json);
        if is_read { caps::REPORT_LINE_BYTES } else { caps::LOG_LINE_BYTES }
    }

    async fn hear(&self, from: Origin, line: Line<'_>) {
        let text = String::from_utf8_lossy(line.bytes);
        if self.listens_for_progress(from)
            && let Some(progress) = self.ears.progress.regex.as_ref().and_then(|pattern| pattern.read(&text))
        {
            self.reporter.progress(progress);
        }
        if line.overwritten {
            return;
        }
        if from != Origin::Stderr {
            if self.ears.progress.json && self.desk.take_if_report(line).await {
                return;
            }
            self.keep_json(line);
        }
        let channel = if from == Origin::Stderr { "stderr" } else { "stdout" };
        self.reporter.line(channel, Level::Info, &text, line.missing);
        if from != Origin::Stdout && !text.trim().is_empty() {
            text.trim().clone_into(&mut self.lock_words());
        }
    }

    fn listens_for_progress(&self, from: Origin) -> bool {
        match self.ears.progress.from {
            Streams::Both => true,
            Streams::Stdout => from != Origin::Stderr,
            Streams::Stderr => from != Origin::Stdout,
        }
    }

    fn keep_json(&self, line: Line<'_>) {
        let bytes = line.bytes.trim_ascii();
        let may_be = || bytes.first().is_some_and(|first| b"{[\"-0123456789tfn".contains(first));
        if self.ears.last_json
            && line.missing == 0
            && may_be()
            && serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
        {
            *self.last_json.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes.to_vec());
        }
    }
}

impl<'a> Pump<'a> {
    pub(crate) fn new(pipes: Pipes, harvest: &'a Harvest) -> Self {
        let work = Box::pin(async move {
            tokio::join!(
                feed(pipes.stdin, &harvest.closing),
                drain(pipes.stdout, harvest, Origin::Stdout),
                drain(pipes.stderr, harvest, Origin::Stderr),
                show(pipes.screen, harvest),
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

async fn drain(stream: Option<impl AsyncRead + Unpin>, harvest: &Harvest, from: Origin) {
    let Some(stream) = stream else { return };
    let mut lines = Lines::new(harvest.line_limit(from), Returns::Restart);
    let mut source = Source::new(stream, &harvest.closing);
    while let Some(mut rest) = source.chunk().await {
        while let Some(line) = lines.next(&mut rest) {
            harvest.hear(from, line).await;
        }
        harvest.reporter.log_room().await;
    }
    if let Some(line) = lines.last() {
        harvest.hear(from, line).await;
    }
}

/// The terminal's bytes as they are for whoever shows it, its text for the log.
async fn show(screen: Option<Screen>, harvest: &Harvest) {
    let Some(screen) = screen else { return };
    let mut lines = Lines::new(harvest.line_limit(Origin::Screen), Returns::Restart);
    let (mut strip, mut text) = (Strip::default(), Vec::with_capacity(CHUNK_BYTES));
    let mut source = Source::new(screen, &harvest.closing);
    while let Some(bytes) = source.chunk().await {
        harvest.reporter.terminal(bytes);
        text.clear();
        strip.feed(bytes, &mut text);
        let mut rest = &text[..];
        while let Some(line) = lines.next(&mut rest) {
            harvest.hear(Origin::Screen, line).await;
        }
        harvest.reporter.log_room().await;
    }
    if let Some(line) = lines.last() {
        harvest.hear(Origin::Screen, line).await;
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
