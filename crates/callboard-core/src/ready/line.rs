//! One queue: its lanes, its keys with their turns, and what it may start.

use super::{Spot, Text, bucket::Bucket};
use callboard_protocol::{Time, queue::Queue};
use foldhash::HashMap;
use std::collections::BTreeSet;

/// Counts the turns of keys: a key that has just had its turn comes after those that wait for theirs.
type Turn = u64;

/// A rate holds something back until this time.
#[derive(Debug, PartialEq)]
pub(super) struct Blocked(pub(super) Time);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) settings: Queue,
    /// What it offers in the order of the board.
    pub(super) listed: Option<Spot>,
    running: u32,
    bucket: Bucket,
    streams: HashMap<Text, Stream>,
    open: BTreeSet<(Turn, Spot, Text)>,
    groups: HashMap<Text, Group>,
    /// The turn of the key that was last served; a key that is new here has the next.
    turn: Turn,
}

/// The jobs of one kind in a queue.
#[derive(Debug, Default)]
struct Stream {
    running: u32,
    lanes: HashMap<Text, Lane>,
    open: BTreeSet<(Turn, Spot, Text)>,
    listed: Option<(Turn, Spot)>,
}

/// The jobs of one kind and key in a queue.
#[derive(Debug, Default)]
struct Lane {
    jobs: BTreeSet<Spot>,
    listed: Option<(Turn, Spot)>,
}

/// The jobs of one key in a queue, whatever their kind.
#[derive(Debug, Default)]
struct Group {
    running: u32,
    turn: Turn,
    bucket: Bucket,
    /// The kinds in which it waits.
    kinds: Vec<Text>,
}

impl Line {
    pub(super) fn insert(&mut self, kind: &Text, key: &Text, spot: Spot) {
        let turn = self.turn;
        let group = self.group(key);
        if !group.kinds.contains(kind) {
            if group.kinds.is_empty() {
                group.turn = group.turn.max(turn + 1);
            }
            group.kinds.push(kind.clone());
        }
        let stream = self.stream(kind);
        match stream.lanes.get_mut(key) {
            Some(lane) => drop(lane.jobs.insert(spot)),
            None => {
                let lane = Lane { jobs: BTreeSet::from([spot]), listed: None };
                stream.lanes.insert(key.clone(), lane);
            }
        }
    }

    /// Whether the job was there.
    pub(super) fn remove(&mut self, kind: &Text, key: &Text, spot: &Spot) -> bool {
        let lane = self.streams.get_mut(kind).and_then(|stream| stream.lanes.get_mut(key));
        lane.is_some_and(|lane| lane.jobs.remove(spot))
    }

    pub(super) fn started(&mut self, kind: &Text, key: &Text, at: Time) {
        self.running += 1;
        if let Some(rate) = &self.settings.rate {
            self.bucket.charge(rate, at);
        }
        self.stream(kind).running += 1;
        self.group(key);
        // A key that is alone has every turn.
        let takes_turns = self.groups.len() > 1;
        let Some(group) = self.groups.get_mut(key) else { return };
        group.running += 1;
        if let Some(rate) = self.settings.key_rate.as_ref().filter(|_| !key.is_empty()) {
            group.bucket.charge(rate, at);
        }
        self.turn = self.turn.max(group.turn);
        if takes_turns {
            group.turn += 1;
        }
    }

    pub(super) fn ended(&mut self, kind: &Text, key: &Text) {
        self.running = self.running.saturating_sub(1);
        let stream = self.stream(kind);
        stream.running = stream.running.saturating_sub(1);
        let group = self.group(key);
        group.running = group.running.saturating_sub(1);
    }

    /// Forgets a key that neither waits nor runs, once it owes nothing; an error says when.
    pub(super) fn forget_key(&mut self, key: &Text, now: Time) -> Result<(), Blocked> {
        let Some(group) = self.groups.get(key) else { return Ok(()) };
        if !group.kinds.is_empty() || group.running > 0 {
            return Ok(());
        }
        if group.bucket.full_at() > now {
            return Err(Blocked(group.bucket.full_at()));
        }
        self.groups.remove(key);
        Ok(())
    }

