//! Searching: live jobs and those that only the store has, in one order, with a budget of work.
//!
//! What an index can answer narrows the search; the rest of the query is asked of each record, by the same function
//! for both. A page that has looked at enough ends where it is and says so: the next one goes on there.

use crate::{Board, history::unreadable, shared::Shared};
use callboard_core::{Narrow, Query};
use callboard_journal::{Cursor, JobQuery};
use callboard_protocol::{
    JobId, Node, Object, Time, caps,
    error::{ErrorCode, Rejection},
    from_node,
};
use std::{
    collections::{BinaryHeap, VecDeque},
    sync::Arc,
};

/// Records that are looked at before others get a turn.
const SLICE: usize = 256;
/// Passing over a stored row without reading it costs about this part of looking at one.
const PASSED_PER_ROW: usize = 16;

/// A record with its place in the order.
type Placed = (Cursor, Live);

/// A record that has no order of its own.
struct Live(Node);

impl PartialEq for Live {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Live {}

impl PartialOrd for Live {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Live {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

/// Jobs that a query may mean, the newest first. The live ones are those of the moment when it began.
pub(crate) struct Scan {
    shared: Arc<Shared>,
    query: Query,
    now: Time,
    /// The state when it began: it knows better than the store of what it has.
    document: Node,
    live: BinaryHeap<Placed>,
    stored: VecDeque<(Cursor, Node)>,
    /// What to ask the store next; `None` at its end.
    ask: Option<JobQuery>,
    looked: usize,
    passed: usize,
    bytes: usize,
}

/// A record that the scan has come to.
pub(crate) struct Found {
    pub(crate) place: Cursor,
    pub(crate) record: Node,
    /// Whether the query means it.
    pub(crate) fits: bool,
}

impl Scan {
    /// Begins after a place of the order; `now` is what ages are counted from.
    pub(crate) async fn open(
        board: &Board,
        query: Query,
        (before, now): (Option<Cursor>, Time),
        rows: usize,
    ) -> Result<Scan, Rejection> {
        let narrow = query.narrow(now);
        let document = board.shared.head().document;
        let until = narrow.created_until.map(Cursor::at_end_of);
        let before = [before, until].into_iter().flatten().min();
        let live = live(document.clone(), narrow.clone(), before.clone()).await?;
        let states = if narrow.has_all_states() { Vec::new() } else { narrow.states.clone() };
        let ask = JobQuery {
            states,
            kind: narrow.kind.clone(),
            queue: narrow.queue.clone(),
            created_from: narrow.created_from,
            before,
            limit: rows,
        };
        // The store holds records that are at an end, or were: a job that runs again keeps the row of its last end.
        let ask = (!narrow.states.is_empty()).then_some(ask);
        let shared = board.shared.clone();
        let stored = VecDeque::new();
        Ok(Scan { shared, query, now, document, live, stored, ask, looked: 0, passed: 0, bytes: 0 })
    }

    /// The next record, whether it fits or not; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Found>, Rejection> {
        self.refill().await?;
        let is_live = match (self.live.peek(), self.stored.front()) {
            (None, None) => return Ok(None),
            (Some((live, _)), Some((stored, _))) => live >= stored,
            (live, _) => live.is_some(),
        };
        let next = if is_live {
            self.live.pop().map(|(place, Live(record))| (place, record))
        } else {
            self.stored.pop_front()
        };
        let Some((place, record)) = next else { return Ok(None) };
        self.looked += 1;
        self.bytes += record.json_len();
        if self.looked.is_multiple_of(SLICE) {
            tokio::task::yield_now().await;
        }
        let fits = self.query.fits(&record, self.now);
        Ok(Some(Found { place, record, fits }))
    }

    /// Whether it has done the work of one page.
    pub(crate) fn is_spent(&self) -> bool {
        self.looked + self.passed / PASSED_PER_ROW >= caps::SEARCH_ROWS || self.bytes >= caps::SEARCH_BYTES
    }

    /// Reads on from the store until there is a record or its end.
    async fn refill(&mut self) -> Result<(), Rejection> {
        while self.stored.is_empty()
            && let Some(ask) = self.ask.take()
        {
            let page = self.shared.journal.jobs(ask.clone()).await.map_err(unreadable)?;
            let jobs = self.document.child("jobs");
            let is_live = |id: &JobId| jobs.is_some_and(|jobs| jobs.child(id.as_str()).is_some());
            let rows = page.jobs.into_iter().filter_map(|record| Some((place(&record)?, record)));
            // A finished job that runs again is live; its stored row is what it was.
            self.stored.extend(rows.filter(|(place, _)| !is_live(&place.id)));
            self.passed += page.passed;
            self.ask = page.next.map(|next| JobQuery { before: Some(next), ..ask });
        }
        Ok(())
    }
}

/// Live jobs that may fit, newest first. All of them are looked at, so many are looked at beside the others' work; for
/// a few the way to another thread is longer than the work.
async fn live(
    document: Node,
    narrow: Narrow,
    before: Option<Cursor>,
) -> Result<BinaryHeap<Placed>, Rejection> {
    let count = document.child("jobs").and_then(Node::as_object).map_or(0, Object::len);
    if count <= SLICE {
        return Ok(live_now(&document, &narrow, before.as_ref()));
    }
    let found = tokio::task::spawn_blocking(move || live_now(&document, &narrow, before.as_ref()));
    found.await.map_err(|error| Rejection::new(ErrorCode::Internal, format!("the search broke: {error}")))
}

fn live_now(document: &Node, narrow: &Narrow, before: Option<&Cursor>) -> BinaryHeap<Placed> {
    let Some(jobs) = document.child("jobs").and_then(Node::as_object) else { return BinaryHeap::new() };
    let records = jobs.iter().map(|(_, record)| record).filter(|record| narrow.may_fit(record));
    let placed = records.filter_map(|record| Some((place(record)?, Live(record.clone()))));
    placed
        .filter(|(place, _)| before.is_none_or(|before| place < before))
        .filter(|(place, _)| narrow.created_from.is_none_or(|from| place.created_at >= from))
        .collect()
}

/// A record's place in the order of listings.
fn place(record: &Node) -> Option<Cursor> {
    let id = JobId::new(record.child("id")?.as_str()?);
    Some(Cursor { created_at: from_node(record.child("createdAt")?).ok()?, id })
}
