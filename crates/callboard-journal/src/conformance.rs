//! What every journal must do, as named cases: an adapter is whatever passes them.
//!
//! ```
//! use callboard_journal::{Journal, MemoryJournal, conformance::{Site, conformance}};
//! use std::sync::{Arc, Mutex};
//!
//! struct Memory(Mutex<MemoryJournal>);
//!
//! #[async_trait::async_trait]
//! impl Site for Memory {
//!     async fn handle(&self) -> Result<Arc<dyn Journal>, String> {
//!         Ok(Arc::new(self.0.lock().expect("no panics").clone()))
//!     }
//!     async fn restart(&self) -> Result<(), String> {
//!         let mut open = self.0.lock().expect("no panics");
//!         *open = open.reopen();
//!         Ok(())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let failures = conformance(|| Ok(Box::new(Memory(Mutex::default())))).await;
//! assert!(failures.is_empty(), "{failures:#?}");
//! # }
//! ```

mod compaction;
mod history;
mod life;
mod listing;
mod log;
mod make;
mod race;
mod snapshots;

use crate::{AppendError, EncodeError, Journal, ReadError};
use async_trait::async_trait;
use std::{fmt, pin::Pin, sync::Arc};

/// One journal, empty at first, that the cases work on. Cleans up after itself when it is dropped.
#[async_trait]
pub trait Site: Send + Sync {
    /// A handle on the journal: another connection where several may be open at once, else the same one.
    ///
    /// # Errors
    /// It cannot be opened; the case fails with this text.
    async fn handle(&self) -> Result<Arc<dyn Journal>, String>;

    /// Closes all handles and lets the next [`Site::handle`] open anew, as a new process would.
    ///
    /// # Errors
    /// The case fails with this text.
    async fn restart(&self) -> Result<(), String>;

    /// Damages the stored bytes of the newest snapshot, while no handle is open; `false` when this site cannot.
    ///
    /// # Errors
    /// The case fails with this text.
    async fn damage_newest_snapshot(&self) -> Result<bool, String> {
        Ok(false)
    }
}

/// A requirement by name.
#[derive(Clone, Copy)]
pub struct Case {
    /// What must hold, as a sentence.
    pub name: &'static str,
    run: fn(Arc<dyn Journal>, &dyn Site) -> CaseFuture<'_>,
}

type CaseFuture<'a> = Pin<Box<dyn Future<Output = Checked> + Send + 'a>>;

/// How a case ends.
type Checked<T = ()> = Result<T, Unmet>;

/// What a journal did wrong.
#[derive(Debug)]
struct Unmet(String);

/// A case that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The case.
    pub case: &'static str,
    /// What was seen instead.
    pub what: String,
}

impl Case {
    /// Runs the case on an empty site.
    ///
    /// # Errors
    /// What was seen instead.
    pub async fn run(&self, site: &dyn Site) -> Result<(), Failure> {
        let run = async { (self.run)(site.handle().await?, site).await };
        run.await.map_err(|Unmet(what)| Failure { case: self.name, what })
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

macro_rules! cases {
    ($($group:ident: $($name:ident),+;)+) => {
        /// All cases, the simple ones first.
        pub const CASES: &[Case] = &[$($(
            Case { name: stringify!($name), run: |journal, site| Box::pin($group::$name(journal, site)) },
        )+)+];
    };
}

cases! {
    log: an_empty_journal_is_at_zero, numbers_are_contiguous_and_hashes_chained, a_commit_comes_back_as_it_was,
        a_takeover_names_epoch_and_node, a_wrong_tail_stores_nothing, what_does_not_fit_stores_nothing,
        commits_come_in_pages;
    race: an_acknowledged_commit_is_on_every_handle, racing_writers_win_one_place_each;
    history: rows_come_with_their_commit, a_later_row_replaces, deleting_takes_the_attempts_too, pruning_takes_what_ended_long_enough_ago,
        a_refused_batch_leaves_no_rows;
    listing: listings_are_newest_first_and_filtered, pages_lose_and_repeat_nothing, limits_are_clamped,
        pages_stand_while_jobs_come_and_go;
    snapshots: the_newest_snapshot_comes_back, a_snapshot_replaces_one_of_the_same_commit,
        a_snapshot_that_does_not_fit_is_refused, a_snapshot_of_compacted_commits_is_refused, a_damaged_snapshot_is_skipped;
    compaction: compaction_keeps_the_numbering, a_journal_may_be_compacted_to_its_tail,
        what_no_snapshot_covers_stays, three_snapshots_are_kept;
    life: a_restart_keeps_everything, closing_is_idempotent, a_closed_journal_refuses;
}

/// Runs every case, each on a new site; the failures.
pub async fn conformance(new_site: impl Fn() -> Result<Box<dyn Site>, String>) -> Vec<Failure> {
    let mut failures = Vec::new();
    for case in CASES {
        let result = match new_site() {
            Ok(site) => case.run(&*site).await,
            Err(what) => Err(Failure { case: case.name, what }),
        };
        failures.extend(result.err());
    }
    failures
}

/// Ends the case unless the two are equal.
macro_rules! same {
    ($left:expr, $right:expr, $($what:tt)+) => {{
        let (left, right) = (&$left, &$right);
        if left != right {
            let what = format!($($what)+);
            return Err($crate::conformance::Unmet(format!("{what}: expected {right:?}, saw {left:?}")));
        }
    }};
}

/// Ends the case unless the value has the form.
macro_rules! fits {
    ($value:expr, $form:pat) => {{
        let value = $value;
        if !matches!(&value, $form) {
            let form = stringify!($form);
            return Err($crate::conformance::Unmet(format!("expected {form}, saw {value:?}")));
        }
    }};
}

use {fits, same};

impl From<AppendError> for Unmet {
    fn from(error: AppendError) -> Self {
        Unmet(format!("failed to append: {error}"))
    }
}

impl From<ReadError> for Unmet {
    fn from(error: ReadError) -> Self {
        Unmet(format!("failed to read: {error}"))
    }
}

impl From<EncodeError> for Unmet {
    fn from(error: EncodeError) -> Self {
        Unmet(format!("failed to encode: {error}"))
    }
}

impl From<String> for Unmet {
    fn from(text: String) -> Self {
        Unmet(text)
    }
}
