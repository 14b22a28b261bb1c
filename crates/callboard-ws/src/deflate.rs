//! Compressing messages.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use flate2::{Compress, Compression, FlushCompress};

use crate::{Encoded, frame};

/// What a sync flush ends with; RFC 7692 leaves it off the wire and the reader puts it back.
pub(crate) const SYNC_TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// Output memory kept between messages: a patch fits, a snapshot does not.
const KEPT_SCRATCH_BYTES: usize = 64 * 1024;

/// A compressor of messages that stand alone: it is reset before each, so that none refers to another. Only a
/// [`Chain`](crate::Chain) goes on without a reset.
///
/// It holds about 270 KB; a server needs one, not one per connection.
pub struct Deflater {
    state: Compress,
    scratch: Vec<u8>,
}

impl Deflater {
    /// `level` is zlib's, 1 (fast) to 9 (small). What is compressed once and sent to many deserves 6.
    pub fn new(level: u32) -> Self {
        Self { state: Compress::new(Compression::new(level.min(9)), false), scratch: Vec::new() }
    }

    /// The payload of a compressed message: a sync flush without its last four bytes, never a final block.
    ///
    /// The bytes stay in the compressor until the next call.
    pub fn compress(&mut self, payload: &[u8]) -> &[u8] {
        self.state.reset();
        self.compress_on(payload)
    }

    /// The same, but the message may refer to those since the last reset.
    pub(crate) fn compress_on(&mut self, payload: &[u8]) -> &[u8] {
        let start = self.state.total_in();
        if self.scratch.capacity() > KEPT_SCRATCH_BYTES {
            self.scratch = Vec::new();
        }
        self.scratch.clear();
        let mut used = 0;
        loop {
            // Room for the expected quarter of the rest, and always for the flush marker.
            self.scratch.reserve((payload.len() - used) / 4 + 64);
            self.state
                .compress_vec(&payload[used..], &mut self.scratch, FlushCompress::Sync)
                .expect("deflate fails only on a broken stream state, and only this function uses it");
            used = (self.state.total_in() - start) as usize;
            let flushed = self.scratch.len() < self.scratch.capacity();
            if used == payload.len() && flushed {
                break;
            }
        }
        self.scratch.strip_suffix(&SYNC_TAIL).expect("a sync flush ends with an empty stored block")
    }
}

impl fmt::Debug for Deflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflater").finish_non_exhaustive()
    }
}

/// A handle to one [`Deflater`] that many connections share. A clone is cheap.
///
/// Compressing a patch takes microseconds and happens under a lock; a message of many megabytes should be
/// compressed off the async threads (about 6 ms per megabyte at level 6).
#[derive(Clone, Debug)]
pub struct Compressor(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    deflater: Mutex<Deflater>,
    min_bytes: usize,
}

impl Compressor {
    /// Compresses at `level` (see [`Deflater::new`]) what is at least `min_bytes` long: below about 200 bytes
    /// an independent message gains next to nothing.
    pub fn new(level: u32, min_bytes: usize) -> Self {
        Self(Arc::new(Shared { deflater: Mutex::new(Deflater::new(level)), min_bytes }))
    }

    /// The smaller of the two frames for `text`: compressed, or plain when compressing does not pay.
    pub fn text(&self, text: &str) -> Encoded {
        self.try_deflate(text).unwrap_or_else(|| frame::text(text))
    }

    /// The compressed frame, or `None` when the plain one is as small.
    pub(crate) fn try_deflate(&self, text: &str) -> Option<Encoded> {
        if text.len() < self.0.min_bytes {
            return None;
        }
        // A poisoned lock is harmless: the state is reset before each message.
        let mut deflater = self.0.deflater.lock().unwrap_or_else(PoisonError::into_inner);
        let payload = deflater.compress(text.as_bytes());
        (payload.len() < text.len()).then(|| Encoded::build(frame::DEFLATED_TEXT, payload, None))
    }
}
