//! The story: load, kill, look, start, look again; at the end everything must be over and everybody must agree.

use crate::{
    args::Args,
    audit::Audit,
    faults::{Fault, Faults},
    ledger::Fate,
    load::{self, SharedLedger, lock},
    processes::{self, Process},
    server::Starter,
    verify::Verify,
    watcher::Watcher,
};
use callboard_client::{Client, Options};
use callboard_testkit::{Ready, ServerProcess, raw_http::Request};
use fastrand::Rng;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{error::Error, io, time::Duration};

/// A round is over in a second; a machine under load may take a while to check it.
const ROUND: Duration = Duration::from_secs(120);
/// The last jobs sleep for five seconds.
const END: Duration = Duration::from_secs(120);
/// The latest moment of a kill.
const KILL_MS: u64 = 800;

/// What came out.
pub(crate) struct Report {
    rounds: u32,
    seed: u64,
    acknowledged: usize,
    recoveries: Vec<Duration>,
    resumed: u64,
    /// How often the shipped client has connected.
    connections: u32,
    faults: Faults,
}

impl Report {
    pub(crate) fn is_clean(&self) -> bool {
        self.faults.is_empty() && self.acknowledged > 0
    }

    /// The line of counts.
    pub(crate) fn line(&self) -> String {
        let count = |fault| self.faults.count(fault);
        let mut sorted = self.recoveries.clone();
        sorted.sort_unstable();
        let median = sorted.get(sorted.len() / 2).map_or(0, Duration::as_millis);
        format!(
            "crash: {} rounds, seed {}: {} acknowledged, {} missing, {} half-applied, {} ended twice, \
             {} not ended, {} mirrors differ, {} orphans, {} other faults, {} resumed, {} reconnects, {} recoveries (p50 {median} ms)",
            self.rounds,
            self.seed,
            self.acknowledged,
            count(Fault::Missing),
            count(Fault::HalfApplied),
            count(Fault::EndedTwice),
            count(Fault::NotEnded),
            count(Fault::MirrorDiffers),
            count(Fault::Orphan),
            count(Fault::Other),
            self.resumed,
            self.connections.saturating_sub(1),
            self.recoveries.len(),
        )
    }
}

/// Runs all rounds.
pub(crate) async fn run(args: &Args) -> Report {
    let mut report = Report {
        rounds: args.rounds,
        seed: args.seed,
        acknowledged: 0,
        recoveries: Vec::new(),
        resumed: 0,
        connections: 0,
        faults: Faults::default(),
    };
    let folder = match tempfile::Builder::new().prefix("callboard-crash-").tempdir() {
        Ok(folder) => folder,
        Err(error) => {
            report.faults.add(Fault::Other, format!("no folder: {error}"));
            return report;
        }
    };
    let mut starter = Starter::new(args, folder.path());
    if let Err(error) = story(args, &mut starter, &mut report).await {
        report.faults.add(Fault::Other, format!("{error}\n{}", starter.last_words()));
    }
    if !report.is_clean() {
        eprintln!("crash: what the servers left is in {}", folder.keep().display());
    }
    report
}

/// What lives through all rounds.
struct Story<'a> {
    starter: &'a mut Starter,
    report: &'a mut Report,
    rng: Rng,
    ledger: SharedLedger,
    audit: Audit,
    watcher: Watcher,
    /// The client that users have, with one connection that must heal each time.
    shipped: Client,
    /// Those that were reported.
    orphans: Vec<Process>,
}

async fn story(args: &Args, starter: &mut Starter, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let mut rng = Rng::with_seed(args.seed);
    let mut server = starter.start().await?;
    let watcher = Watcher::start(&server.ready, rng.fork());
    let shipped = Client::connect(Options::new(&server.ready.url, &server.ready.token)?);
    let (ledger, audit) = (SharedLedger::default(), Audit::default());
    let mut story = Story { starter, report, rng, ledger, audit, watcher, shipped, orphans: Vec::new() };
    for round in 1..=args.rounds {
        let step = tokio::time::timeout(ROUND, story.round(server));
        server = step.await.map_err(|_| format!("round {round} took more than {ROUND:?}"))??;
    }
    let end = tokio::time::timeout(END, story.end(server));
    end.await.map_err(|_| format!("the end took more than {END:?}"))?
}

