//! What all parts of the world share: the time, the trace, and the bell that ends a boot.

use crate::{
    host::SimHost,
    invariant::{Breach, Invariant},
    trace::Trace,
};
use callboard::Host;
use callboard_protocol::Time;
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};
use tokio::sync::Notify;

/// See the module.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) host: SimHost,
    pub(crate) trace: Trace,
    breach: Mutex<Option<Breach>>,
    /// The power is off: nothing is stored any more, whoever asks.
    is_dark: AtomicBool,
    /// The board was asked to stop in order.
    is_draining: AtomicBool,
    boots: AtomicU64,
    bell: Notify,
}

impl Host for Stage {
    fn now(&self) -> Time {
        self.host.now()
    }

    fn name(&self) -> String {
        self.host.name()
    }

    fn chance(&self) -> f64 {
        self.host.chance()
    }
}

impl Stage {
    pub(crate) fn new(seed: u64) -> Self {
        Stage {
            host: SimHost::new(seed),
            trace: Trace::default(),
            breach: Mutex::default(),
            is_dark: AtomicBool::new(false),
            is_draining: AtomicBool::new(false),
            boots: AtomicU64::new(0),
            bell: Notify::new(),
        }
    }

    pub(crate) fn say(&self, line: &str) {
        self.trace.say(self.host.elapsed_ms(), line);
    }

    /// A boot begins; its number, from 1.
    pub(crate) fn light(&self) -> u64 {
        self.host.power_on();
        self.is_dark.store(false, Ordering::Relaxed);
        self.is_draining.store(false, Ordering::Relaxed);
        self.boots.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn boot(&self) -> u64 {
        self.boots.load(Ordering::Relaxed)
    }

    /// The process dies at this very point.
    pub(crate) fn crash(&self, at: &str) {
        self.say(&format!("CRASH {at}"));
        self.is_dark.store(true, Ordering::Relaxed);
        self.bell.notify_one();
    }

    pub(crate) fn is_dark(&self) -> bool {
        self.is_dark.load(Ordering::Relaxed)
    }

    pub(crate) fn drain(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Relaxed)
    }

    /// Notes a breach; the first one counts.
    pub(crate) fn breach(&self, invariant: Invariant, what: impl Into<String>) {
        let breach = Breach { invariant, what: what.into() };
        self.say(&format!("BREACH {breach}"));
        self.slot().get_or_insert(breach);
        self.bell.notify_one();
    }

    pub(crate) fn first_breach(&self) -> Option<Breach> {
        self.slot().clone()
    }

    /// Waits until the boot is over before its time: a crash, or a breach.
    pub(crate) async fn over(&self) {
        while !self.is_dark() && self.first_breach().is_none() {
            self.bell.notified().await;
        }
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Breach>> {
        self.breach.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
