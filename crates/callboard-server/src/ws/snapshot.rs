//! The state as `state.snapshot` messages: one, or a skeleton and its entries when it is large (protocol 3).

use super::encode;
use callboard::StateView;
use callboard_protocol::{
    Key, Node, Pointer, caps,
    frame::{ServerFrame, SnapshotReason},
};
use callboard_ws::SharedText;
use std::time::{Duration, Instant};

/// Domains whose records can be sent after the skeleton.
const WIDE: [&str; 2] = ["jobs", "results"];

/// How long a snapshot serves newcomers while the state moves on: a herd of thousands costs a few of them.
const FRESH: Duration = Duration::from_millis(250);

/// An encoded snapshot.
pub(super) struct Parts {
    pub(super) version: u64,
    pub(super) reason: SnapshotReason,
    pub(super) messages: Vec<SharedText>,
    made: Instant,
}

impl Parts {
    /// What is left when encoding panicked: no message, so that the client's own timeout decides.
    pub(super) fn nothing(reason: SnapshotReason) -> Self {
        Parts { version: u64::MAX, reason, messages: Vec::new(), made: Instant::now() }
    }

    /// Whether it is as good as new: an older one would show a page that was just reloaded what it had seen before,
    /// for the moment until the patch to the head arrives.
    pub(super) fn is_fresh(&self, head: u64) -> bool {
        self.version == head || self.made.elapsed() < FRESH
    }
}

pub(super) fn encode(state: &StateView, reason: SnapshotReason) -> Parts {
    let message = |data, entries, part, more| {
        SharedText::new(&encode::text(&ServerFrame::StateSnapshot {
            sub: None,
            epoch: state.epoch.clone(),
            state_version: state.version,
            data,
            entries,
            reason,
            part,
            more,
        }))
    };
    let messages = if state.document.json_len() <= caps::SNAPSHOT_PART_BYTES {
        vec![message(Some(state.document.clone()), None, None, None)]
    } else {
        let (skeleton, chunks) = split(&state.document);
        let last = chunks.len();
        let head = message(Some(skeleton), None, Some(0), Some(last > 0));
        let rest = chunks
            .into_iter()
            .zip(1u32..)
            .map(|(chunk, part)| message(None, Some(chunk), Some(part), Some((part as usize) < last)));
        std::iter::once(head).chain(rest).collect()
    };
    Parts { version: state.version, reason, messages, made: Instant::now() }
}

type Chunk = Vec<(String, Node)>;

/// The document without the records of wide domains, and those records in chunks of about a part's size.
fn split(document: &Node) -> (Node, Vec<Chunk>) {
    let Some(root) = document.as_object() else { return (document.clone(), Vec::new()) };
    let mut skeleton = root.clone();
    let mut chunks: Vec<Chunk> = Vec::new();
    let mut room = 0usize;
    for domain in WIDE {
        let Some(records) = root.get(domain).and_then(Node::as_object) else { continue };
        skeleton.insert(Key::constant(domain), Node::object());
        for (key, record) in records.iter() {
            let bytes = record.json_len() + 64;
            if bytes > room {
                chunks.push(Chunk::new());
                room = caps::SNAPSHOT_PART_BYTES;
            }
            room = room.saturating_sub(bytes);
            let path = Pointer::new([Key::constant(domain), key.clone()]).to_string();
            if let Some(chunk) = chunks.last_mut() {
                chunk.push((path, record.clone()));
            }
        }
    }
    (skeleton.into(), chunks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use callboard_protocol::{Epoch, Op, apply};

    #[test]
    fn a_large_state_is_whole_again_after_the_last_part() {
        let mut document: Node =
            serde_json::from_str(r#"{"jobs":{},"results":{},"meta":{"a":1}}"#).expect("JSON");
        for index in 0..2000 {
            let record =
                format!(r#"{{"op":"add","path":"/jobs/j{index}","value":{{"text":"{}"}}}}"#, "x".repeat(300));
            let op: Op = serde_json::from_str(&record).expect("an op");
            apply(&mut document, &[op]).expect("fits");
        }
        let state = StateView { epoch: Epoch::new("e"), version: 7, document: document.clone() };
        let parts = encode(&state, SnapshotReason::Connect);
        assert!(parts.messages.len() > 2);
        let mut rebuilt = Node::Null;
        let mut finished = false;
        for message in &parts.messages {
            assert!(message.size_bytes() < caps::SNAPSHOT_PART_BYTES * 2);
            let ServerFrame::StateSnapshot { data, entries, more, .. } =
                serde_json::from_str(message.text()).expect("a message")
            else {
                panic!("another type");
            };
            rebuilt = data.unwrap_or(rebuilt);
            for (path, value) in entries.into_iter().flatten() {
                let path = Pointer::parse(&path).expect("a pointer");
                apply(&mut rebuilt, &[Op::Add { path, value }]).expect("fits");
            }
            finished = more == Some(false);
        }
        assert!(finished);
        assert_eq!(rebuilt, document);
    }
}
