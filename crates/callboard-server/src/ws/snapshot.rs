//! The state as `state.snapshot` messages: one, or a skeleton and its entries when it is large (protocol 3).

use super::encode;
use callboard::StateView;
use callboard_protocol::{
    Key, Node, Pointer, caps,
    frame::{ServerFrame, SnapshotReason},
};
use callboard_ws::{Compressor, SharedText};
use std::time::{Duration, Instant};

/// Domains whose records can be sent after the skeleton.
const WIDE: [&str; 2] = ["jobs", "results"];

/// As for patches: paid once for a crowd.
const LEVEL: u32 = 6;
const COMPRESS_FROM: usize = 200;

/// How long a snapshot serves newcomers while the state moves on: a herd of thousands costs a few of them.
const FRESH: Duration = Duration::from_millis(250);

/// What a client needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) reason: SnapshotReason,
    /// The version that it has seen already.
    pub(super) at_least: u64,
    /// It puts a large snapshot together from parts.
    pub(super) parts: bool,
    /// It reads compressed messages.
    pub(super) deflate: bool,
}

/// An encoded snapshot.
pub(super) struct Parts {
    pub(super) version: u64,
    pub(super) messages: Vec<SharedText>,
    reason: SnapshotReason,
    /// It was made for clients that take parts.
    parts: bool,
    /// It is so large that those get parts.
    large: bool,
    made: Instant,
}

impl Parts {
    /// What is left when encoding panicked: no message, so that the client's own timeout decides.
    pub(super) fn nothing(wanted: Wanted) -> Self {
        let Wanted { reason, parts, .. } = wanted;
        Parts { version: 0, messages: Vec::new(), reason, parts, large: false, made: Instant::now() }
    }

    /// Whether it will do while the board is at `head`.
    pub(super) fn serves(&self, wanted: &Wanted, head: u64) -> bool {
        self.reason == wanted.reason
            && (self.parts == wanted.parts || !self.large)
            && self.version >= wanted.at_least
            && !self.messages.is_empty()
            && self.is_fresh(head)
    }

    /// Whether nobody needs it any more once there is `newer`.
    pub(super) fn replaced_by(&self, newer: &Parts) -> bool {
        self.reason == newer.reason && self.parts == newer.parts
    }

    /// What it takes on the way to a client, uncompressed.
    pub(super) fn bytes(&self) -> usize {
        self.messages.iter().map(|message| message.plain().size_bytes()).sum()
    }

    /// Whether it is as good as new: an older one would show a page that was just reloaded what it had seen before,
    /// for the moment until the patch to the head arrives.
    fn is_fresh(&self, head: u64) -> bool {
        self.version == head || self.made.elapsed() < FRESH
    }
}

/// Encodes a state, and compresses it if that is wanted: off the threads that serve, for it may be megabytes.
pub(super) fn encode(state: &StateView, sub: Option<&str>, wanted: Wanted) -> Parts {
    let Wanted { reason, parts, .. } = wanted;
    let message = |data, entries, part, more| {
        SharedText::new(&encode::text(&ServerFrame::StateSnapshot {
            sub: sub.map(str::to_owned),
            epoch: state.epoch.clone(),
            state_version: state.version,
            data,
            entries,
            reason,
            part,
            more,
        }))
    };
    let large = state.document.json_len() > caps::SNAPSHOT_PART_BYTES;
    let messages = if !(large && parts) {
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
    if wanted.deflate {
        let compressor = Compressor::new(LEVEL, COMPRESS_FROM);
        for message in &messages {
            message.deflated(&compressor);
        }
    }
    Parts { version: state.version, messages, reason, parts, large, made: Instant::now() }
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
        let wanted = Wanted { reason: SnapshotReason::Connect, at_least: 0, parts: true, deflate: false };
        let parts = encode(&state, None, wanted);
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
