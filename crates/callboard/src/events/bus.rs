//! The bus: every listener gets every event, in one order for all (S2.20).

use super::{Signal, Subscription};
use callboard_protocol::caps;
use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};
use tokio::sync::broadcast;

/// Carries events to those who listen. Clones are the same bus; two buses never hear each other.
///
/// There are two ways to listen. A [`Subscription`] is a queue that is read at leisure; a reader that is too slow gets
/// an explicit lag item. A *sink* is a quick function that runs while the event is emitted: what it keeps is up to date
/// before the job that caused the event settles (invariant 6). Orchestrators are sinks.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use callboard::{DomainEvent, Heard, Signal, SignalBus};
///
/// #[derive(Debug)]
/// struct Rang;
/// impl DomainEvent for Rang {
///     fn topic(&self) -> &str { "bell.rang" }
/// }
///
/// let bus = SignalBus::new();
/// let mut bell = bus.subscribe();
/// bus.emit(Signal::new(Rang, "door".into()));
/// let Some(Heard::Signal(signal)) = bell.next().await else { panic!("it rang") };
/// assert!(signal.get::<Rang>().is_some() && signal.topic() == "bell.rang");
/// # }
/// ```
#[derive(Clone, Default)]
pub struct SignalBus(pub(super) Arc<Bus>);

type Sink = Box<dyn FnMut(&Arc<Signal>) + Send>;

#[derive(Default)]
pub(super) struct Bus {
    /// Whoever delivers holds this, so that all hear everything in one order.
    sinks: Mutex<Vec<Attached>>,
    /// The thread that delivers; 0 for none.
    deliverer: AtomicUsize,
    /// What sinks ask of the bus while it delivers.
    asked: Mutex<VecDeque<Ask>>,
    pub(super) ring: Mutex<Option<broadcast::Sender<Arc<Signal>>>>,
    pub(super) listeners: AtomicUsize,
    closed: AtomicBool,
    emitted: AtomicU64,
    pub(super) lagged: AtomicU64,
    refused: AtomicU64,
    faults: AtomicU64,
}

struct Attached {
    is_on: Arc<AtomicBool>,
    sink: Sink,
}

enum Ask {
    Emit(Arc<Signal>),
    Attach(Attached),
}

/// What a bus has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BusStats {
    /// Events emitted while anybody listened.
    pub emitted: u64,
    /// Events that slow subscriptions have missed, each of which was told.
    pub lagged: u64,
    /// Events emitted by sinks over [`caps::SIGNAL_NESTING`]; they were not delivered.
    pub refused: u64,
    /// Sinks that panicked.
    pub faults: u64,
}

/// Detaches its sink when it is dropped.
#[derive(Debug)]
pub struct SinkGuard {
    is_on: Arc<AtomicBool>,
    bus: Weak<Bus>,
}

impl SignalBus {
    /// A bus of its own.
    pub fn new() -> Self {
        SignalBus::default()
    }

    /// Delivers an event to all who listen now. After [`SignalBus::close`] it does nothing.
    pub fn emit(&self, signal: impl Into<Arc<Signal>>) {
        if self.0.listeners.load(Ordering::Acquire) > 0 {
            self.0.emit(signal.into());
        }
    }

    /// Whether anybody listens; without listeners events need not be made.
    pub fn is_heard(&self) -> bool {
        self.0.listeners.load(Ordering::Acquire) > 0
    }

    /// All events from now on, at most [`caps::SIGNAL_RING`] behind. On a closed bus it is at its end at once.
    pub fn subscribe(&self) -> Subscription {
        let mut ring = self.0.ring();
        if self.is_closed() {
            return Subscription::ended(self.clone());
        }
        let sender = ring.get_or_insert_with(|| broadcast::Sender::new(caps::SIGNAL_RING));
        Subscription::new(sender.subscribe(), self.clone())
    }

