//! A server with a history, a line that loses, repeats and cuts, and a naive reader of the same truth: whatever
//! happens, the mirror shows a version that existed, asks once at a time, and gets to the head (invariant 4).

use super::{Effect, Input, Machine, Now, Setup};
use callboard_protocol::{
    Epoch, Node, Op, Time,
    config::WsConfig,
    frame::{ClientFrame, ServerFrame, SnapshotReason, StatePosition, SubStart},
};
use proptest::prelude::*;
use serde_json::Value;
use std::{collections::VecDeque, time::Duration};

#[derive(Clone, Debug)]
enum Step {
    Commit(u8, u8),
    Deliver,
    Lose,
    Repeat(u8),
    Cut,
    NewEpoch,
    Pong,
    Wait(u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0u8..5, any::<u8>()).prop_map(|(key, value)| Step::Commit(key, value)),
        8 => Just(Step::Deliver),
        1 => Just(Step::Lose),
        1 => any::<u8>().prop_map(Step::Repeat),
        1 => Just(Step::Cut),
        1 => Just(Step::NewEpoch),
        1 => Just(Step::Pong),
        1 => (0u16..500).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 0..120)
}

/// The truth: all versions of the present history, each as plain JSON, with the patch that led to it.
struct Truth {
    epoch: Epoch,
    versions: Vec<(Value, Vec<Op>)>,
}

impl Truth {
    fn new(number: usize) -> Self {
        let start = serde_json::json!({ "epoch": number });
        Truth { epoch: Epoch::from(format!("e{number}")), versions: vec![(start, vec![])] }
    }

    fn head(&self) -> u64 {
        self.versions.len() as u64 - 1
    }

    fn commit(&mut self, key: u8, value: u8) {
        let (document, _) = &self.versions[self.versions.len() - 1];
        let mut next = document.clone();
        let member = format!("k{key}");
        let is_there = next.get(&member).is_some();
        let op = match (is_there, value % 3) {
            (true, 0) => serde_json::json!([{ "op": "remove", "path": format!("/{member}") }]),
            (true, _) => {
                serde_json::json!([{ "op": "replace", "path": format!("/{member}"), "value": value }])
            }
            (false, _) => {
                serde_json::json!([{ "op": "add", "path": format!("/{member}"), "value": { "x": value } }])
            }
        };
        let naive: json_patch::Patch = serde_json::from_value(op.clone()).unwrap();
        json_patch::patch(&mut next, &naive).unwrap();
        self.versions.push((next, serde_json::from_value(op).unwrap()));
    }

    fn patch(&self, from: u64, to: u64) -> ServerFrame {
        let window = &self.versions[from as usize + 1..=to as usize];
        let patch = window.iter().flat_map(|(_, ops)| ops.clone()).collect();
        ServerFrame::StatePatch {
            sub: None,
            epoch: self.epoch.clone(),
            from_version: from,
            to_version: to,
            patch,
        }
    }

    /// The head in two parts: the skeleton, then its members.
    fn snapshot(&self) -> [ServerFrame; 2] {
        let document = &self.versions[self.versions.len() - 1].0;
        let members = document.as_object().unwrap();
        let entries = members.iter().map(|(key, value)| (format!("/{key}"), Node::from(value))).collect();
        [(Some(Node::object()), None, 0), (None, Some(entries), 1)].map(|(data, entries, part)| {
            ServerFrame::StateSnapshot {
                sub: None,
                epoch: self.epoch.clone(),
                state_version: self.head(),
                data,
                entries,
                reason: SnapshotReason::Resync,
                part: Some(part),
                more: Some(part == 0),
            }
        })
    }
}

struct World {
    truth: Truth,
    epochs: usize,
    machine: Machine,
    now_ms: u64,
    /// What is on its way, and what was sent before.
    line: VecDeque<ServerFrame>,
    sent: Vec<ServerFrame>,
    served: u64,
    asked: u32,
}

impl World {
    fn new() -> Self {
        let setup = Setup {
            name: "model".into(),
            version: "1".into(),
            instance: "me".into(),
            logs: None,
            mirror: true,
            deflate: false,
            ws: WsConfig::default(),
        };
        let machine = Machine::new(setup, Box::new(|| 0.0));
        let (line, sent) = (VecDeque::new(), Vec::new());
        let mut world =
            World { truth: Truth::new(0), epochs: 0, machine, now_ms: 0, line, sent, served: 0, asked: 0 };
        world.give(Input::Start);
        world
    }

