//! One run: boots of one board, one after the other, on one disk. Each boot has a runtime of its own with a paused
//! clock; a crash drops it with everything in it, at the point where it is.

use crate::{
    Failure, Options, Report,
    cast::Cast,
    client::Client,
    dice::Dice,
    disk::Disk,
    executor::{Actors, KINDS, kind},
    faults::Fate,
    invariant::Invariant,
    ledger::Ledger,
    office::Office,
    oracle::Oracle,
    stage::Stage,
    watch::Watch,
};
use callboard::{Board, BoardOptions, Limits, Retention};
use callboard_exec::Registry;
use std::{sync::Arc, time::Duration};
use tokio::{runtime::Builder, time::sleep};

/// Attempts at once; few, so that jobs wait.
const SLOTS: usize = 4;
/// Finished jobs and results in the live state; few, so that they are trimmed.
pub(crate) const HISTORY: usize = 12;
const RESULTS: usize = 6;
/// Changes between two snapshots; few, so that recovery uses them.
const SNAPSHOT_EVERY: u64 = 150;
/// Between asking an attempt to stop and aborting it.
const GRACE: Duration = Duration::from_millis(800);
const CLIENTS: usize = 3;
/// Boots of one run; more would mean that it does not get on.
const BOOTS: u64 = 400;

/// Longer than any boot takes: everybody waits for somebody else.
const STUCK: Duration = Duration::from_secs(30 * 86_400);

/// How a boot ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The process died, or an invariant is broken.
    Crashed,
    /// The board stopped: in order, or because it lost its journal.
    Stopped,
    /// All steps are done and all is quiet.
    Finished,
}

/// See the module.
pub(crate) struct World {
    pub(crate) options: Options,
    pub(crate) stage: Arc<Stage>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) disk: Arc<Disk>,
    pub(crate) cast: Arc<Cast>,
    pub(crate) office: Arc<Office>,
    pub(crate) dice: Dice,
    pub(crate) clients: Vec<Client>,
    pub(crate) step: u64,
    /// All steps are done; what follows is the proof that everything comes to its end.
    pub(crate) is_proven: bool,
}

impl World {
    pub(crate) fn new(options: Options) -> Self {
        let seed = options.seed;
        let stage = Arc::new(Stage::new(seed));
        let cast = Arc::new(Cast::default());
        let ledger = Arc::new(Ledger::new(stage.clone(), Oracle::new(cast.clone(), SLOTS, RESULTS)));
        World {
            disk: Arc::new(Disk::new(seed, ledger.clone(), stage.clone())),
            office: Arc::new(Office::new(ledger.clone(), stage.clone())),
            dice: Dice::of(seed, "world"),
            clients: (0..CLIENTS).map(Client::new).collect(),
            step: 0,
            is_proven: false,
            options,
            stage,
            ledger,
            cast,
        }
    }

    /// Boots until all is proven.
    pub(crate) fn run(mut self) -> Result<Report, Box<Failure>> {
        if self.options.disk_lies {
            self.disk.faults().lie();
        }
        loop {
            let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
            let runtime = runtime.expect("a runtime without threads needs nothing");
            let ending = runtime.block_on(Box::pin(self.boot()));
            // The process is gone: no task of it runs on, not even to its next await.
            drop(runtime);
            if self.stage.boot() > BOOTS {
                self.stage.breach(Invariant::Bounded, format!("{BOOTS} boots were not enough"));
            }
            if let Some(breach) = self.stage.first_breach() {
                let (seed, step, trace) = (self.options.seed, self.step, self.stage.trace.text());
                return Err(Box::new(Failure { seed, step, breach, trace }));
            }
            if ending == Ending::Finished {
                return Ok(self.report());
            }
        }
    }

    async fn boot(&mut self) -> Ending {
        let stage = self.stage.clone();
        let number = stage.light();
        stage.say(&format!("BOOT {number}"));
        self.disk.faults().disarm();
        if !self.is_over() && self.dice.percent(8) {
            let good = self.dice.within(0..=3) as usize;
            let fate = if self.dice.percent(50) { Fate::CrashBefore } else { Fate::CrashAfter };
            self.disk.faults().arm(good, fate);
        }
        let ending = tokio::select! {
            biased;
            () = stage.over() => Ending::Crashed,
            ending = Box::pin(self.live()) => ending,
            () = sleep(STUCK) => {
                stage.breach(Invariant::OneEnd, "somebody waits for what never comes");
                Ending::Crashed
            }
        };
        let pause = [0, 1, 300, 5000, 90_000][self.dice.within(0..=4) as usize];
        stage.host.power_off(Duration::from_millis(pause));
        ending
    }

    async fn live(&mut self) -> Ending {
        let board = match Board::open(self.board_options()).await {
            Ok(board) => board,
            Err(error) => {
                self.stage.breach(Invariant::OneFold, format!("the board does not open: {error}"));
                return Ending::Crashed;
            }
        };
        self.check_board(&board);
        self.clients.iter_mut().for_each(Client::disconnect);
        let watch = Watch::begin(&board, self.ledger.clone(), self.stage.clone());
        self.office.resend(&board, &mut self.dice);
        while !self.is_over() {
            self.step += 1;
            if let Some(ending) = self.take_step(&board, &watch).await {
                return ending;
            }
            self.check_board(&board);
            if board.is_stopped() {
                return self.stopped();
            }
        }
        self.prove(&board).await
    }

    /// The board takes nothing more, although nobody asked it to stop.
    fn stopped(&self) -> Ending {
        if !self.disk.faults().has_lost_answer() {
            self.stage.breach(Invariant::OneEnd, "the board stopped by itself");
        }
        Ending::Stopped
    }

    fn is_over(&self) -> bool {
        self.step >= self.options.steps
    }

    /// What a reader sees.
    pub(crate) fn check_board(&self, board: &Board) {
        let state = board.state();
        self.ledger.check_view("the board", state.version, &state.document);
    }

    /// Waits until nothing is written for a while; `false` when that does not come.
    pub(crate) async fn settle(&self) -> bool {
        for _ in 0..80 {
            sleep(Duration::from_millis(250)).await;
            if self.ledger.is_calm(self.stage.host.elapsed_ms(), 1500) {
                return true;
            }
        }
        false
    }

    fn board_options(&self) -> BoardOptions {
        let actors =
            Actors { cast: self.cast.clone(), ledger: self.ledger.clone(), stage: self.stage.clone() };
        let actors = Arc::new(actors);
        let mut registry = Registry::new();
        for name in KINDS {
            registry.register(kind(name), actors.clone()).expect("two names");
        }
        let limits = Limits {
            concurrency: SLOTS,
            history: HISTORY,
            results: RESULTS,
            retention: Retention::default(),
        };
        BoardOptions {
            journal: Some(self.disk.mount()),
            limits,
            grace: GRACE,
            registry,
            host: self.stage.clone(),
            snapshot_every: SNAPSHOT_EVERY,
            ..BoardOptions::default()
        }
    }

    fn report(&self) -> Report {
        let book = self.ledger.book();
        Report {
            digest: self.stage.trace.digest(),
            boots: self.stage.boot(),
            commits: book.writes,
            changes: book.version,
            jobs: book.oracle.past.len() as u64,
            answers: self.office.answered(),
            resumes: self.clients.iter().map(|client| client.resumes).sum(),
            snapshots: self.clients.iter().map(|client| client.snapshots).sum(),
            trace: self.stage.trace.text(),
        }
    }
}
