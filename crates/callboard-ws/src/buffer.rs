//! The bytes between the transport and the decoder.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// What is read at once after a wait. Commands, acks and pings fit; it must hold a header and a control frame.
const FIRST_BYTES: usize = 1024;

/// What a connection in full flow reads at once; more gains nothing over the kernel's own buffers.
const MAX_BYTES: usize = 64 * 1024;

/// A read buffer that doubles while reads fill it and is gone when the connection waits.
pub(crate) struct ReadBuffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// The last read filled the buffer, so more is probably there.
    filled: bool,
}

impl ReadBuffer {
    /// A buffer that already holds what was read together with the handshake.
    pub(crate) fn new(prefix: &[u8]) -> Self {
        Self { bytes: prefix.to_vec(), start: 0, end: prefix.len(), filled: false }
    }

    pub(crate) fn unread(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.end]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    pub(crate) fn consume(&mut self, count: usize) {
        self.start += count;
        debug_assert!(self.start <= self.end, "consumed more than was read");
    }

    /// Reads once, returning how much; 0 is the end. Nothing is lost if the future is dropped.
    ///
    /// `may_rest` says that no message is half read: if the transport has nothing now, memory is given back.
    pub(crate) async fn fill<R>(&mut self, io: &mut R, may_rest: bool) -> io::Result<usize>
    where
        R: AsyncRead + Unpin,
    {
        poll_fn(|cx| self.poll_fill(cx, io, may_rest)).await
    }

    fn poll_fill<R>(&mut self, cx: &mut Context<'_>, io: &mut R, may_rest: bool) -> Poll<io::Result<usize>>
    where
        R: AsyncRead + Unpin,
    {
        if self.bytes.is_empty() {
            return self.poll_first(cx, io);
        }
        self.make_room();
        let mut target = ReadBuf::new(&mut self.bytes[self.end..]);
        let poll = Pin::new(io).poll_read(cx, &mut target);
        let count = target.filled().len();
        if poll.is_pending() && may_rest {
            self.rest();
        }
        ready!(poll)?;
        self.end += count;
        self.filled = self.end == self.bytes.len();
        Poll::Ready(Ok(count))
    }

    /// The first read after a wait, onto the stack: most connections wait most of the time, and own nothing then.
    fn poll_first<R>(&mut self, cx: &mut Context<'_>, io: &mut R) -> Poll<io::Result<usize>>
    where
        R: AsyncRead + Unpin,
    {
        let mut first = [0; FIRST_BYTES];
        let mut target = ReadBuf::new(&mut first);
        ready!(Pin::new(io).poll_read(cx, &mut target))?;
        let count = target.filled().len();
        if count > 0 {
            self.bytes = first.to_vec();
            self.end = count;
            self.filled = count == FIRST_BYTES;
        }
        Poll::Ready(Ok(count))
    }

    /// Moves the unread bytes to the front and grows if the last read asked for it.
    fn make_room(&mut self) {
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let full = self.end == self.bytes.len();
        if full || (self.filled && self.bytes.len() < MAX_BYTES) {
            self.bytes.resize(
                (self.bytes.len() * 2).max(FIRST_BYTES).min(MAX_BYTES.max(self.end + FIRST_BYTES)),
                0,
            );
        }
        self.filled = false;
    }

    fn rest(&mut self) {
        if self.is_empty() {
            *self = Self::new(&[]);
        }
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}
