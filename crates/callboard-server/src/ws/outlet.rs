//! The sending end of a connection. Its session and the broadcasters of its views write to it directly, in turns.
//!
//! A frame that the socket takes at once costs a lock and a `send`; nobody is woken for it. Only when the socket does
//! not take all of it is the session's task woken, which writes the rest when there is room (protocol 9).

use super::view::PatchFrame;
use callboard_ws::{Compressor, DeflateParams, Encoded, Membership, Outgoing, SharedText, frame};
use rustix::net::SendFlags;
use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError},
    task::Poll,
};
use tokio::{net::tcp::OwnedWriteHalf, sync::Notify};

/// A message of this size is worth the place in a chain: the client reads it compressed, leaves the chain, and is
/// back at the next keyframe.
const LEAVE_FOR_BYTES: usize = 4096;

/// See the module.
pub(super) struct Outlet {
    half: OwnedWriteHalf,
    /// Present when the client reads compressed messages.
    compressor: Option<Compressor>,
    /// Whether it keeps its window between them, so that it can be a member of a chain (sync 3, rule 1).
    keeps_window: bool,
    lane: Mutex<Lane>,
    wake: Notify,
}

/// What is on its way out. Whoever holds it is the only one who writes.
pub(super) struct Lane {
    outgoing: Outgoing,
    membership: Membership,
    /// Whether one of its seats is in a chain: a client has one window, so only one can be.
    pub(super) chain_taken: bool,
    /// The transport's last word, or the session has ended: nothing is written any more.
    end: Option<io::ErrorKind>,
}

impl Outlet {
    pub(super) fn new(
        half: OwnedWriteHalf,
        deflate: Option<DeflateParams>,
        compressor: &Compressor,
    ) -> Arc<Self> {
        let lane = Lane {
            outgoing: Outgoing::default(),
            membership: Membership::default(),
            chain_taken: false,
            end: None,
        };
        Arc::new(Outlet {
            half,
            compressor: deflate.map(|_| compressor.clone()),
            keeps_window: deflate.is_some_and(|params| !params.server_no_context_takeover),
            lane: Mutex::new(lane),
            wake: Notify::new(),
        })
    }

