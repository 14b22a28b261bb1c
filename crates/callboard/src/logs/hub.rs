//! Where lines come in: numbered, put into the ring, handed to the files, shown to followers.

use super::{
    LogFilter, LogPage,
    files::{Files, LogFiles},
    ring::LogRing,
};
use callboard_core::LogMeta;
use callboard_protocol::{
    JobId, Time, caps,
    log::{Level, LogEntry, channel_style},
};
use std::{
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::sync::watch;

/// The board's log. Clones are handles of the same one.
#[derive(Clone)]
pub struct LogHub(Arc<Inner>);

struct Inner {
    ring: Mutex<LogRing>,
    head: watch::Sender<u64>,
    files: Option<Files>,
    /// Lines that the files could not take because their queue was full.
    dropped: AtomicU64,
}

impl LogHub {
    /// A log in a folder, going on where it ended; without a folder nothing outlives the process.
    pub(crate) fn open(folder: Option<PathBuf>) -> Result<Self, (PathBuf, io::Error)> {
        let mut ring = LogRing::default();
        let files = match folder {
            Some(folder) => {
                let (files, newest) = LogFiles::open(&folder).map_err(|error| (folder, error))?;
                newest.into_iter().for_each(|entry| ring.push(entry));
                let files = files.run();
                ring.skip_to(files.first_seq());
                Some(files)
            }
            None => None,
        };
        let head = watch::Sender::new(ring.last_seq());
        Ok(LogHub(Arc::new(Inner { ring: Mutex::new(ring), head, files, dropped: AtomicU64::new(0) })))
    }

    /// Writes a line. Never blocks; a line over [`caps::LOG_LINE_BYTES`] is cut.
    pub fn write(&self, channel: &str, level: Level, message: &str, job_id: Option<&JobId>) {
        let (emoji, color) = channel_style(channel);
        let message = message.trim_end_matches(['\r', '\n']);
        let cut = &message[..message.floor_char_boundary(caps::LOG_LINE_BYTES)];
        let mut entry = LogEntry {
            seq: 0,
            ts: now(),
            channel: channel.into(),
            emoji: emoji.into(),
            level,
            message: cut.into(),
            color: color.into(),
            job_id: job_id.cloned(),
            fields: None,
        };
        let mut ring = self.ring();
        entry.seq = ring.last_seq() + 1;
        ring.push(entry.clone());
        let seq = entry.seq;
        // Under the lock, so that files hold lines in the order of their seqs.
        if let Some(files) = &self.0.files {
            files.reserve(seq);
            if !files.append(entry) {
                self.0.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
        drop(ring);
        self.0.head.send_if_modified(|head| {
            let newer = seq > *head;
            *head = seq.max(*head);
            newer
        });
    }

    /// The seq of the last line; wakes its receivers after each line.
    pub fn head(&self) -> watch::Receiver<u64> {
        self.0.head.subscribe()
    }

    /// Up to `limit` lines after `seq`.
    pub fn since(&self, seq: u64, limit: usize, filter: &LogFilter) -> LogPage {
        self.ring().since(seq, limit, filter)
    }

    /// The newest `limit` lines.
    pub fn latest(&self, limit: usize, filter: &LogFilter) -> LogPage {
        self.ring().latest(limit, filter)
    }

    /// Waits until the files can take more lines.
    pub(crate) async fn room(&self) {
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
                let all = self.since(since.unwrap_or(0), usize::MAX - 1, &LogFilter::default()).entries;
                let mut own: Vec<_> =
                    all.into_iter().filter(|entry| entry.job_id.as_ref() == Some(id)).collect();
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
            files.give_back(self.ring().last_seq() + 1);
        }
    }

    pub(crate) fn meta(&self) -> LogMeta {
        let ring = self.ring();
        LogMeta {
            next_seq: ring.last_seq() + 1,
            capacity: caps::LOG_RING_LINES as u64,
            size: ring.len() as u64,
            head: ring.head(),
        }
    }

    fn ring(&self) -> MutexGuard<'_, LogRing> {
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
        let open = || LogHub::open(Some(folder.path().into())).expect("opens");
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

    #[test]
    fn a_long_line_is_cut_at_a_character() {
        let hub = LogHub::open(None).expect("opens");
        hub.write("stdout", Level::Info, &"ü".repeat(caps::LOG_LINE_BYTES), None);
        let entries = hub.latest(1, &LogFilter::default()).entries;
        assert_eq!(entries[0].message.len(), caps::LOG_LINE_BYTES);
    }
}
