//! SQLite and nothing else: rows that come over a channel, committed in groups by one thread, acknowledged one by
//! one. What durable work costs at least on this disk.

use crate::{
    Done,
    load::{Load, Until},
    measure::Took,
};
use rusqlite::Connection;
use std::{path::Path, thread::JoinHandle};
use tokio::sync::{mpsc, oneshot};

/// The name of this in figures.
pub(crate) const NAME: &str = "raw SQLite group commit";

/// Rows in one transaction, as many as the changes in a commit of the journal.
const GROUP: usize = callboard_protocol::caps::COMMIT_ENTRIES;

struct Row {
    body: Vec<u8>,
    stored: oneshot::Sender<()>,
}

/// The thread that commits.
pub(crate) struct RawCommit {
    rows: mpsc::Sender<Row>,
    thread: JoinHandle<rusqlite::Result<()>>,
}

impl RawCommit {
    pub(crate) fn open(folder: &Path) -> Done<Self> {
        let connection = Connection::open(folder.join("raw.sqlite"))?;
        // The settings of the journal, so that only what is done with them differs.
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        connection.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 8000; PRAGMA cache_size = -32768;
             CREATE TABLE rows (seq INTEGER PRIMARY KEY, body BLOB NOT NULL);",
        )?;
        let (rows, waiting) = mpsc::channel(callboard_protocol::caps::COMMAND_QUEUE);
        let thread =
            std::thread::Builder::new().name("raw-commit".into()).spawn(|| commit(connection, waiting))?;
        Ok(RawCommit { rows, thread })
    }

    /// Stores rows of `bytes` bytes under this load.
    pub(crate) async fn drive(&self, load: Load, until: Until, bytes: usize) -> Done<Took> {
        let rows = self.rows.clone();
        let send = move |number: u64| {
            let rows = rows.clone();
            async move {
                let (stored, answer) = oneshot::channel();
                let fill = b'a' + (number % 26) as u8;
                rows.send(Row { body: vec![fill; bytes], stored })
                    .await
                    .map_err(|_| "the thread has ended")?;
                Ok(answer.await?)
            }
        };
        load.run(until, send).await
    }

    pub(crate) fn close(self) -> Done {
        drop(self.rows);
        Ok(self.thread.join().map_err(|_| "the committing thread panicked")??)
    }
}

fn commit(mut connection: Connection, mut waiting: mpsc::Receiver<Row>) -> rusqlite::Result<()> {
    let mut group = Vec::with_capacity(GROUP);
    while let Some(first) = waiting.blocking_recv() {
        group.push(first);
        while group.len() < GROUP
            && let Ok(row) = waiting.try_recv()
        {
            group.push(row);
        }
        let transaction = connection.transaction()?;
        let mut insert = transaction.prepare_cached("INSERT INTO rows (body) VALUES (?)")?;
        for row in &group {
            insert.execute([&row.body])?;
        }
        drop(insert);
        transaction.commit()?;
        for row in group.drain(..) {
            // Whoever asked may have gone.
            let _ = row.stored.send(());
        }
    }
    Ok(())
}
