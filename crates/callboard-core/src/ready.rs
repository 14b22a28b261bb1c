//! Which queued job starts next: limits, rates, pauses, priorities with ageing, and turns between keys.
//!
//! Jobs of one queue, kind and `concurrencyKey` wait in a *lane*; what limits one of them limits all. A lane that may
//! start something is listed in its stream (queue and kind), an open stream in its line (queue), an open line in the
//! order of the board. Each change touches one lane and what is above it, so its cost does not grow with the jobs that
//! wait. Lines are compared by the rank of the job that they offer; within a line the keys take turns, and within a key
//! the rank decides.

mod bucket;
mod line;

use callboard_protocol::{JobId, Time, bulk, caps, queue::Queue};
use foldhash::HashMap;
use line::{Blocked, Line};
use std::{
    collections::BTreeSet,
    ops::Bound::{Excluded, Unbounded},
    sync::Arc,
};

/// A shared text: the name of a queue or kind, or a key. The empty key is no key.
pub(crate) type Text = Arc<str>;

/// A job's place in the order: its rank, then its id.
pub(crate) type Spot = (i64, JobId);

/// What a job's limits hang on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) queue: Text,
    pub(crate) kind: Text,
    pub(crate) key: Text,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    lines: HashMap<Text, Line>,
    /// Attempts of each kind over all queues.
    kinds: HashMap<Text, u32>,
    order: BTreeSet<(Spot, Text)>,
    /// What holds for the whole board.
    board: Queue,
    running: usize,
    now: Time,
    /// When a rate lets a line, or one key of it, go on.
    wakes: BTreeSet<(Time, Text, Option<Text>)>,
}

impl Ready {
    /// A job waits for a slot.
    pub(crate) fn insert(&mut self, place: &Place, spot: Spot) {
        self.line(&place.queue).insert(&place.kind, &place.key, spot);
        self.settle(place);
    }

    /// A job waits no longer; nothing happens when it did not. Unless it starts, [`Ready::left`] must follow.
    pub(crate) fn remove(&mut self, place: &Place, spot: &Spot) {
        let Some(line) = self.lines.get_mut(&place.queue) else { return };
        if line.remove(&place.kind, &place.key, spot) {
            self.settle(place);
        }
    }

    /// A job has left without a start: forgets a key and a line that hold nothing any more.
    pub(crate) fn left(&mut self, place: &Place) {
        self.settle_key(&place.queue, &place.key);
        self.tidy(&place.queue);
    }

    /// An attempt has started: it takes a slot, a token, and its key's turn.
    pub(crate) fn started(&mut self, place: &Place, at: Time) {
        self.running += usize::from(!is_bulk(place));
        match self.kinds.get_mut(&place.kind) {
            Some(running) => *running += 1,
            None => drop(self.kinds.insert(place.kind.clone(), 1)),
        }
        self.line(&place.queue).started(&place.kind, &place.key, at);
        self.settle_started(place);
    }

    /// An attempt has ended.
    pub(crate) fn ended(&mut self, place: &Place) {
        self.running = self.running.saturating_sub(usize::from(!is_bulk(place)));
        if let Some(running) = self.kinds.get_mut(&place.kind) {
            *running = running.saturating_sub(1);
        }
        self.line(&place.queue).ended(&place.kind, &place.key);
        self.settle_started(place);
        self.tidy(&place.queue);
    }

    /// Takes over the settings of a queue; all of its lanes are looked at again.
    pub(crate) fn configure(&mut self, queue: &str, settings: Queue) {
        if queue == callboard_protocol::queue::BOARD {
            self.board = settings;
            let kinds: BTreeSet<Text> = self.lines.values().flat_map(Line::kinds).collect();
            kinds.iter().for_each(|kind| self.settle_kind(kind));
            return;
        }
        let queue: Text = queue.into();
        let now = self.now;
        let line = self.line(&queue);
        line.settings = settings;
        let blocked = line.relist(now);
        blocked.into_iter().for_each(|(blocked, key)| self.note(&queue, &key, Some(blocked)));
        let kinds: Vec<Text> = self.lines.get(&queue).map(Line::kinds).unwrap_or_default();
        for kind in kinds {
            self.settle_stream(&queue, &kind);
        }
        self.settle_line(&queue);
        self.tidy(&queue);
    }

    /// Time goes on: rates let through what they held.
    pub(crate) fn tick(&mut self, now: Time) {
        self.now = self.now.max(now);
        while self.wakes.first().is_some_and(|(at, ..)| *at <= self.now) {
            let Some((_, queue, key)) = self.wakes.pop_first() else { return };
            if let Some(key) = key {
                self.settle_key(&queue, &key);
            }
            self.settle_line(&queue);
        }
    }

    /// When [`Ready::tick`] will have something to do.
    pub(crate) fn next_wake(&self) -> Option<Time> {
        self.wakes.first().map(|(at, ..)| *at)
    }

    /// The job that is to start next, when something may start.
    pub(crate) fn next(&self, slots: usize) -> Option<&JobId> {
        let slots = self.board.concurrency.map_or(slots, |limit| slots.min(limit as usize));
        let is_open = !self.board.paused && self.running < slots;
        self.order.first().filter(|_| is_open).map(|((_, id), _)| id).or_else(|| self.next_bulk())
    }

    /// The bulk that is to start next although the board has no slot: it may be what makes room.
    fn next_bulk(&self) -> Option<&JobId> {
        let line = self.lines.get(bulk::QUEUE)?;
        let offered = line.listed.as_ref()?;
        // Somebody may have sent other jobs to this queue; those wait for a slot.
        line.lane(bulk::KIND, "").is_some_and(|bulks| bulks.contains(offered)).then_some(&offered.1)
    }

