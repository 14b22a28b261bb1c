//! The ordered, durable log of changes: the port, a memory and an SQLite adapter, and the suite both must pass.
//!
//! A [`Journal`] is a sequence of commits, one in flight at a time. [`Journal::append`] names the tail that it
//! follows and says `Ok` only when the commit, and the history rows that belong to it, would survive a power cut.
//!
//! Reading order: `port.rs` (the contract), `codec.rs` (stored bytes and their hash), `memory.rs` (the least that
//! keeps the contract), `sqlite.rs` (the real one), `conformance.rs` (what keeping the contract means).
//!
//! ```
//! use callboard_journal::{Journal, MemoryJournal};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let journal = MemoryJournal::new();
//! assert_eq!(journal.tail().await?.seq, 0);
//! journal.close().await;
//! # Ok(())
//! # }
//! ```

pub mod caps;
mod codec;
pub mod conformance;
mod error;
mod memory;
mod port;
mod query;
mod sqlite;
mod stored;

pub use codec::{decode, encode, hash};
pub use error::{AppendError, DecodeError, EncodeError, OpenError, ReadError};
pub use memory::MemoryJournal;
pub use port::{Append, Appended, Archive, JobRow, Journal, Snapshot, Tail};
pub use query::{Cursor, CursorError, JobPage, JobQuery, Prune};
pub use sqlite::{Options, SqliteJournal};
