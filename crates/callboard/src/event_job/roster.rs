//! The jobs that are under way: so that there are not too many, and all can be stopped.

use super::Control;
use callboard_protocol::JobId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The controls of all jobs that are under way. Entering and leaving take constant time.
#[derive(Default)]
pub(super) struct Roster(Mutex<Seats>);

#[derive(Default)]
struct Seats {
    taken: Vec<Option<Arc<Control>>>,
    free: Vec<usize>,
    is_closed: bool,
}

/// Why a job does not get a seat.
#[derive(Debug)]
pub(super) enum NoSeat {
    Full,
    Closed,
}

impl Roster {
    pub(super) fn enter(&self, control: &Arc<Control>, max: usize) -> Result<usize, NoSeat> {
        let mut seats = self.seats();
        if seats.is_closed {
            return Err(NoSeat::Closed);
        }
        if let Some(seat) = seats.free.pop() {
            seats.taken[seat] = Some(control.clone());
            return Ok(seat);
        }
        if seats.taken.len() >= max {
            return Err(NoSeat::Full);
        }
        seats.taken.push(Some(control.clone()));
        Ok(seats.taken.len() - 1)
    }

    pub(super) fn leave(&self, seat: usize) {
        let mut seats = self.seats();
        seats.taken[seat] = None;
        seats.free.push(seat);
    }

    /// How many are under way.
    pub(super) fn len(&self) -> usize {
        let seats = self.seats();
        seats.taken.len() - seats.free.len()
    }

    /// Stops all, and lets nobody in any more.
    pub(super) fn close(&self) {
        let mut seats = self.seats();
        seats.is_closed = true;
        let all: Vec<_> = seats.taken.iter().flatten().cloned().collect();
        drop(seats);
        all.iter().for_each(|control| control.close());
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The jobs of one orchestrator that are under way.
#[derive(Clone, Default)]
pub(crate) struct Tracker(Arc<Mutex<HashMap<JobId, Arc<Control>>>>);

impl Tracker {
    pub(super) fn enter(&self, id: &JobId, control: &Arc<Control>) {
        self.jobs().insert(id.clone(), control.clone());
    }

    pub(super) fn leave(&self, id: &JobId) {
        self.jobs().remove(id);
    }

    pub(crate) fn has(&self, id: &JobId) -> bool {
        self.jobs().contains_key(id)
    }

    pub(crate) fn len(&self) -> usize {
        self.jobs().len()
    }

    /// Asks a job to stop; whether it was under way.
    pub(crate) fn cancel(&self, id: &JobId, reason: &str) -> bool {
        let control = self.jobs().get(id).cloned();
        control.inspect(|control| control.cancel(Some(reason.into()))).is_some()
    }

    fn jobs(&self) -> MutexGuard<'_, HashMap<JobId, Arc<Control>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
