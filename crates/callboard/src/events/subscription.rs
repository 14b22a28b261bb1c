//! A queue of events that is read at leisure.

use super::{DomainEvent, Signal, SignalBus};
use futures_util::{Stream, stream};
use std::sync::{Arc, atomic::Ordering};
use tokio::sync::broadcast::{
    self,
    error::{RecvError, TryRecvError},
};

/// Events in their order, as [`SignalBus::subscribe`] gives them. Bounded: whoever is too slow is told how many are
/// missing (X9).
pub struct Subscription {
    receiver: Option<broadcast::Receiver<Arc<Signal>>>,
    bus: SignalBus,
}

/// What a subscription hears.
#[derive(Clone, Debug)]
pub enum Heard {
    /// An event.
    Signal(Arc<Signal>),
    /// So many events were missed here, because the reader was too slow.
    Lagged(u64),
}

impl Subscription {
    pub(super) fn new(receiver: broadcast::Receiver<Arc<Signal>>, bus: SignalBus) -> Self {
        bus.0.listeners.fetch_add(1, Ordering::AcqRel);
        Subscription { receiver: Some(receiver), bus }
    }

    pub(super) fn ended(bus: SignalBus) -> Self {
        Subscription { receiver: None, bus }
    }

    /// The next event; `None` when the bus was closed and all is read. Safe to drop and call again.
    pub async fn next(&mut self) -> Option<Heard> {
        match self.receiver.as_mut()?.recv().await {
            Ok(signal) => Some(Heard::Signal(signal)),
            Err(RecvError::Lagged(missed)) => Some(self.lagged(missed)),
            Err(RecvError::Closed) => None,
        }
    }

    /// What has been heard already, without waiting.
    pub fn try_next(&mut self) -> Option<Heard> {
        match self.receiver.as_mut()?.try_recv() {
            Ok(signal) => Some(Heard::Signal(signal)),
            Err(TryRecvError::Lagged(missed)) => Some(self.lagged(missed)),
            Err(TryRecvError::Empty | TryRecvError::Closed) => None,
        }
    }

    /// The next event of this type, past all others; a lag is logged.
    pub async fn next_of<E: DomainEvent>(&mut self) -> Option<Arc<Signal>> {
        loop {
            match self.next().await? {
                Heard::Signal(signal) if signal.get::<E>().is_some() => return Some(signal),
                Heard::Signal(_) => {}
                Heard::Lagged(missed) => tracing::warn!(missed, "a reader of events is too slow"),
            }
        }
    }

    /// The same as a stream.
    pub fn into_stream(self) -> impl Stream<Item = Heard> + Send {
        stream::unfold(self, |mut this| async move { Some((this.next().await?, this)) })
    }

    fn lagged(&self, missed: u64) -> Heard {
        self.bus.0.lagged.fetch_add(missed, Ordering::Relaxed);
        Heard::Lagged(missed)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if self.receiver.is_some() {
            self.bus.0.listeners.fetch_sub(1, Ordering::AcqRel);
        }
    }
}
