//! What a bulk would do, without doing it.

use crate::{Board, search::Scan};
use callboard_core::{Query, bulk};
use callboard_journal::Cursor;
use callboard_protocol::{
    Key, Node, Object, Time,
    bulk::{BulkArgs, BulkCount},
    caps,
    error::{ErrorCode, Rejection},
    to_node,
};
use std::collections::BTreeMap;

/// Jobs that a query means, by what an action can do to them.
#[derive(Debug, Default)]
pub(super) struct Count {
    pub(super) eligible: u64,
    skipped: BTreeMap<&'static str, u64>,
    sample: Vec<Node>,
    /// There are more jobs than are counted.
    cut: bool,
}

impl Count {
    /// Looks at all jobs that were accepted until `at`, up to [`caps::BULK_COUNTED`].
    pub(super) async fn of(
        board: &Board,
        args: &BulkArgs,
        (query, at): (Query, Time),
    ) -> Result<Count, Rejection> {
        // The semaphore is never closed.
        let _turn = board.shared.searches.acquire().await.ok();
        let from = Some(Cursor::at_end_of(at));
        let mut scan = Scan::open(board, query, (from, at), caps::PAGE_ROWS).await?;
        let mut count = Count::default();
        let mut looked = 0;
        while let Some(found) = scan.next().await? {
            if found.fits {
                count.take(args, &found.record);
            }
            looked += 1;
            if looked >= caps::BULK_COUNTED {
                count.cut = true;
                break;
            }
        }
        Ok(count)
    }

    fn take(&mut self, args: &BulkArgs, record: &Node) {
        match bulk::eligible(args, record) {
            Ok(()) => {
                self.eligible += 1;
                if self.sample.len() < caps::BULK_SAMPLE {
                    self.sample.push(shown(record));
                }
            }
            Err(skip) => *self.skipped.entry(skip.as_str()).or_default() += 1,
        }
    }

    /// The answer to a dry run.
    pub(super) fn answer(self, args: &BulkArgs, at: Time) -> Result<Node, Rejection> {
        let Count { eligible, skipped, sample, cut } = self;
        let skipped = skipped.into_iter().map(|(reason, count)| (reason.to_owned(), count)).collect();
        let count = BulkCount { action: args.action, eligible, skipped, sample, at, cut };
        to_node(&count).map_err(|error| Rejection::new(ErrorCode::Internal, error.to_string()))
    }
}

/// What is shown of a job in the sample.
fn shown(record: &Node) -> Node {
    let members = ["id", "kind", "queue", "state", "title"].into_iter();
    let members = members.filter_map(|name| Some((Key::constant(name), record.child(name)?.clone())));
    members.collect::<Object>().into()
}
