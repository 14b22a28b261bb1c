//! What the clones of a token share, and how cancelling goes down a tree.

use super::{Cancelled, Reason};
use crate::timed::lock;
use std::{
    collections::{BTreeMap, VecDeque},
    fmt, mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, OnceLock, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

type Callback = Box<dyn FnOnce(&Cancelled) + Send>;

#[derive(Default)]
pub(super) struct Core {
    /// Set once, before anybody is woken.
    pub(super) reason: OnceLock<Reason>,
    /// Wakes the futures that wait; those that are dropped leave it by themselves.
    pub(super) signal: CancellationToken,
    pub(super) waiting: AtomicUsize,
    registry: Mutex<Registry>,
    /// Where this token is registered as a child. They keep the parents alive, never the other way round.
    links: Mutex<Vec<Link>>,
    timer: OnceLock<AbortHandle>,
}

#[derive(Default)]
struct Registry {
    is_closed: bool,
    next: u64,
    /// By order of registration.
    entries: BTreeMap<u64, Entry>,
}

pub(super) enum Entry {
    Callback(Callback),
    Child(Weak<Core>),
}

struct Link {
    parent: Arc<Core>,
    id: u64,
}

impl fmt::Debug for Core {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = out.debug_struct("CancelToken");
        out.field("reason", &self.reason.get()).field("registered", &self.registered()).finish()
    }
}

impl Core {
    /// Takes in an entry; gives it back when there is nothing to wait for any more.
    pub(super) fn register(&self, entry: Entry) -> Result<u64, Entry> {
        let mut registry = lock(&self.registry);
        if registry.is_closed {
            return Err(entry);
        }
        let id = registry.next;
        registry.next += 1;
        registry.entries.insert(id, entry);
        Ok(id)
    }

    pub(super) fn unregister(&self, id: u64) {
        // What is taken out is dropped after the lock: a callback may own a guard of this very token.
        let entry = lock(&self.registry).entries.remove(&id);
        drop(entry);
    }

    pub(super) fn registered(&self) -> usize {
        lock(&self.registry).entries.len() + self.waiting.load(Ordering::Relaxed)
    }

    /// Is cancelled with `parent` from now on.
    pub(super) fn follow(self: &Arc<Self>, parent: &Arc<Core>) {
        match parent.register(Entry::Child(Arc::downgrade(self))) {
            Ok(id) => lock(&self.links).push(Link { parent: Arc::clone(parent), id }),
            // Closed means that the reason is there.
            Err(_) => Core::cancel(self, parent.reason.get().cloned().unwrap_or(Reason::User)),
        }
    }

    /// Is cancelled after `time`.
    pub(super) fn arm(self: &Arc<Self>, time: Duration) {
        let core = Arc::downgrade(self);
        let timer = tokio::spawn(async move {
            tokio::time::sleep(time).await;
            if let Some(core) = core.upgrade() {
                Core::cancel(&core, Reason::Timeout);
            }
        });
        let timer = self.timer.get_or_init(|| timer.abort_handle());
        if self.reason.get().is_some() {
            timer.abort();
        }
    }

    /// Cancels `core` and everything below it, then runs the callbacks. Without recursion: a chain of children may be
    /// as long as it likes.
    pub(super) fn cancel(core: &Arc<Core>, reason: Reason) {
        let mut callbacks = Vec::new();
        let mut next = VecDeque::from([Arc::clone(core)]);
        while let Some(core) = next.pop_front() {
            for entry in core.close(&reason) {
                match entry {
                    Entry::Callback(callback) => callbacks.push(callback),
                    Entry::Child(child) => next.extend(child.upgrade()),
                }
            }
        }
        let cancelled = Cancelled::new(reason);
        for callback in callbacks {
            // The panic hook has reported it; the others still have to run (S1.6).
            let _ = catch_unwind(AssertUnwindSafe(|| callback(&cancelled)));
        }
    }

    /// Cancels this one alone; what was registered, or nothing when it already was cancelled.
    fn close(&self, reason: &Reason) -> impl Iterator<Item = Entry> + use<> {
        let mut registry = lock(&self.registry);
        let is_first = !mem::replace(&mut registry.is_closed, true);
        let entries = mem::take(&mut registry.entries);
        if is_first {
            let _ = self.reason.set(reason.clone());
        }
        drop(registry);
        if is_first {
            self.signal.cancel();
            self.leave();
        }
        entries.into_values()
    }

    /// Gives back everything that waits for this token to be cancelled.
    fn leave(&self) {
        if let Some(timer) = self.timer.get() {
            timer.abort();
        }
        let mut links = mem::take(&mut *lock(&self.links));
        // The last child of a parent that nobody else holds takes the parent's links over, so that dropping a long
        // chain does not recurse.
        while let Some(Link { parent, id }) = links.pop() {
            parent.unregister(id);
            if let Some(parent) = Arc::into_inner(parent) {
                links.append(&mut lock(&parent.links));
            }
        }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.leave();
    }
}
