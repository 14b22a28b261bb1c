//! The views that are served, each while somebody subscribes to it.

use super::{
    admission::Admission,
    broadcast,
    counters::Counters,
    instances::Instances,
    log_broadcast::LogViews,
    seat::Seat,
    view::{Shared, View, ViewKey},
};
use callboard::Board;
use callboard_protocol::{
    Selection, caps,
    config::ServerConfig,
    error::{ErrorCode, Rejection},
};
use callboard_ws::Compressor;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Level 6: paid once per message, not once per client (sync 3).
const LEVEL: u32 = 6;
/// Shorter messages do not shrink.
const COMPRESS_FROM: usize = 200;

/// See the module.
pub(crate) struct Hub {
    pub(super) board: Board,
    pub(crate) stop: CancellationToken,
    pub(super) log_views: LogViews,
    /// For messages that stand alone.
    pub(super) compressor: Compressor,
    /// Places for snapshots that are on their way.
    pub(super) admission: Admission,
    /// Places for patches that are read from the journal.
    pub(super) stored_folds: Semaphore,
    pub(super) instances: Arc<Instances>,
    pub(crate) counters: Arc<Counters>,
    views: Mutex<HashMap<ViewKey, Arc<View>>>,
}

/// A seat in a view, left when it is dropped.
pub(super) struct Joined {
    hub: Arc<Hub>,
    pub(super) view: Arc<View>,
    pub(super) seat: Arc<Seat>,
    number: u64,
}

impl Drop for Joined {
    fn drop(&mut self) {
        // A broadcaster may be on its way with a list in which this seat still is.
        self.seat.lift();
        let mut views = self.hub.views();
        let left = self.view.leave(self.number, &self.seat);
        // The view of everything stays, with its snapshot.
        if left == 0 && !self.view.key.is_usual() {
            views.remove(&self.view.key);
            self.view.stop.cancel();
        }
    }
}

impl Hub {
    /// No view yet: the first who subscribes starts one. So many snapshots are on their way at once.
    pub(crate) fn start(board: Board, stop: CancellationToken, snapshots: usize) -> Arc<Hub> {
        Arc::new(Hub {
            board,
            stop,
            log_views: LogViews::default(),
            compressor: Compressor::new(LEVEL, COMPRESS_FROM),
            admission: Admission::new(snapshots),
            stored_folds: Semaphore::new(caps::RESUME_FOLDS),
            instances: Arc::default(),
            counters: Arc::default(),
            views: Mutex::default(),
        })
    }

    /// Takes a seat in the view of these paths, which all who ask for the same under the same name share.
    pub(super) fn join(
        self: &Arc<Self>,
        key: ViewKey,
        selection: Selection,
        seat: Arc<Seat>,
    ) -> Result<Joined, Rejection> {
        let mut views = self.views();
        let view = match views.get(&key) {
            Some(view) => view.clone(),
            None if views.len() >= caps::VIEWS => {
                self.counters.views_refused.add();
                let message = format!("{} different subscriptions are served already", caps::VIEWS);
                return Err(Rejection::new(ErrorCode::Overloaded, message));
            }
            None => {
                let view = self.start_view(key.clone(), selection);
                views.insert(key, view.clone());
                view
            }
        };
        let number = view.enter(seat.clone());
        Ok(Joined { hub: self.clone(), view, seat, number })
    }

    fn start_view(&self, key: ViewKey, selection: Selection) -> Arc<View> {
        let stop = self.stop.child_token();
        let shared =
            Shared { board: self.board.clone(), counters: self.counters.clone(), stop: stop.clone() };
        let view = Arc::new(View::new(shared, key, selection));
        let broadcaster = view.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = broadcast::run(&broadcaster) => {}
                () = stop.cancelled() => {}
            }
        });
        view
    }

    pub(super) fn server_config(&self) -> ServerConfig {
        server_config(&self.board)
    }

    fn views(&self) -> MutexGuard<'_, HashMap<ViewKey, Arc<View>>> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn server_config(board: &Board) -> ServerConfig {
    board.server_config().borrow().as_ref().clone()
}
