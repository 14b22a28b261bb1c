//! Where lines come in: numbered, put into the ring, handed to the files, shown to followers.

use super::{
    LogFilter, LogOptions, LogPage,
    channels::{Channels, Style},
    files::{Files, LogFiles},
    ring::LogRing,
};
use callboard_core::LogMeta;
use callboard_protocol::{
    JobId, Node, Object, Time, caps,
    config::LogsConfig,
    log::{Level, LogEntry},
};
use std::{
    borrow::Cow,
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::sync::watch;

/// The board's log. Clones are handles of the same one.
#[derive(Clone)]
pub struct LogHub(Arc<Inner>);

/// A line that comes in.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// Its source. A long name is cut.
    pub channel: &'a str,
    /// How grave.
    pub level: Level,
    /// The text.
    pub message: &'a str,
    /// The job that wrote it.
    pub job_id: Option<&'a JobId>,
    /// More facts.
    pub fields: Option<Node>,
}

/// What the log has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogCounts {
    /// Lines that came in.
    pub lines: u64,
    /// Lines of which a part was hidden.
    pub redacted: u64,
    /// Lines in the ring.
    pub kept_lines: u64,
    /// Bytes of them, by estimate.
    pub kept_bytes: u64,
    /// Lines that the files could not take because their queue was full.
    pub dropped: u64,
    /// Files of jobs that retention removed.
    pub files_removed: u64,
    /// Whether the last write to the files failed.
    pub files_failing: bool,
}

struct Inner {
    options: LogOptions,
    ring: Mutex<(LogRing, Channels)>,
    redacted: AtomicU64,
    first_seq: u64,
    head: watch::Sender<u64>,
    /// What the server lets anybody see.
    visible: RwLock<Arc<LogFilter>>,
    files: Option<Files>,
    /// Lines that the files could not take because their queue was full.
    dropped: AtomicU64,
}

impl LogHub {
    /// A log in a folder, going on where it ended; without a folder nothing outlives the process.
    pub(crate) fn open(folder: Option<PathBuf>, options: LogOptions) -> Result<Self, (PathBuf, io::Error)> {
        let mut ring = LogRing::new(options.keep_lines, options.keep_bytes);
        let files = match folder {
            Some(folder) => {
                let (files, newest) = LogFiles::open(&folder, &options).map_err(|error| (folder, error))?;
                newest.into_iter().for_each(|entry| ring.push(entry));
                let files = files.run();
                ring.skip_to(files.first_seq());
                Some(files)
            }
            None => None,
        };
        let head = watch::Sender::new(ring.last_seq());
        let first_seq = ring.last_seq();
        let inner = Inner {
            options,
            ring: Mutex::new((ring, Channels::default())),
            redacted: AtomicU64::new(0),
            first_seq,
            head,
            visible: RwLock::default(),
            files,
            dropped: AtomicU64::new(0),
        };
        Ok(LogHub(Arc::new(inner)))
    }

    /// Writes a line. Never blocks; a line over [`caps::LOG_LINE_BYTES`] is cut, secrets in it are hidden (X14).
    pub fn write(&self, channel: &str, level: Level, message: &str, job_id: Option<&JobId>) {
        self.write_line(Line { channel, level, message, job_id, fields: None });
    }

    /// Writes a line, perhaps with fields. As [`LogHub::write`].
    pub fn write_line(&self, line: Line<'_>) {
        let message = line.message.trim_end_matches(['\r', '\n']);
        // Hidden first and cut then: half a secret is one too.
        let message = self.0.options.redactor.text(message);
        let fields = line.fields.map(|fields| self.fit_fields(fields));
        if matches!(message, Cow::Owned(_)) {
            self.0.redacted.fetch_add(1, Ordering::Relaxed);
        }
        let message: Arc<str> = message[..message.floor_char_boundary(caps::LOG_LINE_BYTES)].into();
        let seq = self.push(line.channel, |seq, style| LogEntry {
            seq,
            ts: now(),
            channel: style.channel,
            emoji: style.emoji,
            level: line.level,
            message,
            color: style.color,
            job_id: line.job_id.cloned(),
            fields,
        });
        self.0.head.send_if_modified(|head| {
            let newer = seq > *head;
            *head = seq.max(*head);
            newer
        });
    }

