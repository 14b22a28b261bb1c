//! Frames to a transport.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::{Encoded, Outgoing, Role};

/// Writes complete frames to one connection with vectored writes, without copying them.
///
/// The queue holds what [`queue`](Self::queue) was given until [`flush`](Self::flush) has written it. The
/// caller bounds it by not queueing while [`pending_bytes`](Self::pending_bytes) is more than it likes.
pub struct Writer<W> {
    io: W,
    role: Role,
    outgoing: Outgoing,
}

impl<W: AsyncWrite + Unpin> Writer<W> {
    /// A writer after the handshake.
    pub fn new(io: W, role: Role) -> Self {
        Self { io, role, outgoing: Outgoing::default() }
    }

    /// Sends `frames` in order, after what is still pending.
    ///
    /// A dropped call may leave frames pending, and the next write goes on with them: the stream stays whole,
    /// even in the middle of a frame. Whether `frames` were accepted is only certain with
    /// [`queue`](Self::queue) and [`flush`](Self::flush), so use those in a `select!`.
    ///
    /// # Errors
    /// The transport's. They are final.
    pub async fn write_frames(&mut self, frames: &[Encoded]) -> io::Result<()> {
        self.queue(frames);
        self.flush().await
    }

    /// Sends one frame, like [`write_frames`](Self::write_frames).
    ///
    /// # Errors
    /// The transport's. They are final.
    pub async fn write(&mut self, frame: &Encoded) -> io::Result<()> {
        self.write_frames(std::slice::from_ref(frame)).await
    }

    /// Accepts `frames` without writing; [`flush`](Self::flush) must follow.
    pub fn queue(&mut self, frames: &[Encoded]) {
        for frame in frames {
            debug_assert_eq!(
                frame.is_masked(),
                self.role == Role::Client,
                "only a client's frames are masked"
            );
            self.outgoing.push(frame);
        }
    }

    /// Writes everything that is pending and flushes the transport.
    ///
    /// Cancel-safe: a dropped call leaves the rest pending, and the next call goes on.
    ///
    /// # Errors
    /// The transport's. They are final.
    pub async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_drain(cx)).await?;
        self.io.flush().await
    }

    /// Says that nothing follows (FIN), after everything that is pending.
    ///
    /// # Errors
    /// The transport's. They are final.
    pub async fn shutdown(&mut self) -> io::Result<()> {
        self.flush().await?;
        self.io.shutdown().await
    }

    /// Bytes accepted but not yet taken by the transport.
    pub fn pending_bytes(&self) -> usize {
        self.outgoing.pending_bytes()
    }

    /// Bytes taken by the transport so far. A stalled peer is one for whom this stands still.
    pub fn bytes_written(&self) -> u64 {
        self.outgoing.bytes_written()
    }

    /// The transport.
    pub fn get_ref(&self) -> &W {
        &self.io
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { io, outgoing, .. } = self;
        outgoing.drain(|slices| Pin::new(&mut *io).poll_write_vectored(cx, slices))
    }
}
