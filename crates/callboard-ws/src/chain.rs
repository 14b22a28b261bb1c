//! The keyframed chain: one compressor for all readers of a stream of messages (design: sync 3).
//!
//! Each message may refer to the ones before it, back to the last *keyframe*, where the compressor starts afresh. So a
//! message costs a few bytes instead of a few hundred, is still compressed once for everybody, and a reader can join
//! at any keyframe. On the wire it is plain RFC 7692 with context takeover.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Deflater, Encoded, frame};

/// Runs from a keyframe to the next are numbered over all chains of the process, so that no reader takes a message of
/// one chain for the continuation of another.
static RUNS: AtomicU64 = AtomicU64::new(1);

/// The sending side of a chain. It holds one compressor, about 270 KB.
#[derive(Debug)]
pub struct Chain {
    deflater: Deflater,
    keyframe_every: u32,
    run: u64,
    length: u32,
}

/// Where a message stands in a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Link {
    run: u64,
    index: u32,
}

/// A message compressed into a chain. Only a [`Membership`] says who may be sent it.
#[derive(Clone, Debug)]
pub struct Linked {
    frame: Encoded,
    link: Link,
}

/// What one reader has of a chain: the message that its decompressor saw last, if it is a member.
///
/// A reader is a member from a keyframe until it misses a message or is sent a compressed message that is not of the
/// chain, which would shift its window. Uncompressed messages do no harm. Only for a connection whose
/// [`DeflateParams::server_no_context_takeover`](crate::DeflateParams) is `false`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Membership(Option<Link>);

impl Chain {
    /// A chain whose first message is a keyframe, and every `keyframe_every`th after it.
    pub fn new(level: u32, keyframe_every: u32) -> Self {
        Self {
            deflater: Deflater::new(level),
            keyframe_every: keyframe_every.max(1),
            run: 0,
            length: u32::MAX,
        }
    }

    /// Whether the next message is a keyframe in any case.
    pub fn is_due(&self) -> bool {
        self.length >= self.keyframe_every
    }

    /// Compresses the next message; as a keyframe if one is due or wanted.
    ///
    /// It is sent compressed even when it did not shrink: its readers' windows must move along.
    pub fn next(&mut self, text: &str, keyframe: bool) -> Linked {
        let payload = if keyframe || self.is_due() {
            self.run = RUNS.fetch_add(1, Ordering::Relaxed);
            self.length = 0;
            self.deflater.compress(text.as_bytes())
        } else {
            self.deflater.compress_on(text.as_bytes())
        };
        let link = Link { run: self.run, index: self.length };
        self.length += 1;
        Linked { frame: Encoded::build(frame::DEFLATED_TEXT, payload, None), link }
    }
}

impl Linked {
    /// Whether a reader can join here.
    pub fn is_keyframe(&self) -> bool {
        self.link.index == 0
    }

    /// What it costs on the wire and in memory.
    pub fn size_bytes(&self) -> usize {
        self.frame.size_bytes()
    }
}

impl Membership {
    /// The frame to send to this reader, which is a member with it; `None` when it must have another form of the
    /// message, and [`leave`](Self::leave) if that is compressed.
    pub fn take<'a>(&mut self, linked: &'a Linked) -> Option<&'a Encoded> {
        let Link { run, index } = linked.link;
        let continues = self.0.is_some_and(|last| last.run == run && last.index + 1 == index);
        if !continues && !linked.is_keyframe() {
            return None;
        }
        self.0 = Some(linked.link);
        Some(&linked.frame)
    }

    /// The reader was sent another compressed message, or will miss one.
    pub fn leave(&mut self) {
        self.0 = None;
    }

    /// Whether compressed messages from outside the chain would cost the reader its place.
    pub fn is_member(&self) -> bool {
        self.0.is_some()
    }
}