impl Story<'_> {
    /// Load, kill, audit, restart, verify.
    async fn round(&mut self, server: ServerProcess) -> Result<ServerProcess, Box<dyn Error>> {
        let first = lock(&self.ledger).entries.len();
        let mut clients = load::start(&server.ready, &self.ledger, &mut self.rng);
        tokio::time::sleep(Duration::from_millis(self.rng.u64(0..=KILL_MS))).await;
        server.kill()?;
        while clients.join_next().await.is_some() {}

        let left = processes::of(self.starter.data());
        self.audit.read(self.starter.data(), &mut self.report.faults).await?;
        self.check_acknowledged(first);

        let server = self.starter.start().await?;
        self.report.recoveries.push(server.started_in);
        self.shipped.retry_now().await;
        self.check_orphans(&left);
        let (ledger, audit) = (&self.ledger, &self.audit);
        let verify = Verify { ready: &server.ready, ledger, audit, faults: &mut self.report.faults };
        verify.run(first, &mut self.rng).await?;
        Ok(server)
    }

    /// What a killed server left running must be gone once the next one is ready.
    fn check_orphans(&mut self, left: &[Process]) {
        for process in processes::alive(left) {
            if self.orphans.contains(process) {
                continue;
            }
            let what =
                format!("process {} of {} outlived its server and a restart", process.pid, process.job);
            self.report.faults.add(Fault::Orphan, what);
            self.orphans.push(process.clone());
        }
    }

    /// Every acknowledged command is in the journal, where and how its client was told.
    fn check_acknowledged(&mut self, first: usize) {
        let ledger = lock(&self.ledger);
        for entry in &ledger.entries[first..] {
            let Fate::Acknowledged(ack) = &entry.fate else { continue };
            let key = &entry.planned.key;
            match self.audit.applied(key) {
                None => self.report.faults.add(Fault::Missing, format!("{key} at version {}", ack.version)),
                Some((version, result)) if *version != ack.version || *result != ack.result => {
                    let wrong = format!("{key}: told {ack:?}, the journal says {version} {result}");
                    self.report.faults.add(Fault::HalfApplied, wrong);
                }
                Some(_) => {}
            }
        }
    }

    /// Everything finishes; then state, fold and mirror are compared, and every job's life.
    async fn end(mut self, server: ServerProcess) -> Result<(), Box<dyn Error>> {
        self.watcher.settle();
        let state = self.wait_until_idle(&server.ready).await?;
        let mirror = {
            let mut seen = self.watcher.seen();
            self.report.resumed = seen.resumed;
            for fault in std::mem::take(&mut seen.faults) {
                self.report.faults.add(Fault::MirrorDiffers, fault);
            }
            seen.mirror.document().to_string()
        };
        let shipped = self.shipped.state().to_string();
        self.report.connections = self.shipped.telemetry().connections;
        server.kill()?;
        self.audit.read(self.starter.data(), &mut self.report.faults).await?;
        let fold = self.audit.state();
        for (name, text) in [("the mirror", &mirror), ("the client", &shipped), ("fold(journal)", &fold)] {
            if *text != state {
                self.report.faults.add(Fault::MirrorDiffers, difference(name, text, &state));
            }
        }
        self.audit.check_store(self.starter.data(), &mut self.report.faults).await?;
        self.check_ends();
        for process in processes::of(self.starter.data()) {
            let what = format!("process {} of {} is left at the end", process.pid, process.job);
            self.report.faults.add(Fault::Orphan, what);
        }
        Ok(())
    }

    /// Every accepted job has ended, exactly as often as it began (the audit has counted).
    fn check_ends(&mut self) {
        let ledger = lock(&self.ledger);
        self.report.acknowledged = ledger.acknowledged();
        for entry in &ledger.entries {
            let is_accepted = matches!(entry.fate, Fate::Acknowledged(_));
            if is_accepted && !self.audit.has_ended(&entry.planned.job) {
                self.report.faults.add(Fault::NotEnded, &entry.planned.job);
            }
        }
        let refused = ledger.refused("jobs.dispatch");
        if refused > 0 {
            self.report.faults.add(Fault::Other, format!("{refused} dispatches were refused"));
        }
    }

    /// Waits until no job is active and the watcher has seen the last version; the state then, as text.
    async fn wait_until_idle(&self, ready: &Ready) -> Result<String, Box<dyn Error>> {
        loop {
            let counts: Envelope<serde_json::Value> = get(ready, "/api/state?path=/summary").await?;
            let active = ["pending", "scheduled", "queued", "running", "retrying"];
            if active.iter().all(|state| counts.data[*state] == 0) {
                let state: Envelope<Box<RawValue>> = get(ready, "/api/state").await?;
                let shipped = self.shipped.position().map_or(0, |position| position.version);
                if self.watcher.seen().mirror.version() == state.version && shipped == state.version {
                    return Ok(state.data.get().to_owned());
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The answer of `GET /api/state`.
#[derive(Deserialize)]
struct Envelope<T> {
    version: u64,
    data: T,
}

async fn get<T: serde::de::DeserializeOwned>(ready: &Ready, path: &str) -> io::Result<T> {
    let to = ready.address()?;
    Request::new("GET", path).header("Host", &to.to_string()).bearer(&ready.token).send(to).await?.json()
}

/// Where two texts part.
fn difference(name: &str, text: &str, state: &str) -> String {
    let at = text.bytes().zip(state.bytes()).take_while(|(a, b)| a == b).count();
    let around = |text: &str| {
        let start = text.floor_char_boundary(at.saturating_sub(60));
        text[start..text.floor_char_boundary(at + 60)].to_owned()
    };
    format!("{name} and the state part at byte {at}: {:?} is not {:?}", around(text), around(state))
}
