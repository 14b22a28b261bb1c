//! The broadcaster of a log view: lets lines come together, encodes them once, and walks the seats (protocol 9). Who
//! joins or falls behind is served by his own session, up to where the others are.

use super::{
    broadcast::WALK,
    hub::Hub,
    log_seat::LogSeat,
    log_view::{LogView, Round},
    outlet::Outlet,
};
use callboard::LogFilter;
use callboard_protocol::caps;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How long lines wait for others.
const BATCH: Duration = Duration::from_millis(caps::LOG_BATCH_MS);
/// Lines for which others wait no longer: the ring still has room for many more if it gets late.
const BATCH_LINES: u64 = caps::LOG_RING_LINES as u64 / 8;

/// The views that somebody reads. There are never more than connections.
#[derive(Default)]
pub(super) struct LogViews(Mutex<HashMap<LogFilter, Arc<LogView>>>);

/// A seat in a log view, left when it is dropped.
pub(super) struct Reading {
    hub: Arc<Hub>,
    pub(super) view: Arc<LogView>,
    pub(super) seat: Arc<LogSeat>,
    number: u64,
}

impl LogViews {
    fn views(&self) -> MutexGuard<'_, HashMap<LogFilter, Arc<LogView>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hub {
    /// Takes a seat in the view of this filter, which all who ask for the same share.
    pub(super) fn read_logs(self: &Arc<Self>, mut filter: LogFilter, outlet: Arc<Outlet>) -> Reading {
        if let Some(channels) = &mut filter.channels {
            channels.sort_unstable();
            channels.dedup();
        }
        let mut views = self.log_views.views();
        let view = match views.get(&filter) {
            Some(view) => view.clone(),
            None => {
                let view =
                    Arc::new(LogView::new(self.board.clone(), filter.clone(), self.stop.child_token()));
                tokio::spawn(broadcast(view.clone()));
                views.insert(filter, view.clone());
                view
            }
        };
        let seat = LogSeat::new(outlet);
        let number = view.seats.take(seat.clone());
        Reading { hub: self.clone(), view, seat, number }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        // A broadcaster may be on its way with a list in which this seat still is.
        self.seat.lift();
        let mut views = self.hub.log_views.views();
        if self.view.seats.leave(self.number) == 0 {
            views.remove(&self.view.filter);
            self.view.stop.cancel();
        }
    }
}

async fn broadcast(view: Arc<LogView>) {
    tokio::select! {
        () = run(&view) => {}
        () = view.stop.cancelled() => {}
    }
}

async fn run(view: &LogView) {
    let mut written = view.board.logs().head();
    let mut rested = (Instant::now(), view.head().looked_at);
    loop {
        let seen = view.head().looked_at;
        if written.wait_for(|seq| *seq > seen).await.is_err() {
            return;
        }
        let round = view.advance();
        deliver(view, &round).await;
        // A line wakes nobody while it waits for others; a backlog waits for nothing.
        if round.is_short() {
            let (since, from) = std::mem::replace(&mut rested, (Instant::now(), round.to.looked_at));
            tokio::time::sleep(rest(since.elapsed(), round.to.looked_at - from)).await;
        }
    }
}

/// How long the next lines wait, when so many came in the time before.
fn rest(elapsed: Duration, lines: u64) -> Duration {
    let until_many = elapsed.as_secs_f64() * BATCH_LINES as f64 / lines.max(1) as f64;
    Duration::try_from_secs_f64(until_many).unwrap_or(BATCH).min(BATCH)
}

/// Offers a round to every seat.
async fn deliver(view: &LogView, round: &Round) {
    for seats in view.seats.list().chunks(WALK) {
        seats.iter().for_each(|seat| seat.offer(round));
        if seats.len() == WALK {
            tokio::task::yield_now().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_lines_wait_less_than_few() {
        let ms = Duration::from_millis;
        assert_eq!(rest(ms(50), 0), BATCH);
        assert_eq!(rest(ms(50), 500), BATCH, "10 000 lines a second");
        assert_eq!(rest(ms(50), 5000), ms(50) / 4, "100 000 lines a second");
        assert_eq!(rest(ms(0), 1), ms(0), "all at once");
        assert_eq!(rest(ms(3_600_000), 2), BATCH, "after a silence");
    }
}
