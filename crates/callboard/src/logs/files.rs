//! Log files: the board's own, rolling, and one per job. NDJSON, one line per entry, a torn last line is skipped.
//!
//! One thread writes; lines reach it through a bounded queue and are written batch by batch. They are not
//! synced to the disk: a killed process loses none, a power cut may lose the last seconds.

use super::{
    LogOptions,
    page::{page, read_entries},
    retention::{Retention, job_files},
    seqs::SeqReserve,
};
use callboard_protocol::{
    JobId, caps,
    log::{Level, LogEntry},
};
use std::{
    collections::{HashMap, VecDeque},
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel},
    },
    time::{Duration, Instant, SystemTime},
};
use tokio::sync::{Notify, oneshot};

/// Job files that are kept open between batches.
const OPEN_FILES: usize = 64;
/// How often old files are looked for.
const TIDY_EVERY: Duration = Duration::from_secs(600);

enum Order {
    Append(Box<LogEntry>),
    Forget(JobId),
    Flush(oneshot::Sender<()>),
}

/// The handle of the writing thread.
pub(crate) struct Files {
    orders: SyncSender<Order>,
    folder: PathBuf,
    seqs: SeqReserve,
    backlog: Arc<Backlog>,
}

/// Lines that were handed over and are not written yet.
#[derive(Default)]
struct Backlog {
    lines: AtomicUsize,
    shrunk: Notify,
    /// Files of jobs that retention removed.
    removed: AtomicU64,
    /// Whether the last write failed.
    failing: AtomicBool,
}

impl Files {
    /// Hands a line over; `false` when the queue is full.
    pub(crate) fn append(&self, entry: LogEntry) -> bool {
        let taken = self.orders.try_send(Order::Append(Box::new(entry))).is_ok();
        self.backlog.lines.fetch_add(usize::from(taken), Ordering::AcqRel);
        taken
    }

    /// Waits until less than half of the queue is in use.
    pub(crate) async fn room(&self) {
        loop {
            let shrunk = self.backlog.shrunk.notified();
            if self.backlog.lines.load(Ordering::Acquire) < caps::LOG_QUEUE / 2 {
                return;
            }
            shrunk.await;
        }
    }

    /// Files that retention removed, and whether the last write failed.
    pub(crate) fn health(&self) -> (u64, bool) {
        (self.backlog.removed.load(Ordering::Relaxed), self.backlog.failing.load(Ordering::Relaxed))
    }

    /// The first seq that no line can have had.
    pub(crate) fn first_seq(&self) -> u64 {
        self.seqs.first
    }

    /// Must be called with a seq before its line is shown to anybody.
    pub(crate) fn reserve(&self, seq: u64) {
        self.seqs.reserve(seq);
    }

    /// After an orderly end the next start goes on here.
    pub(crate) fn give_back(&self, next: u64) {
        self.seqs.give_back(next);
    }

    pub(crate) fn forget(&self, id: &JobId) {
        // A full queue leaves the file to retention.
        let _ = self.orders.try_send(Order::Forget(id.clone()));
    }

    /// A receiver that hears when everything before is written.
    pub(crate) fn flush(&self) -> Option<oneshot::Receiver<()>> {
        let (done, flushed) = oneshot::channel();
        self.orders.send(Order::Flush(done)).ok()?;
        Some(flushed)
    }

