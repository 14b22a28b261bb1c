//! Batches of lines, encoded once for all sessions that are at the same place with the same filter.
//!
//! Sessions that follow live are: whoever is the first to look makes the batch, the others write the same bytes.

use super::encode;
use callboard::{LogFilter, LogHub};
use callboard_protocol::{caps, config::ServerConfig, frame::ServerFrame};
use callboard_ws::SharedText;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

/// Batches that are kept for others: at 100 000 lines a second those of the last 60 ms.
const KEPT: usize = 64;

/// One batch.
pub(super) struct LineBatch {
    filter: LogFilter,
    from: (u64, u64),
    /// What the server lets anybody see is part of it.
    config: Arc<ServerConfig>,
    /// The position after the last line looked at.
    pub(super) to_seq: u64,
    /// The message; `None` when no line passed and none was lost.
    pub(super) text: Option<SharedText>,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Lines(Mutex<VecDeque<Arc<LineBatch>>>);

impl Lines {
    /// What follows for a client that has all up to `told` and for which all up to `looked_at` was looked at.
    pub(super) fn batch(
        &self,
        logs: &LogHub,
        (filter, config): (&LogFilter, &Arc<ServerConfig>),
        (told, looked_at): (u64, u64),
    ) -> Arc<LineBatch> {
        // Held while a batch is made: the others want the same one.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let from = (told, looked_at);
        let is_same = |batch: &&Arc<LineBatch>| {
            batch.from == from && batch.filter == *filter && Arc::ptr_eq(&batch.config, config)
        };
        if let Some(batch) = kept.iter().rev().find(is_same) {
            return batch.clone();
        }
        let page = logs.since(looked_at, caps::LOG_BATCH_LINES, filter);
        let dropped = (page.lost > 0).then_some(page.lost);
        let to_seq = page.to_seq;
        let text = (!page.entries.is_empty() || dropped.is_some()).then(|| {
            SharedText::new(&encode::text(&ServerFrame::LogsAppend {
                entries: page.entries,
                prev_seq: told,
                to_seq,
                dropped,
            }))
        });
        let batch =
            Arc::new(LineBatch { filter: filter.clone(), from, config: config.clone(), to_seq, text });
        // An empty batch at the head would hide the lines that come next.
        if to_seq > looked_at {
            if kept.len() >= KEPT {
                kept.pop_front();
            }
            kept.push_back(batch.clone());
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use callboard::{Board, BoardOptions};
    use callboard_protocol::log::Level;

    #[tokio::test]
    async fn who_is_at_the_same_place_gets_the_same_bytes_and_nobody_a_line_twice() {
        let board = Board::open(BoardOptions::default()).await.expect("opens");
        let (logs, lines) = (board.logs(), Lines::default());
        let odd = LogFilter { channels: Some(vec!["odd".into()]), min_level: None };
        (1..=250)
            .for_each(|line| logs.write(if line % 2 == 0 { "even" } else { "odd" }, Level::Info, "x", None));
        let (all, config) = (LogFilter::default(), Arc::new(ServerConfig::default()));
        let first = lines.batch(logs, (&all, &config), (0, 0));
        assert!(Arc::ptr_eq(&first, &lines.batch(logs, (&all, &config), (0, 0))));
        assert_eq!((first.to_seq, first.text.is_some()), (100, true));
        assert!(
            !Arc::ptr_eq(&first, &lines.batch(logs, (&odd, &config), (0, 0))),
            "another filter is another batch"
        );
        assert_eq!(lines.batch(logs, (&all, &config), (200, 200)).to_seq, 250);
        assert!(lines.batch(logs, (&all, &config), (250, 250)).text.is_none());
        logs.write("even", Level::Info, "x", None);
        assert!(lines.batch(logs, (&odd, &config), (250, 250)).text.is_none(), "nothing that it wants");
        logs.write("odd", Level::Info, "x", None);
        let batch = lines.batch(logs, (&odd, &config), (250, 251));
        let text = batch.text.as_ref().expect("a line").text();
        assert!(text.contains(r#""prevSeq":250,"toSeq":252"#), "continuous for the client: {text}");
    }
}
