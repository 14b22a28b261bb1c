//! The compressed chain of a view (sync 3).

use callboard_protocol::caps;
use callboard_ws::{Chain, Linked};
use std::time::Duration;
use tokio::time::Instant;

/// Level 6: paid once per message, not once per client.
const LEVEL: u32 = 6;
/// Who waits longer for a keyframe gets one (rule 7).
const JOINER_WAITS: Duration = Duration::from_secs(5);

/// See the module.
#[derive(Default)]
pub(super) struct Chained {
    chain: Option<Chain>,
    /// Seats whose clients can be members.
    pub(super) readers: usize,
    /// Since when somebody waits for a keyframe.
    joiner_since: Option<Instant>,
}

impl Chained {
    /// The next message in the chain. One reader alone is not worth a compressor that remembers (rule 8).
    pub(super) fn next(&mut self, text: &str) -> Option<Linked> {
        if self.readers < 2 {
            (self.chain, self.joiner_since) = (None, None);
            return None;
        }
        let chain = self.chain.get_or_insert_with(|| Chain::new(LEVEL, caps::CHAIN_KEYFRAME));
        let waited = self.joiner_since.is_some_and(|since| since.elapsed() > JOINER_WAITS);
        let linked = chain.next(text, waited);
        if linked.is_keyframe() {
            self.joiner_since = None;
        }
        Some(linked)
    }

    /// Somebody was served beside the chain.
    pub(super) fn note_joiner(&mut self) {
        self.joiner_since.get_or_insert_with(Instant::now);
    }
}
