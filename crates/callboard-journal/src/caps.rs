//! The limits of a journal, each with its reason. What happens when one is reached is said beside it.

/// One commit, or one record of the history, as JSON. A larger one is rejected: nobody could send it to a client.
pub const BODY_BYTES: usize = callboard_protocol::caps::MESSAGE_BYTES_OUT;
/// One snapshot as JSON. A larger one is rejected; SQLite holds less than 1 GB (compressed) in one value.
pub const SNAPSHOT_BYTES: usize = 4 << 30;
/// Nesting of what is stored: JSON readers stop at 128, and what cannot be read back must not be stored.
pub const DEPTH: usize = 120;
/// JSON above this size is compressed; below, the frame and the time cost more than they save.
pub const PLAIN_BYTES: usize = 2048;
/// Snapshots that are kept. Older ones go when a new one comes.
pub const SNAPSHOTS: usize = 3;
/// Stored bytes of one page of commits, whatever number was asked for; at least one commit is returned.
pub const PAGE_BYTES: usize = 8 * 1024 * 1024;
/// Commits of one page, whatever number was asked for.
pub const PAGE_COMMITS: usize = 4096;
/// Commits that one transaction of a truncation deletes, so that appends wait only that long.
pub const TRUNCATE_STEP: u64 = 500;
/// Requests that wait for the writer or reader thread. When full, callers wait (back-pressure).
pub const REQUESTS: usize = 64;
/// Milliseconds that a foreign lock on the database file is waited for (someone looks into it with a tool).
pub const BUSY_MS: u64 = 5_000;