    fn give(&mut self, input: Input) {
        let now = Now { mono: Duration::from_millis(self.now_ms), wall: Time(0) };
        self.machine.traffic(1, 0, now);
        for effect in self.machine.handle(input, now) {
            match effect {
                Effect::Open { .. } => {
                    self.line.clear();
                    self.asked = 0;
                    self.give(Input::Opened { deflate: false });
                }
                Effect::Send(ClientFrame::Hello { subs, .. }) => {
                    let resume = subs.and_then(|mut subs| subs.pop()).and_then(|sub| sub.resume);
                    self.greet(resume);
                }
                Effect::Send(ClientFrame::StateResync { have, .. }) => {
                    self.asked += 1;
                    assert_eq!(self.asked, 1, "at most one request is outstanding");
                    self.answer(have);
                }
                _ => {}
            }
        }
    }

    fn greet(&mut self, resume: Option<StatePosition>) {
        let resume = resume.filter(|at| at.epoch == self.truth.epoch);
        let start = if resume.is_some() { SubStart::Resumed } else { SubStart::Snapshot };
        let mut welcome = super::script::welcome(start);
        if let ServerFrame::Welcome { epoch, version, .. } = &mut welcome {
            *epoch = self.truth.epoch.clone();
            *version = self.truth.head();
        }
        self.give(Input::Frame(Box::new(welcome)));
        self.answer(resume);
    }

    fn answer(&mut self, have: Option<StatePosition>) {
        match have.filter(|at| at.epoch == self.truth.epoch && at.version % 2 == 0) {
            Some(have) if have.version < self.truth.head() => {
                self.line.push_back(self.truth.patch(have.version, self.truth.head()));
            }
            Some(_) => {}
            None => self.line.extend(self.truth.snapshot()),
        }
        self.served = self.truth.head();
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Commit(key, value) => {
                self.truth.commit(*key, *value);
                self.line.push_back(self.truth.patch(self.served, self.truth.head()));
                self.served = self.truth.head();
            }
            Step::Deliver => self.deliver(),
            // Only patches are lost; an answer that never comes is another test.
            Step::Lose
                if matches!(self.line.front(), Some(ServerFrame::StatePatch { .. })) && self.asked == 0 =>
            {
                self.line.pop_front();
            }
            Step::Repeat(which) if !self.sent.is_empty() => {
                let frame = self.sent[usize::from(*which) % self.sent.len()].clone();
                if matches!(frame, ServerFrame::StatePatch { .. }) {
                    self.give(Input::Frame(Box::new(frame)));
                }
            }
            Step::Cut => self.cut(),
            Step::NewEpoch => {
                self.epochs += 1;
                self.truth = Truth::new(self.epochs);
                self.cut();
            }
            Step::Pong => {
                let version = self.served;
                self.line.push_back(ServerFrame::Pong {
                    ts: 0.0,
                    id: None,
                    server_time: 0.0,
                    epoch: self.truth.epoch.clone(),
                    version,
                    log_seq: 0,
                });
            }
            Step::Wait(ms) => {
                self.now_ms += u64::from(*ms);
                self.give(Input::Tick);
            }
            _ => {}
        }
    }

    fn cut(&mut self) {
        self.line.clear();
        self.give(Input::Dropped { code: None, reason: String::new() });
        self.now_ms += 20_000;
        self.give(Input::Tick);
    }

    fn deliver(&mut self) {
        let Some(frame) = self.line.pop_front() else { return };
        self.sent.push(frame.clone());
        self.give(Input::Frame(Box::new(frame)));
        if self.machine.view().live {
            self.asked = 0;
        }
    }

    fn check(&self) {
        let view = self.machine.view();
        let Some(position) = view.position.filter(|at| at.epoch == self.truth.epoch) else { return };
        let (expected, _) = &self.truth.versions[position.version as usize];
        assert_eq!(Value::from(&view.state), *expected, "the mirror shows a version that existed");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_mirror_gets_to_the_head(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
            world.check();
        }
        // Then the line is good for a while.
        for _ in 0..8 {
            world.step(&Step::Pong);
            world.step(&Step::Wait(300));
            while !world.line.is_empty() {
                world.deliver();
                world.check();
            }
        }
        let view = world.machine.view();
        prop_assert!(view.live);
        prop_assert_eq!(view.position.map(|at| (at.epoch, at.version)), Some((world.truth.epoch.clone(), world.truth.head())));
    }
}