    /// Runs `sink` for every event from now on, as long as the guard lives, on the task that emits it.
    ///
    /// It must be quick and must not block. A panic in it is logged and counted and disturbs nobody. What it emits is
    /// delivered after the present event, also to itself.
    pub fn attach(&self, sink: impl FnMut(&Arc<Signal>) + Send + 'static) -> SinkGuard {
        let is_on = Arc::new(AtomicBool::new(!self.is_closed()));
        let guard = SinkGuard { is_on: is_on.clone(), bus: Arc::downgrade(&self.0) };
        if self.is_closed() {
            return guard;
        }
        let attached = Attached { is_on, sink: Box::new(sink) };
        self.0.listeners.fetch_add(1, Ordering::AcqRel);
        if self.0.delivers_here() {
            self.0.asked().push_back(Ask::Attach(attached));
        } else {
            self.0.sinks().push(attached);
        }
        guard
    }

    /// Ends all subscriptions, once they have read what was emitted before. Idempotent.
    pub fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
        drop(self.0.ring().take());
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Acquire)
    }

    /// What it has done so far.
    pub fn stats(&self) -> BusStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        BusStats {
            emitted: read(&self.0.emitted),
            lagged: read(&self.0.lagged),
            refused: read(&self.0.refused),
            faults: read(&self.0.faults),
        }
    }
}

impl Bus {
    fn emit(&self, signal: Arc<Signal>) {
        if self.delivers_here() {
            let mut asked = self.asked();
            if asked.len() < caps::SIGNAL_NESTING {
                asked.push_back(Ask::Emit(signal));
            } else {
                drop(asked);
                self.refuse(&signal);
            }
            return;
        }
        let mut sinks = self.sinks();
        let _delivering = Delivering::on(&self.deliverer);
        self.deliver(&mut sinks, &signal);
        let mut nested = 0;
        while let Some(ask) = self.next_ask() {
            match ask {
                Ask::Attach(attached) => sinks.push(attached),
                Ask::Emit(signal) if nested < caps::SIGNAL_NESTING => {
                    nested += 1;
                    self.deliver(&mut sinks, &signal);
                }
                Ask::Emit(signal) => self.refuse(&signal),
            }
        }
    }

    fn refuse(&self, signal: &Signal) {
        self.refused.fetch_add(1, Ordering::Relaxed);
        tracing::error!(topic = signal.topic(), "listeners emit without end; this event is not delivered");
    }

    fn deliver(&self, sinks: &mut Vec<Attached>, signal: &Arc<Signal>) {
        if self.closed.load(Ordering::Acquire) {
            return;
        }
        self.emitted.fetch_add(1, Ordering::Relaxed);
        sinks.retain_mut(|attached| {
            let is_on = attached.is_on.load(Ordering::Acquire);
            if is_on && catch_unwind(AssertUnwindSafe(|| (attached.sink)(signal))).is_err() {
                self.faults.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(topic = signal.topic(), "a listener panicked; the others go on");
            }
            is_on
        });
        if let Some(ring) = self.ring().as_ref() {
            // Without receivers there is nobody to tell.
            let _ = ring.send(signal.clone());
        }
    }

    /// Whether a sink on this very thread is asking, so that waiting for the delivery to end would be for ever.
    fn delivers_here(&self) -> bool {
        self.deliverer.load(Ordering::Relaxed) == thread_token()
    }

    fn next_ask(&self) -> Option<Ask> {
        self.asked().pop_front()
    }

    fn sinks(&self) -> MutexGuard<'_, Vec<Attached>> {
        self.sinks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asked(&self) -> MutexGuard<'_, VecDeque<Ask>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn ring(&self) -> MutexGuard<'_, Option<broadcast::Sender<Arc<Signal>>>> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SinkGuard {
    fn drop(&mut self) {
        // The sink itself goes with the next event: it may be what is running now.
        if self.is_on.swap(false, Ordering::AcqRel)
            && let Some(bus) = self.bus.upgrade()
        {
            bus.listeners.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// Says which thread delivers for as long as it lives.
struct Delivering<'a>(&'a AtomicUsize);

impl<'a> Delivering<'a> {
    fn on(deliverer: &'a AtomicUsize) -> Self {
        deliverer.store(thread_token(), Ordering::Relaxed);
        Delivering(deliverer)
    }
}

impl Drop for Delivering<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// A number that no other living thread has; never 0.
fn thread_token() -> usize {
    thread_local!(static TOKEN: u8 = const { 0 });
    TOKEN.with(|token| std::ptr::from_ref(token).addr())
}