    /// Lists a lane under its stream, or takes it off, as its key's limits say now.
    /// Returns when a rate lets it.
    pub(super) fn list_lane(&mut self, kind: &Text, key: &Text, now: Time) -> Option<Blocked> {
        let group = self.groups.get_mut(key)?;
        let mut blocked = None;
        let mut is_open = key.is_empty();
        if !is_open {
            let has_slot = self.settings.key_concurrency.is_none_or(|limit| group.running < limit);
            let token_at = self.settings.key_rate.as_ref().map(|rate| group.bucket.ready_at(rate));
            let late = token_at.filter(|at| *at > now);
            blocked = late.map(Blocked);
            is_open = has_slot && late.is_none();
        }
        let Some(stream) = self.streams.get_mut(kind) else { return blocked };
        let Some(lane) = stream.lanes.get_mut(key) else { return blocked };
        let offer = lane.jobs.first().filter(|_| is_open).map(|spot| (group.turn, spot.clone()));
        if lane.listed != offer {
            if let Some((turn, spot)) = std::mem::replace(&mut lane.listed, offer.clone()) {
                stream.open.remove(&(turn, spot, key.clone()));
            }
            if let Some((turn, spot)) = offer {
                stream.open.insert((turn, spot, key.clone()));
            }
        }
        if lane.jobs.is_empty() {
            stream.lanes.remove(key);
            group.kinds.retain(|waiting| waiting != kind);
        }
        blocked
    }

    /// Lists a stream under this line, or takes it off. `is_open`: the board lets the kind start.
    pub(super) fn list_stream(&mut self, kind: &Text, is_open: bool) {
        let Some(stream) = self.streams.get_mut(kind) else { return };
        let limit = self.settings.kinds.get(kind.as_ref());
        let is_open = is_open && limit.is_none_or(|limit| stream.running < *limit);
        let offer = stream.open.first().filter(|_| is_open).map(|(turn, spot, _)| (*turn, spot.clone()));
        if stream.listed != offer {
            if let Some((turn, spot)) = std::mem::replace(&mut stream.listed, offer.clone()) {
                self.open.remove(&(turn, spot, kind.clone()));
            }
            if let Some((turn, spot)) = offer {
                self.open.insert((turn, spot, kind.clone()));
            }
        }
        if stream.lanes.is_empty() && stream.running == 0 {
            self.streams.remove(kind);
        }
    }

    /// The job that this queue would start now. An error says when a rate lets it.
    pub(super) fn offer(&self, now: Time) -> Result<Option<Spot>, Blocked> {
        let has_slot = self.settings.concurrency.is_none_or(|limit| self.running < limit);
        let Some((_, spot, _)) = self.open.first().filter(|_| has_slot && !self.settings.paused) else {
            return Ok(None);
        };
        let token_at = self.settings.rate.as_ref().map(|rate| self.bucket.ready_at(rate));
        match token_at.filter(|at| *at > now) {
            Some(at) => Err(Blocked(at)),
            None => Ok(Some(spot.clone())),
        }
    }

    /// Looks at all lanes again.
    pub(super) fn relist(&mut self, now: Time) -> Vec<(Blocked, Text)> {
        let lanes: Vec<(Text, Text)> = self
            .streams
            .iter()
            .flat_map(|(kind, stream)| stream.lanes.keys().map(|key| (kind.clone(), key.clone())))
            .collect();
        lanes.iter().filter_map(|(kind, key)| Some((self.list_lane(kind, key, now)?, key.clone()))).collect()
    }

    pub(super) fn kinds(&self) -> Vec<Text> {
        self.streams.keys().cloned().collect()
    }

    pub(super) fn has_kind(&self, kind: &Text) -> bool {
        self.streams.contains_key(kind)
    }

    pub(super) fn kinds_of(&self, key: &Text) -> Vec<Text> {
        self.groups.get(key).map(|group| group.kinds.clone()).unwrap_or_default()
    }

    /// The jobs of one kind and key, in their order.
    pub(super) fn lane(&self, kind: &str, key: &str) -> Option<&BTreeSet<Spot>> {
        Some(&self.streams.get(kind)?.lanes.get(key)?.jobs)
    }

    /// Whether it can be forgotten.
    pub(super) fn is_idle(&self) -> bool {
        self.is_empty() && self.settings.is_plain()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.running == 0 && self.streams.values().all(|stream| stream.lanes.is_empty())
    }

    fn stream(&mut self, kind: &Text) -> &mut Stream {
        if !self.streams.contains_key(kind) {
            self.streams.insert(kind.clone(), Stream::default());
        }
        self.streams.get_mut(kind).expect("it was just put there")
    }

    fn group(&mut self, key: &Text) -> &mut Group {
        if !self.groups.contains_key(key) {
            self.groups.insert(key.clone(), Group { turn: self.turn + 1, ..Group::default() });
        }
        self.groups.get_mut(key).expect("it was just put there")
    }
}

#[cfg(test)]
impl Line {
    pub(super) fn running(&self) -> u32 {
        self.running
    }

    /// Lanes with their jobs in order.
    pub(super) fn projection(&self) -> Vec<String> {
        let mut lanes = Vec::new();
        for (kind, stream) in &self.streams {
            let lane = |(key, lane): (&Text, &Lane)| format!("{kind} {key} {:?}", lane.jobs);
            lanes.extend(stream.lanes.iter().map(lane));
        }
        lanes.sort();
        lanes
    }
}
