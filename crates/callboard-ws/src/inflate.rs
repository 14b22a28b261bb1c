//! Inflating messages under a hard cap.

use flate2::{Decompress, FlushDecompress, Status};

use crate::deflate::SYNC_TAIL;
use crate::{DecodeError, Limit};

/// Most output made between two looks at the cap. A bomb is stopped one step past it.
const STEP_BYTES: usize = 64 * 1024;
const FIRST_STEP_BYTES: usize = 512;

/// Inflates one message at a time, keeping the window for the next unless it is dropped.
pub(crate) struct Inflater {
    state: Decompress,
    max_bytes: usize,
    /// A final block was seen in this message. One is legal; a chain of them would buy a reset per two bytes.
    ended: bool,
}

impl Inflater {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { state: Decompress::new(false), max_bytes, ended: false }
    }

    /// Appends what `input` inflates to.
    pub(crate) fn feed(&mut self, mut input: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
        loop {
            if out.len() == out.capacity() {
                let room = self.max_bytes.saturating_sub(out.len()) + 1;
                out.reserve(out.len().clamp(FIRST_STEP_BYTES, STEP_BYTES).min(room));
            }
            let (used_before, made_before) = (self.state.total_in(), out.len());
            let status = self
                .state
                .decompress_vec(input, out, FlushDecompress::None)
                .map_err(|_| DecodeError::BadDeflate)?;
            let used = (self.state.total_in() - used_before) as usize;
            input = &input[used..];
            if out.len() > self.max_bytes {
                return Err(DecodeError::TooBig(Limit::Inflated, self.max_bytes));
            }
            if status == Status::StreamEnd {
                self.restart()?;
            }
            let full = out.len() == out.capacity();
            if input.is_empty() && !full {
                return Ok(());
            }
            if used == 0 && out.len() == made_before && status != Status::StreamEnd && !full {
                return Err(DecodeError::BadDeflate);
            }
        }
    }

    /// Ends the message: what was held back comes out.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let result = self.feed(&SYNC_TAIL, out);
        self.ended = false;
        result
    }

    /// Goes on after a final block, as RFC 7692 7.2.3.4 asks.
    fn restart(&mut self) -> Result<(), DecodeError> {
        if std::mem::replace(&mut self.ended, true) {
            return Err(DecodeError::BadDeflate);
        }
        self.state.reset(false);
        Ok(())
    }
}
