//! One step of a run: somebody does something, time passes, or something goes wrong.

use crate::{
    commands::{self, Known},
    faults::Fate,
    invariant::Invariant,
    record,
    watch::Watch,
    world::{Ending, World},
};
use callboard::{Board, Host};
use callboard_protocol::Node;
use std::{future::pending, time::Duration};
use tokio::time::sleep;

impl World {
    /// Takes a step; an ending when the boot ends with it.
    pub(crate) async fn take_step(&mut self, board: &Board, watch: &Watch) -> Option<Ending> {
        let roll = self.dice.within(0..=99);
        self.stage.say(&format!("step {} ({roll})", self.step));
        match roll {
            0..=53 => self.ask(board),
            54..=73 => {
                let ms = [0, 1, 5, 20, 100, 700, 3000, 20_000][self.dice.within(0..=7) as usize];
                sleep(Duration::from_millis(ms)).await;
            }
            74..=83 => self.follow(board).await,
            84..=86 => {
                if let Some(id) = self.some_job() {
                    watch.job(board, &id);
                }
            }
            87..=88 => self.jump(),
            89..=91 => {
                let fates = [Fate::CrashBefore, Fate::CrashAfter, Fate::CrashOnAnswer];
                self.arm(&fates);
            }
            92 => {
                let count = self.dice.within(1..=3) as usize;
                self.disk.faults().fill_disk(count);
            }
            93 => self.arm(&[Fate::UnknownLost, Fate::UnknownStored]),
            94 => {
                self.stage.crash("out of the blue");
                pending::<()>().await;
            }
            95 => return Some(self.shut_down(board).await),
            96 => {
                let ms = [0, 5, 40, 200][self.dice.within(0..=3) as usize];
                self.disk.faults().set_speed(ms);
            }
            97 => self.look_back(board).await,
            _ => {
                if self.settle().await && !board.is_stopped() {
                    self.check_quiet(board);
                }
            }
        }
        None
    }

    /// One command, or many at once, or one again.
    fn ask(&mut self, board: &Board) {
        if self.dice.percent(6) {
            return self.office.repeat(board, &mut self.dice);
        }
        let count = if self.dice.percent(15) { self.dice.within(2..=12) } else { 1 };
        for _ in 0..count {
            let known = self.known();
            let command = commands::any(&mut self.dice, &known);
            self.office.send(board, command);
        }
    }

    fn known(&self) -> Known {
        let book = self.ledger.book();
        let workflows = book.document.child("workflows").and_then(Node::as_object);
        Known {
            jobs: record::jobs(&book.document).map(|(id, _)| id.to_owned()).collect(),
            workflows: workflows.into_iter().flat_map(|all| all.keys()).map(ToString::to_string).collect(),
            now: self.stage.now().0,
        }
    }

    fn some_job(&mut self) -> Option<String> {
        let known = self.known();
        self.dice.choose(&known.jobs).cloned()
    }

    async fn follow(&mut self, board: &Board) {
        let index = self.dice.within(0..=self.clients.len() as u64 - 1) as usize;
        let client = &mut self.clients[index];
        if self.dice.percent(20) {
            client.disconnect();
        } else {
            client.follow(board, &mut self.dice, (&self.ledger, &self.stage)).await;
        }
    }

    /// The wall clock is set: a little or much, forward or back.
    fn jump(&mut self) {
        let by = [40, 1000, 30_000, 3_600_000][self.dice.within(0..=3) as usize];
        let by = if self.dice.percent(50) { by } else { -by };
        self.stage.say(&format!("the wall clock jumps by {by} ms"));
        self.stage.host.jump(by);
    }

    fn arm(&mut self, fates: &[Fate]) {
        let good = self.dice.within(0..=4) as usize;
        if let Some(fate) = self.dice.choose(fates) {
            self.disk.faults().arm(good, *fate);
        }
    }

    /// The board stops in order: nothing goes on behind its back.
    pub(crate) async fn shut_down(&mut self, board: &Board) -> Ending {
        self.stage.say("shuts down");
        self.stage.drain();
        board.shutdown().await;
        let alive = self.cast.alive();
        if !alive.is_empty() && !self.disk.faults().has_lost_answer() {
            self.stage.breach(Invariant::OneEnd, format!("{alive:?} go on after the shutdown"));
        }
        Ending::Stopped
    }

    /// The state at some earlier version is what it was then.
    async fn look_back(&mut self, board: &Board) {
        let shown = board.state().version;
        let versions: Vec<u64> =
            self.ledger.versions().into_iter().filter(|version| *version <= shown).collect();
        let Some(version) = self.dice.choose(&versions).copied() else { return };
        // The journal may have been lost meanwhile.
        if let Ok(state) = board.state_at(version).await {
            self.ledger.check_view("time travel", state.version, &state.document);
        }
    }
}