    /// The jobs before and after one in its lane, as if `without` did not wait.
    pub(crate) fn neighbours(
        &self,
        place: &Place,
        spot: &Spot,
        without: &JobId,
    ) -> (Option<Spot>, Option<Spot>) {
        let line = self.lines.get(&place.queue);
        let Some(jobs) = line.and_then(|line| line.lane(&place.kind, &place.key)) else {
            return (None, None);
        };
        let other = |spot: &&Spot| spot.1 != *without;
        let before = jobs.range(..spot.clone()).rev().find(other).cloned();
        let after = jobs.range((Excluded(spot.clone()), Unbounded)).find(other).cloned();
        (before, after)
    }

    /// At most so many jobs that come after one in its lane.
    pub(crate) fn after(&self, place: &Place, spot: &Spot, limit: usize) -> Vec<Spot> {
        let line = self.lines.get(&place.queue);
        let jobs = line.and_then(|line| line.lane(&place.kind, &place.key)).into_iter();
        jobs.flat_map(|jobs| jobs.range((Excluded(spot.clone()), Unbounded))).take(limit).cloned().collect()
    }

    fn line(&mut self, queue: &Text) -> &mut Line {
        if !self.lines.contains_key(queue) {
            self.lines.insert(queue.clone(), Line::default());
        }
        self.lines.get_mut(queue).expect("it was just put there")
    }

    fn settle(&mut self, place: &Place) {
        let now = self.now;
        let Some(line) = self.lines.get_mut(&place.queue) else { return };
        let blocked = line.list_lane(&place.kind, &place.key, now);
        self.note(&place.queue, &place.key, blocked);
        self.settle_stream(&place.queue, &place.kind);
        self.settle_line(&place.queue);
    }

    /// A slot of this place was taken or given back.
    fn settle_started(&mut self, place: &Place) {
        self.settle_key(&place.queue, &place.key);
        if self.limit_of(&place.kind).is_some() {
            self.settle_kind(&place.kind);
        }
        self.settle_stream(&place.queue, &place.kind);
        self.settle_line(&place.queue);
    }

    fn settle_key(&mut self, queue: &Text, key: &Text) {
        let now = self.now;
        let Some(line) = self.lines.get_mut(queue) else { return };
        for kind in line.kinds_of(key) {
            let Some(line) = self.lines.get_mut(queue) else { return };
            let blocked = line.list_lane(&kind, key, now);
            self.note(queue, key, blocked);
            self.settle_stream(queue, &kind);
        }
        let forgotten = self.lines.get_mut(queue).map_or(Ok(()), |line| line.forget_key(key, now));
        self.note(queue, key, forgotten.err());
    }

    fn settle_kind(&mut self, kind: &Text) {
        let has_it = |(queue, line): (&Text, &Line)| line.has_kind(kind).then(|| queue.clone());
        let queues: Vec<Text> = self.lines.iter().filter_map(has_it).collect();
        for queue in queues {
            self.settle_stream(&queue, kind);
            self.settle_line(&queue);
        }
    }

    fn settle_stream(&mut self, queue: &Text, kind: &Text) {
        let running = self.kinds.get(kind).copied().unwrap_or(0);
        let is_open = self.limit_of(kind).is_none_or(|limit| running < limit);
        if let Some(line) = self.lines.get_mut(queue) {
            line.list_stream(kind, is_open);
        }
    }

    /// How many of a kind may run at once on the whole board.
    fn limit_of(&self, kind: &str) -> Option<u32> {
        let own = (kind == bulk::KIND).then_some(caps::BULK_SLOTS);
        [self.board.kinds.get(kind).copied(), own].into_iter().flatten().min()
    }

    fn settle_line(&mut self, queue: &Text) {
        let Some(line) = self.lines.get_mut(queue) else { return };
        let offer = match line.offer(self.now) {
            Ok(offer) => offer,
            Err(Blocked(until)) => {
                self.wakes.insert((until, queue.clone(), None));
                None
            }
        };
        if line.listed == offer {
            return;
        }
        if let Some(old) = std::mem::replace(&mut line.listed, offer.clone()) {
            self.order.remove(&(old, queue.clone()));
        }
        if let Some(new) = offer {
            self.order.insert((new, queue.clone()));
        }
    }

    fn note(&mut self, queue: &Text, key: &Text, blocked: Option<Blocked>) {
        if let Some(Blocked(until)) = blocked {
            self.wakes.insert((until, queue.clone(), Some(key.clone())));
        }
    }

    /// Forgets a line that holds nothing and limits nothing.
    fn tidy(&mut self, queue: &Text) {
        if self.lines.get(queue).is_some_and(Line::is_idle) {
            self.lines.remove(queue);
        }
    }
}

/// Bulks have slots of their own.
fn is_bulk(place: &Place) -> bool {
    *place.kind == *bulk::KIND
}

#[cfg(test)]
impl Ready {
    /// What follows from the document alone: who waits where, what may start, and what runs. Turns and tokens do not.
    pub(crate) fn projection(&self) -> Vec<String> {
        let lines = self.lines.iter().filter(|(_, line)| !line.is_empty());
        let mut lines: Vec<String> =
            lines.map(|(name, line)| format!("{name} {} {:?}", line.running(), line.projection())).collect();
        lines.sort();
        lines
    }
}