    pub(super) fn lane(&self) -> MutexGuard<'_, Lane> {
        self.lane.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lane, unless somebody holds it now.
    pub(super) fn try_lane(&self) -> Option<MutexGuard<'_, Lane>> {
        match self.lane.try_lock() {
            Ok(lane) => Some(lane),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Whether it can be a member of a chain.
    pub(super) fn keeps_window(&self) -> bool {
        self.keeps_window
    }

    /// Queues a message for this client alone and says how large it is; [`Outlet::flush`] must follow.
    pub(super) fn say(&self, text: &str) -> usize {
        // Compressed outside of the lock: it may be megabytes.
        let stays = self.lane().membership.is_member() && text.len() < LEAVE_FOR_BYTES;
        let frame = match &self.compressor {
            Some(compressor) if !stays => compressor.text(text),
            _ => frame::text(text),
        };
        self.push(&frame);
        frame.size_bytes()
    }

    /// Writes lines that others get too, encoded and compressed once, or as much of them as the socket takes now.
    pub(super) fn send_lines(&self, lane: &mut Lane, texts: &[SharedText]) {
        // Most often it is one, for which nothing is queued.
        if let [text] = texts {
            let frame = self.line_form(lane, text);
            return self.send_now(lane, frame);
        }
        for text in texts {
            let frame = self.line_form(lane, text);
            lane.outgoing.push(frame);
        }
        self.drain_or_wake(lane);
    }

    fn line_form<'a>(&self, lane: &mut Lane, text: &'a SharedText) -> &'a Encoded {
        let stays = lane.membership.is_member() && text.plain().size_bytes() < LEAVE_FOR_BYTES;
        let frame = if stays { text.plain() } else { text.for_peer(self.compressor.as_ref()) };
        lane.leave_for(frame);
        frame
    }

    /// Queues a frame behind what is pending; [`Outlet::flush`] must follow.
    pub(super) fn push(&self, frame: &Encoded) {
        let mut lane = self.lane();
        lane.leave_for(frame);
        lane.outgoing.push(frame);
    }

    /// Writes a shared patch now, or as much of it as the socket takes. `chained` says that its view is the one
    /// whose chain this client may be in. Returns whether the client waits for a keyframe to join.
    pub(super) fn send(&self, lane: &mut Lane, patch: &PatchFrame, chained: bool) -> bool {
        if lane.end.is_some() {
            return false;
        }
        let (frame, outside) = self.form(lane, patch, chained);
        self.send_now(lane, frame);
        outside
    }

    /// Writes a frame, or as much of it as the socket takes; the session is woken for the rest.
    fn send_now(&self, lane: &mut Lane, frame: &Encoded) {
        // Past the runtime, which need not know of what the socket takes; the session learns that it is full.
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        let send =
            |bytes: &[u8]| rustix::net::send(self.half.as_ref(), bytes, flags).map_err(io::Error::from);
        if let Err(error) = lane.outgoing.send(frame, send) {
            lane.end = Some(error.kind());
        }
        if !lane.is_idle() {
            self.wake();
        }
    }

    /// Writes shared patches now, with as few system calls as possible.
    pub(super) fn send_patches(&self, lane: &mut Lane, patches: &[Arc<PatchFrame>], chained: bool) {
        for patch in patches {
            let (frame, _) = self.form(lane, patch, chained);
            lane.outgoing.push(frame);
        }
        self.drain_or_wake(lane);
    }

    /// Writes a shared snapshot now, compressed where the client reads that.
    pub(super) fn send_snapshot(&self, lane: &mut Lane, messages: &[SharedText]) {
        for message in messages {
            let frame = message.for_peer(self.compressor.as_ref());
            lane.leave_for(frame);
            lane.outgoing.push(frame);
        }
        self.drain_or_wake(lane);
    }

    /// The form of a patch for this client, and whether it could be a member of the chain and is not.
    fn form<'a>(&self, lane: &mut Lane, patch: &'a PatchFrame, chained: bool) -> (&'a Encoded, bool) {
        if chained
            && let Some(linked) = &patch.linked
            && let Some(frame) = lane.membership.take(linked)
        {
            return (frame, false);
        }
        let outside = chained && patch.linked.is_some();
        // Beside a chain that it is in: uncompressed, so that its window stays (sync 3, rule 4).
        if !chained && lane.membership.is_member() && patch.text.plain().size_bytes() < LEAVE_FOR_BYTES {
            return (patch.text.plain(), outside);
        }
        let frame = patch.text.for_peer(self.compressor.as_ref());
        lane.leave_for(frame);
        (frame, outside)
    }

    /// Writes what the socket takes now; whether everything is out.
    pub(super) fn drain_now(&self) -> bool {
        let mut lane = self.lane();
        self.drain(&mut lane);
        lane.is_idle()
    }

    /// Whether it reads compressed messages.
    pub(super) fn deflates(&self) -> bool {
        self.compressor.is_some()
    }

    /// Writes everything that is pending.
    ///
    /// Cancel-safe: a dropped call leaves the rest pending.
    pub(super) async fn flush(&self) -> io::Result<()> {
        loop {
            {
                let mut lane = self.lane();
                self.drain(&mut lane);
                match lane.end {
                    Some(kind) => return Err(kind.into()),
                    None if lane.is_idle() => return Ok(()),
                    None => {}
                }
            }
            self.half.writable().await?;
        }
    }

    fn drain_or_wake(&self, lane: &mut Lane) {
        self.drain(lane);
        if !lane.is_idle() {
            self.wake();
        }
    }

    fn drain(&self, lane: &mut Lane) {
        if lane.end.is_some() {
            return;
        }
        let drained = lane.outgoing.drain(|slices| match self.half.try_write_vectored(slices) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
            written => Poll::Ready(written),
        });
        if let Poll::Ready(Err(error)) = drained {
            lane.end = Some(error.kind());
        }
    }

    /// Makes the session look at what there is to do.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits for [`Outlet::wake`].
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Nothing follows: whoever reads at the other end sees the end after what was written.
    pub(super) fn shutdown(&self) {
        self.lane().end.get_or_insert(io::ErrorKind::NotConnected);
        // An error means that the transport has ended already.
        let _ = rustix::net::shutdown(self.half.as_ref(), rustix::net::Shutdown::Write);
    }
}

impl Lane {
    /// Whether nothing is pending and nothing is wrong.
    pub(super) fn is_idle(&self) -> bool {
        self.outgoing.is_empty() && self.end.is_none()
    }

    /// What is compressed and not of the chain shifts the client's window: it is no member any more.
    fn leave_for(&mut self, frame: &Encoded) {
        if frame.is_compressed() {
            self.membership.leave();
        }
    }

    pub(super) fn pending_bytes(&self) -> usize {
        self.outgoing.pending_bytes()
    }

    pub(super) fn bytes_written(&self) -> u64 {
        self.outgoing.bytes_written()
    }
}
