//! Frames on their way to one connection.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::task::{Poll, ready};

use bytes::{Buf, Bytes};

use crate::Encoded;

/// Frames per `writev`; the delivery algorithm sends at most this many at once.
const MAX_SLICES: usize = 64;

/// A queue of frames that does no I/O of its own: the caller brings the write.
///
/// It never copies a frame, and it keeps the stream whole: what a short write left over goes out first. The caller
/// bounds it by not queueing while [`pending_bytes`](Self::pending_bytes) is more than it likes.
#[derive(Debug, Default)]
pub struct Outgoing {
    pending: VecDeque<Bytes>,
    pending_bytes: usize,
    bytes_written: u64,
}

impl Outgoing {
    /// Accepts a frame; [`drain`](Self::drain) must follow.
    pub fn push(&mut self, frame: &Encoded) {
        self.pending_bytes += frame.size_bytes();
        self.pending.push_back(frame.as_bytes().clone());
    }

    /// Writes everything that is pending; `Pending` when `write` is.
    ///
    /// # Errors
    /// What `write` says, and `WriteZero` when it takes nothing. They are final.
    pub fn drain(
        &mut self,
        mut write: impl FnMut(&[IoSlice<'_>]) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<()>> {
        while !self.pending.is_empty() {
            // On the stack of this call, not in a future: a connection that waits does not pay for it.
            let mut slices = [IoSlice::new(&[]); MAX_SLICES];
            let count = self.pending.len().min(MAX_SLICES);
            for (slice, frame) in slices.iter_mut().zip(&self.pending) {
                *slice = IoSlice::new(frame);
            }
            let written = ready!(write(&slices[..count]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(written);
        }
        // A connection that waits holds nothing.
        self.pending = VecDeque::new();
        Poll::Ready(Ok(()))
    }

    /// Writes one frame at once, or as much of it as `write` takes; the rest, if any, is pending then.
    ///
    /// This is the cheap way for a frame that many connections share: nothing is allocated or counted up when the
    /// transport takes it whole. If something is pending already, the frame is queued behind it and not written.
    ///
    /// # Errors
    /// What `write` says, except `WouldBlock`, which is no error here. They are final.
    pub fn send(
        &mut self,
        frame: &Encoded,
        write: impl FnOnce(&[u8]) -> io::Result<usize>,
    ) -> io::Result<()> {
        if !self.pending.is_empty() {
            self.push(frame);
            return Ok(());
        }
        let written = match write(frame.as_bytes()) {
            Ok(written) => written,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error),
        };
        self.bytes_written += written as u64;
        if written < frame.size_bytes() {
            let rest = frame.as_bytes().slice(written..);
            self.pending_bytes += rest.len();
            self.pending.push_back(rest);
        }
        Ok(())
    }

    /// Whether everything that was accepted has been written.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Bytes accepted but not yet taken by the transport.
    pub fn pending_bytes(&self) -> usize {
        self.pending_bytes
    }

    /// Bytes taken by the transport so far. A stalled peer is one for whom this stands still.
    pub fn bytes_written(&self) -> u64 {
        self.bytes_written
    }

    fn advance(&mut self, written: usize) {
        self.bytes_written += written as u64;
        self.pending_bytes -= written;
        let mut left = written;
        while let Some(frame) = self.pending.front_mut() {
            if left < frame.len() {
                frame.advance(left);
                return;
            }
            left -= frame.len();
            self.pending.pop_front();
        }
        debug_assert_eq!(left, 0, "the transport took more than it was given");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame;

    /// A transport that takes so many bytes and then nothing more.
    fn taking(wire: &mut Vec<u8>, room: usize) -> impl FnMut(&[u8]) -> io::Result<usize> {
        let end = wire.len() + room;
        move |bytes| {
            let taken = bytes.len().min(end - wire.len());
            wire.extend_from_slice(&bytes[..taken]);
            if taken == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(taken) }
        }
    }

    /// Frames that are cut anywhere and queued behind the rest arrive whole and in order.
    #[test]
    fn a_short_write_leaves_the_stream_whole() {
        let frames = [frame::text("first"), frame::text("second"), frame::text("third")];
        let whole: Vec<u8> = frames.iter().flat_map(|frame| frame.as_bytes().to_vec()).collect();
        for room in 0..=whole.len() {
            let (mut wire, mut outgoing) = (Vec::new(), Outgoing::default());
            for frame in &frames {
                let left = room.saturating_sub(wire.len());
                outgoing.send(frame, taking(&mut wire, left)).unwrap();
            }
            assert_eq!(wire.len() + outgoing.pending_bytes(), whole.len(), "room for {room}");
            assert_eq!(outgoing.is_empty(), room == whole.len());
            let drained = outgoing.drain(|slices| {
                // One byte at a time.
                wire.push(slices[0][0]);
                Poll::Ready(Ok(1))
            });
            assert!(matches!(drained, Poll::Ready(Ok(()))));
            assert_eq!(wire, whole, "room for {room}");
            assert_eq!(outgoing.bytes_written(), whole.len() as u64);
        }
    }

    #[test]
    fn an_error_of_the_transport_is_said() {
        let mut outgoing = Outgoing::default();
        let broken = |_: &[u8]| Err(io::ErrorKind::BrokenPipe.into());
        assert!(outgoing.send(&frame::text("lost"), broken).is_err());
        outgoing.push(&frame::text("lost"));
        assert!(matches!(outgoing.drain(|_| Poll::Ready(Ok(0))), Poll::Ready(Err(_))));
        assert!(outgoing.drain(|_| Poll::Pending).is_pending());
    }
}