    /// Lines of a job's file: the first `limit` after `since`, or the newest `limit`.
    pub(crate) fn read_job(&self, id: &JobId, since: Option<u64>, limit: usize) -> io::Result<Vec<LogEntry>> {
        if let Some(flushed) = self.flush() {
            let _ = flushed.blocking_recv();
        }
        match File::open(job_path(&self.folder, id)) {
            Ok(file) => page(file, since, limit),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

/// What the thread owns.
pub(crate) struct LogFiles {
    folder: PathBuf,
    board: File,
    board_number: u64,
    board_bytes: u64,
    last_seq: u64,
    jobs: HashMap<JobId, JobFile>,
    retention: Retention,
    /// When old files are looked for again.
    tidy_at: Instant,
    /// Bytes written to jobs' files since then.
    job_bytes_new: u64,
}

struct JobFile {
    file: File,
    bytes: u64,
    is_full: bool,
}

impl LogFiles {
    /// Opens the folder and reads the newest lines back.
    pub(crate) fn open(folder: &Path, options: &LogOptions) -> io::Result<(Self, Vec<LogEntry>)> {
        fs::create_dir_all(folder.join("board"))?;
        fs::create_dir_all(folder.join("jobs"))?;
        let numbers = board_numbers(folder)?;
        let mut newest = VecDeque::new();
        for number in numbers.iter().rev().take(2).rev() {
            for entry in read_entries(File::open(board_path(folder, *number))?) {
                newest.push_back(entry);
                if newest.len() > options.keep_lines {
                    newest.pop_front();
                }
            }
        }
        // A new file after each start: the last line of the old one may be torn.
        let board_number = numbers.last().map_or(1, |last| last + 1);
        let board = append_to(&board_path(folder, board_number))?;
        let last_seq = newest.back().map_or(0, |entry: &LogEntry| entry.seq);
        let files = LogFiles {
            folder: folder.into(),
            board,
            board_number,
            board_bytes: 0,
            last_seq,
            jobs: HashMap::new(),
            retention: Retention { age: options.jobs_age, bytes: options.jobs_bytes },
            tidy_at: Instant::now(),
            job_bytes_new: 0,
        };
        files.remove_old_board_files()?;
        Ok((files, newest.into()))
    }

    /// Starts the thread. It ends when the last handle has gone.
    pub(crate) fn run(mut self) -> Files {
        let (orders, queue) = sync_channel(caps::LOG_QUEUE);
        let folder = self.folder.clone();
        let seqs = SeqReserve::open(&self.folder, self.last_seq);
        let backlog = Arc::new(Backlog::default());
        let thread = std::thread::Builder::new().name("callboard-logs".into());
        let shared = backlog.clone();
        if let Err(error) = thread.spawn(move || self.serve(&queue, &shared)) {
            tracing::error!(%error, "the thread that writes log files did not start; lines stay in memory only");
        }
        Files { orders, folder, seqs, backlog }
    }

    fn serve(&mut self, queue: &Receiver<Order>, backlog: &Backlog) {
        let mut batch = Batch::default();
        loop {
            match queue.recv_timeout(self.tidy_at.saturating_duration_since(Instant::now())) {
                Ok(first) => self.serve_batch(first, (queue, backlog), &mut batch),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if self.tidy_at <= Instant::now() || self.job_bytes_new > self.retention.bytes / 4 {
                self.tidy(backlog);
            }
        }
    }

    fn serve_batch(
        &mut self,
        first: Order,
        (queue, backlog): (&Receiver<Order>, &Backlog),
        batch: &mut Batch,
    ) {
        batch.take(first, self);
        loop {
            match queue.try_recv() {
                Ok(order) if !batch.is_full() => batch.take(order, self),
                Ok(order) => {
                    self.write(batch, backlog);
                    batch.take(order, self);
                }
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        self.write(batch, backlog);
    }

    /// Removes files of jobs that are too old, or too many.
    fn tidy(&mut self, backlog: &Backlog) {
        self.tidy_at = Instant::now() + TIDY_EVERY;
        self.job_bytes_new = 0;
        let files = match job_files(&self.folder.join("jobs")) {
            Ok(files) => files,
            Err(error) => return tracing::warn!(%error, "old log files were not looked for"),
        };
        let chosen = self.retention.choose(files, SystemTime::now());
        if chosen.is_empty() {
            return;
        }
        // A file that is open would be written to without a name.
        self.jobs.clear();
        let removed = chosen.iter().filter(|file| fs::remove_file(&file.path).is_ok()).count() as u64;
        backlog.removed.fetch_add(removed, Ordering::Relaxed);
        tracing::info!(removed, "old log files of jobs were removed");
    }

    fn write(&mut self, batch: &mut Batch, backlog: &Backlog) {
        let written = self.write_board(&batch.board);
        backlog.failing.store(written.is_err(), Ordering::Relaxed);
        if let Err(error) = written {
            tracing::warn!(%error, "lines were not written to the board's log file");
        }
        for (id, text) in batch.jobs.drain() {
            if let Err(error) = self.write_job(&id, &text) {
                tracing::warn!(%error, job = %id, "lines were not written to the job's log file");
            }
        }
        batch.board.clear();
        backlog.lines.fetch_sub(std::mem::take(&mut batch.lines), Ordering::AcqRel);
        backlog.shrunk.notify_waiters();
        for done in batch.waiting.drain(..) {
            // Who asked may have gone.
            let _ = done.send(());
        }
    }

    fn write_board(&mut self, text: &[u8]) -> io::Result<()> {
        if self.board_bytes + text.len() as u64 > caps::LOG_FILE_BYTES {
            self.board_number += 1;
            self.board = append_to(&board_path(&self.folder, self.board_number))?;
            self.board_bytes = 0;
            self.remove_old_board_files()?;
        }
        self.board_bytes += text.len() as u64;
        self.board.write_all(text)
    }

    fn write_job(&mut self, id: &JobId, text: &[u8]) -> io::Result<()> {
        if !self.jobs.contains_key(id) {
            if self.jobs.len() >= OPEN_FILES {
                self.jobs.clear();
            }
            let path = job_path(&self.folder, id);
            path.parent().map(fs::create_dir_all).transpose()?;
            let mut file = append_to(&path)?;
            let bytes = file.metadata()?.len();
            // Ends a line that a killed process may have torn.
            if bytes > 0 {
                file.write_all(b"\n")?;
            }
            self.jobs.insert(id.clone(), JobFile { file, bytes, is_full: bytes >= caps::JOB_LOG_BYTES });
        }
        let Some(job) = self.jobs.get_mut(id).filter(|job| !job.is_full) else { return Ok(()) };
        job.bytes += text.len() as u64;
        self.job_bytes_new += text.len() as u64;
        job.is_full = job.bytes >= caps::JOB_LOG_BYTES;
        job.file.write_all(text)?;
        if job.is_full { job.file.write_all(&last_line(text)) } else { Ok(()) }
    }

    fn forget(&mut self, id: &JobId) {
        self.jobs.remove(id);
        // It may never have written a line.
        let _ = fs::remove_file(job_path(&self.folder, id));
    }

    fn remove_old_board_files(&self) -> io::Result<()> {
        let numbers = board_numbers(&self.folder)?;
        let surplus = numbers.len().saturating_sub(caps::LOG_FILES);
        numbers.iter().take(surplus).try_for_each(|number| fs::remove_file(board_path(&self.folder, *number)))
    }
}

/// Lines on their way to the disk.
#[derive(Default)]
struct Batch {
    lines: usize,
    board: Vec<u8>,
    jobs: HashMap<JobId, Vec<u8>>,
    waiting: Vec<oneshot::Sender<()>>,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.board.len() >= 1024 * 1024
    }

    fn take(&mut self, order: Order, files: &mut LogFiles) {
        match order {
            Order::Append(entry) => {
                self.lines += 1;
                let start = self.board.len();
                if serde_json::to_writer(&mut self.board, &entry).is_err() {
                    self.board.truncate(start);
                    return;
                }
                self.board.push(b'\n');
                if let Some(id) = entry.job_id {
                    self.jobs.entry(id).or_default().extend_from_slice(&self.board[start..]);
                }
            }
            Order::Forget(id) => {
                self.jobs.remove(&id);
                files.forget(&id);
            }
            Order::Flush(done) => self.waiting.push(done),
        }
    }
}

/// What is said when a job's file is full: the last entry once more, with another message.
fn last_line(text: &[u8]) -> Vec<u8> {
    let last = text.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let Ok(mut entry) = serde_json::from_slice::<LogEntry>(last) else { return Vec::new() };
    entry.level = Level::Warn;
    entry.message = "this job's log is full; later lines are in the board's log only".into();
    serde_json::to_vec(&entry).map_or_else(
        |_| Vec::new(),
        |mut line| {
            line.push(b'\n');
            line
        },
    )
}

/// Ids hold only letters, digits, '.', '_', ':' and '-' (see `check_id`), so with an ending they are file names.
fn job_path(folder: &Path, id: &JobId) -> PathBuf {
    let shard = id.len().saturating_sub(2);
    folder
        .join("jobs")
        .join(format!("s{}", &id[id.floor_char_boundary(shard)..]))
        .join(format!("{id}.ndjson"))
}

fn board_path(folder: &Path, number: u64) -> PathBuf {
    folder.join("board").join(format!("{number:010}.ndjson"))
}

fn board_numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder.join("board"))? {
        let path = entry?.path();
        numbers.extend(path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}
