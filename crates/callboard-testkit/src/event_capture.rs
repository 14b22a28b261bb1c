//! Keeps the events of a bus, and waits for some.

use callboard::{DomainEvent, Signal, SignalBus, SinkGuard};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// Events that are kept; the oldest go first.
const KEPT: usize = 65_536;

/// All events of a bus from the moment it was made.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use callboard::{DomainEvent, Signal, SignalBus};
/// use callboard_testkit::EventCapture;
///
/// #[derive(Debug)]
/// struct Rang(u32);
/// impl DomainEvent for Rang {
///     fn topic(&self) -> &str { "bell.rang" }
/// }
///
/// let bus = SignalBus::new();
/// let events = EventCapture::on(&bus);
/// bus.emit(Signal::new(Rang(1), "door".into()));
/// let rang = events.wait_for(|signal| signal.get::<Rang>().is_some_and(|rang| rang.0 == 1)).await;
/// assert_eq!((events.topics(), &*rang.origin), (vec!["bell.rang".to_owned()], "door"));
/// # }
/// ```
pub struct EventCapture {
    kept: Arc<Kept>,
    _sink: SinkGuard,
}

#[derive(Default)]
struct Kept {
    signals: Mutex<VecDeque<Arc<Signal>>>,
    more: Notify,
}

impl EventCapture {
    /// Keeps what the bus carries from now on.
    pub fn on(bus: &SignalBus) -> Self {
        let kept: Arc<Kept> = Arc::default();
        let keep = kept.clone();
        let sink = bus.attach(move |signal| {
            let mut signals = keep.signals();
            if signals.len() == KEPT {
                signals.pop_front();
            }
            signals.push_back(signal.clone());
            drop(signals);
            keep.more.notify_waiters();
        });
        EventCapture { kept, _sink: sink }
    }

    /// What was kept so far, in order.
    pub fn all(&self) -> Vec<Arc<Signal>> {
        self.kept.signals().iter().cloned().collect()
    }

    /// The topics of what was kept so far.
    pub fn topics(&self) -> Vec<String> {
        self.kept.signals().iter().map(|signal| signal.topic().to_owned()).collect()
    }

    /// What was kept of this type.
    pub fn of<E: DomainEvent>(&self) -> Vec<Arc<Signal>> {
        self.kept.signals().iter().filter(|signal| signal.get::<E>().is_some()).cloned().collect()
    }

    /// Takes out what was kept so far.
    pub fn take(&self) -> Vec<Arc<Signal>> {
        self.kept.signals().drain(..).collect()
    }

    /// The first event that fits, be it kept already or to come. Wrap it in a timeout where it may never come.
    pub async fn wait_for(&self, fits: impl Fn(&Signal) -> bool) -> Arc<Signal> {
        loop {
            let more = self.kept.more.notified();
            let found = self.kept.signals().iter().find(|signal| fits(signal)).cloned();
            if let Some(signal) = found {
                return signal;
            }
            more.await;
        }
    }
}

impl Kept {
    fn signals(&self) -> MutexGuard<'_, VecDeque<Arc<Signal>>> {
        self.signals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
