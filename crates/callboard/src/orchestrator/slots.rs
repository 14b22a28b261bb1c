//! Which job was started last for one purpose.

use crate::event_job::Tracker;
use callboard_protocol::{JobId, caps};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The newest job of each slot.
#[derive(Default)]
pub(super) struct Slots(Mutex<HashMap<String, JobId>>);

impl Slots {
    /// Held while a job is started, so that two starts in one slot do not both win.
    pub(super) fn lock(&self, tracker: &Tracker) -> MutexGuard<'_, HashMap<String, JobId>> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= caps::SLOTS {
            slots.retain(|_, job| tracker.has(job));
        }
        slots
    }
}