    /// Numbers a line and stores it. Under one lock, so that files hold lines in the order of their seqs.
    fn push(&self, channel: &str, entry: impl FnOnce(u64, Style) -> LogEntry) -> u64 {
        let mut guard = self.ring();
        let (ring, channels) = &mut *guard;
        let entry = entry(ring.last_seq() + 1, channels.style(channel));
        let seq = entry.seq;
        if let Some(files) = &self.0.files {
            files.reserve(seq);
            if !files.append(entry.clone()) {
                self.0.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
        ring.push(entry);
        seq
    }

    fn fit_fields(&self, fields: Node) -> Node {
        if fields.json_len() > caps::LOG_FIELDS_BYTES || fields.depth() > caps::JSON_DEPTH {
            return [("dropped".into(), Node::from("the fields were too large"))]
                .into_iter()
                .collect::<Object>()
                .into();
        }
        self.0.options.redactor.node(&fields).unwrap_or(fields)
    }

    /// How it is kept.
    pub fn options(&self) -> &LogOptions {
        &self.0.options
    }

    /// What it has done so far.
    pub fn counts(&self) -> LogCounts {
        let (last_seq, kept_lines, kept_bytes) = {
            let ring = &self.ring().0;
            (ring.last_seq(), ring.len() as u64, ring.bytes() as u64)
        };
        let (files_removed, files_failing) = self.0.files.as_ref().map_or((0, false), Files::health);
        LogCounts {
            lines: last_seq - self.0.first_seq,
            redacted: self.0.redacted.load(Ordering::Relaxed),
            kept_lines,
            kept_bytes,
            dropped: self.0.dropped.load(Ordering::Relaxed),
            files_removed,
            files_failing,
        }
    }

    /// The seq of the last line; wakes its receivers after each line.
    pub fn head(&self) -> watch::Receiver<u64> {
        self.0.head.subscribe()
    }

    /// Up to `limit` lines after `seq`.
    pub fn since(&self, seq: u64, limit: usize, filter: &LogFilter) -> LogPage {
        let visible = self.visible();
        self.ring().0.since(seq, limit, |entry| filter.passes(entry) && visible.passes(entry))
    }

    /// As [`LogHub::since`], of the lines after the first and up to the second position.
    pub fn between(&self, positions: (u64, u64), limit: usize, filter: &LogFilter) -> LogPage {
        let visible = self.visible();
        let passes = |entry: &LogEntry| filter.passes(entry) && visible.passes(entry);
        self.ring().0.between(positions, limit, passes)
    }

    /// The newest `limit` lines.
    pub fn latest(&self, limit: usize, filter: &LogFilter) -> LogPage {
        let visible = self.visible();
        self.ring().0.latest(limit, |entry| filter.passes(entry) && visible.passes(entry))
    }

    /// What anybody may see of the ring from now on (S3.20). Files hold everything.
    pub(crate) fn show(&self, config: &LogsConfig) {
        let visible = Arc::new(LogFilter::of_server(config));
        *self.0.visible.write().unwrap_or_else(PoisonError::into_inner) = visible;
    }

    fn visible(&self) -> Arc<LogFilter> {
        self.0.visible.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until the files can take more lines.
    pub async fn room(&self) {
        if let Some(files) = &self.0.files {
            files.room().await;
        }
    }

    /// Lines that are in the ring but could not be written to files.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// Lines of a job's log: after `since`, or the newest. Blocks on the disk. Without files: from the ring.
    pub(crate) fn read_job(&self, id: &JobId, since: Option<u64>, limit: usize) -> io::Result<Vec<LogEntry>> {
        match &self.0.files {
            Some(files) => files.read_job(id, since, limit),
            None => {
                let is_own = |entry: &LogEntry| entry.job_id.as_ref() == Some(id);
                let mut own = self.ring().0.since(since.unwrap_or(0), usize::MAX - 1, is_own).entries;
                let surplus = own.len().saturating_sub(limit);
                match since {
                    Some(_) => own.truncate(limit),
                    None => drop(own.drain(..surplus)),
                }
                Ok(own)
            }
        }
    }

    /// Removes a job's log file.
    pub(crate) fn forget(&self, id: &JobId) {
        if let Some(files) = &self.0.files {
            files.forget(id);
        }
    }

    /// Waits until everything written so far is in the files.
    pub async fn flush(&self) {
        if let Some(flushed) = self.0.files.as_ref().and_then(Files::flush) {
            // An error means that the files' thread has ended and nothing is left to wait for.
            let _ = flushed.await;
        }
    }

    pub(crate) async fn close(&self) {
        self.flush().await;
        if let Some(files) = &self.0.files {
            files.give_back(self.ring().0.last_seq() + 1);
        }
    }

    pub(crate) fn meta(&self) -> LogMeta {
        let ring = &self.ring().0;
        LogMeta {
            next_seq: ring.last_seq() + 1,
            capacity: ring.capacity() as u64,
            size: ring.len() as u64,
            head: ring.head(),
        }
    }

    fn ring(&self) -> MutexGuard<'_, (LogRing, Channels)> {
        self.0.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn messages(entries: &[LogEntry]) -> Vec<(u64, String)> {
        entries.iter().map(|entry| (entry.seq, entry.message.to_string())).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn lines_and_their_numbers_outlive_the_process() {
        // S3.18: seq is never reused; W3.8: a restart is no amnesia.
        let folder = tempfile::tempdir().expect("a folder");
        let open = || LogHub::open(Some(folder.path().into()), LogOptions::default()).expect("opens");
        let job = JobId::from("job-1");
        let hub = open();
        hub.write("stdout", Level::Info, "one\r\n", Some(&job));
        hub.write("server", Level::Warn, "two", None);
        hub.flush().await;
        // A line that a killed process did not finish.
        let board = std::fs::read_dir(folder.path().join("board"))
            .expect("there")
            .next()
            .expect("one")
            .expect("read");
        let mut torn = std::fs::OpenOptions::new().append(true).open(board.path()).expect("opens");
        torn.write_all(b"{\"seq\":3,\"ts\"").expect("written");
        drop(hub);
        let hub = open();
        assert_eq!(
            messages(&hub.latest(10, &LogFilter::default()).entries),
            [(1, "one".into()), (2, "two".into())]
        );
        hub.write("stdout", Level::Info, "three", Some(&job));
        hub.flush().await;
        let third = *hub.head().borrow();
        assert!(third > 3, "the process was not closed, so it may have shown line 3 to somebody");
        let read = |since, limit| messages(&hub.read_job(&job, since, limit).expect("readable"));
        let hub_lines = tokio::task::block_in_place(|| {
            (read(None, 10), read(None, 1), read(Some(0), 1), read(Some(1), 9))
        });
        let (one, three) = ((1, "one".to_string()), (third, "three".to_string()));
        assert_eq!(
            hub_lines,
            (vec![one.clone(), three.clone()], vec![three.clone()], vec![one], vec![three])
        );
        hub.forget(&job);
        hub.flush().await;
        assert!(tokio::task::block_in_place(|| read(None, 10)).is_empty());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn secrets_reach_neither_ring_nor_disk() {
        // X14: before the ring, before the disk, before anybody sees it; also where a line is cut.
        let folder = tempfile::tempdir().expect("a folder");
        let hub = LogHub::open(Some(folder.path().into()), LogOptions::default()).expect("opens");
        let job = JobId::from("job-1");
        let at_the_cut = format!("{}?token=canary-1", "x".repeat(caps::LOG_LINE_BYTES - 12));
        hub.write("stdout", Level::Info, &at_the_cut, Some(&job));
        hub.write("stdout", Level::Info, "login with password=canary-2", Some(&job));
        let fields =
            serde_json::from_str(r#"{"headers":{"Authorization":"Bearer canary-3"},"n":1}"#).expect("JSON");
        let line =
            Line { channel: "app", level: Level::Info, message: "m", job_id: None, fields: Some(fields) };
        hub.write_line(line);
        hub.flush().await;
        let mut texts = vec![format!("{:?}", hub.latest(10, &LogFilter::default()))];
        let mut folders = vec![folder.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("there") {
                let path = entry.expect("read").path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => texts.push(std::fs::read_to_string(path).expect("text")),
                }
            }
        }
        assert!(texts.len() > 2 && texts.iter().all(|text| !text.contains("canary")), "{texts:?}");
        assert_eq!(hub.counts().redacted, 2);
    }

    #[test]
    fn readers_that_are_gone_or_slow_stop_nobody() {
        // W3.6: one failing subscriber stopped the rest and threw into whoever wrote the line. Here a subscriber is
        // a cursor: it runs no code of its own where lines are written.
        let hub = LogHub::open(None, LogOptions { keep_lines: 4, ..LogOptions::default() }).expect("opens");
        let (gone, slow, awake) = (hub.head(), hub.head(), hub.head());
        drop(gone);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _guard = hub.ring();
            panic!("a reader fails while it holds the lock");
        }));
        assert!(panicked.is_err());
        (0..10).for_each(|line| hub.write("app", Level::Info, &line.to_string(), None));
        assert_eq!((*slow.borrow(), *awake.borrow()), (10, 10));
        let page = hub.since(0, 100, &LogFilter::default());
        assert!(page.truncated, "an honest gap");
        assert_eq!(messages(&page.entries).first(), Some(&(7, "6".into())));
    }

    #[test]
    fn a_long_line_is_cut_at_a_character() {
        let hub = LogHub::open(None, LogOptions::default()).expect("opens");
        hub.write("stdout", Level::Info, &"ü".repeat(caps::LOG_LINE_BYTES), None);
        let entries = hub.latest(1, &LogFilter::default()).entries;
        assert_eq!(entries[0].message.len(), caps::LOG_LINE_BYTES);
    }
}
