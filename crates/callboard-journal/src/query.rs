//! Questions to the history of jobs: newest first, page by page.

use callboard_protocol::{JobId, Node, Time, job::JobState, job::check_id};
use std::{fmt, str::FromStr};

/// Which archived jobs to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobQuery {
    /// Only jobs in one of these states; all when empty.
    pub states: Vec<JobState>,
    /// Only jobs of this kind.
    pub kind: Option<String>,
    /// Only jobs of this queue. Together with a kind the rows of others may be passed over, so a page may be short,
    /// and only [`JobPage::next`] says whether it was the last.
    pub queue: Option<String>,
    /// Only jobs that were accepted at this time or later.
    pub created_from: Option<Time>,
    /// Only jobs after this place of the listing: the previous page's [`JobPage::next`].
    pub before: Option<Cursor>,
    /// Rows that the page looks at, 1 to [`callboard_protocol::caps::PAGE_ROWS`]; other values are clamped.
    pub limit: usize,
}

impl Default for JobQuery {
    fn default() -> Self {
        JobQuery { states: Vec::new(), kind: None, queue: None, created_from: None, before: None, limit: 50 }
    }
}

impl JobQuery {
    pub(crate) fn rows(&self) -> usize {
        self.limit.clamp(1, callboard_protocol::caps::PAGE_ROWS)
    }
}

/// Which archived jobs are to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prune {
    /// In this state.
    pub state: JobState,
    /// That ended at this time or before; one without an end stays.
    pub until: Time,
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only of this queue.
    pub queue: Option<String>,
    /// At most so many.
    pub limit: usize,
}

/// One page of a listing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobPage {
    /// The records, newest `created_at` first; ties by descending id.
    pub jobs: Vec<Node>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Cursor>,
    /// Rows that were passed over because they are of another queue or kind.
    pub passed: usize,
}

/// A place in a listing: after the job of this time and id. Its text is opaque to clients.
///
/// ```
/// use callboard_journal::Cursor;
/// use callboard_protocol::Time;
///
/// let cursor = Cursor { created_at: Time(1700), id: "job.a".into() };
/// assert_eq!(Cursor::parse(&cursor.to_string()), Ok(cursor));
/// assert!(Cursor::parse("tomorrow").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// When the job was accepted.
    pub created_at: Time,
    /// The job.
    pub id: JobId,
}

/// A client sent a cursor that we did not make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this listing; take nextCursor from the page before")]
pub struct CursorError;

/// Sorts after every id.
const LAST_ID: &str = "\u{10FFFF}";

impl Cursor {
    /// The place before all jobs that were accepted at a time, and after those accepted later.
    pub fn at_end_of(created_at: Time) -> Cursor {
        Cursor { created_at, id: LAST_ID.into() }
    }

    /// Reads the text of a cursor.
    ///
    /// # Errors
    /// It is not one that we made.
    pub fn parse(text: &str) -> Result<Cursor, CursorError> {
        let (ms, id) = text.strip_prefix('c').and_then(|rest| rest.split_once('.')).ok_or(CursorError)?;
        check_id("cursor", id).map_err(|_| CursorError)?;
        Ok(Cursor { created_at: Time(ms.parse().map_err(|_| CursorError)?), id: id.into() })
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        Cursor::parse(text)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "c{}.{}", self.created_at.0, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text() {
        for (ms, id) in [(0, "a"), (-5, "x.y:z-1_2"), (i64::MAX, "0198-a")] {
            let cursor = Cursor { created_at: Time(ms), id: id.into() };
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
    }

    #[test]
    fn other_texts_are_an_error() {
        for text in
            ["", "c", "c.", "c1.", "c1", "1.a", "cx.a", "c1.a b", "c99999999999999999999.a", "c1.a/../b"]
        {
            assert_eq!(Cursor::parse(text), Err(CursorError), "{text}");
        }
    }

    #[test]
    fn the_limit_is_clamped() {
        for (asked, rows) in [(0, 1), (7, 7), (usize::MAX, callboard_protocol::caps::PAGE_ROWS)] {
            assert_eq!(JobQuery { limit: asked, ..JobQuery::default() }.rows(), rows);
        }
    }
}
