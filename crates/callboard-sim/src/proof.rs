//! What must be true when all is quiet, and that all becomes quiet: no slot is lost, everything comes to its end, and
//! idle costs nothing.

use crate::{
    commands,
    invariant::Invariant,
    life,
    record::{self, Record},
    world::{Ending, HISTORY, World},
};
use callboard::Board;
use callboard_protocol::{Actor, Node, command::Command, job::JobState};
use std::time::Duration;
use tokio::time::sleep;

/// Rounds of ten minutes in which everything must have come to its end.
const ROUNDS: u32 = 120;
/// After so many, what still runs is cancelled: some executors never end by themselves.
const PATIENCE: u32 = 8;

impl World {
    /// Nothing is on its way, so everything that can go on has gone on.
    pub(crate) fn check_quiet(&self, board: &Board) {
        let state = board.state();
        let book = self.ledger.book();
        let mut faults = Vec::new();
        if state.version != book.version {
            let what = format!("the board shows version {}; {} is stored", state.version, book.version);
            faults.push((Invariant::OneFold, what));
        }
        let document = &state.document;
        let runs = |(id, job): (&str, Record<'_>)| {
            (job.state == JobState::Running && !job.is_bulk()).then(|| (id.to_owned(), job.attempt))
        };
        let running: Vec<_> = record::jobs(document).filter_map(runs).collect();
        let alive = self.cast.alive();
        if running != alive {
            faults.push((Invariant::OneEnd, format!("{running:?} are said to run, {alive:?} do")));
        }
        for (id, job) in record::jobs(document).filter(|(_, job)| job.state == JobState::Queued) {
            let queue = document.child("queues").and_then(|queues| queues.child(job.text("queue")?));
            let has_rate =
                queue.is_some_and(|it| it.child("rate").is_some() || it.child("keyRate").is_some());
            if !has_rate && life::room(&book.oracle, document, &job).is_ok() {
                faults.push((Invariant::OneEnd, format!("job {id} waits although there is room")));
            }
        }
        faults.extend(count(document));
        faults.extend(bounds(document));
        drop(book);
        faults
            .into_iter()
            .for_each(|(invariant, what)| self.stage.breach(invariant, format!("at quiet: {what}")));
    }

    /// All steps are done: the world is healed, and everything must come to its end.
    pub(crate) async fn prove(&mut self, board: &Board) -> Ending {
        self.disk.faults().heal();
        self.stage.say("the world is healed");
        self.settle().await;
        if board.is_stopped() {
            return Ending::Stopped;
        }
        if !self.is_proven {
            self.let_go(board).await;
            if !self.come_to_an_end(board).await {
                return Ending::Crashed;
            }
            self.check_quiet(board);
            self.check_totals(board);
            self.stay_idle(board).await;
        }
        for index in 0..self.clients.len() {
            self.clients[index].catch_up(board, (&self.ledger, &self.stage)).await;
        }
        self.check_board(board);
        self.shut_down(board).await;
        // Once more from the disk alone.
        if std::mem::replace(&mut self.is_proven, true) { Ending::Finished } else { Ending::Stopped }
    }

    /// Takes away what people keep jobs back with.
    async fn let_go(&self, board: &Board) {
        let mut commands = Vec::new();
        for queue in names(board, "queues") {
            commands.push(commands::command("queues.configure", &format!(r#"{{"queue":{queue:?}}}"#)));
            commands.push(commands::command("queues.resume", &format!(r#"{{"queue":{queue:?}}}"#)));
        }
        commands.extend(names(board, "schedules").iter().map(|id| commands::named("schedules.delete", id)));
        for id in names(board, "jobs") {
            let is_held = record::job(&board.state().document, &id).is_some_and(|job| job.has("hold"));
            if is_held {
                let args = format!(r#"{{"id":{id:?},"release":true}}"#);
                commands.push(commands::command("jobs.update", &args));
            }
        }
        self.send_all(board, commands).await;
    }

    async fn send_all(&self, board: &Board, commands: Vec<Command>) {
        for command in commands {
            let (name, sent) = (command.name(), board.send(command, Actor::new("sim"), None).await);
            if let Err(rejection) = sent {
                self.stage.say(&format!("{name} was refused: {}", rejection.message));
            }
        }
    }

    async fn come_to_an_end(&self, board: &Board) -> bool {
        for round in 0..ROUNDS {
            let document = board.state().document;
            let open = |(id, job): (&str, Record<'_>)| (!job.state.is_terminal()).then(|| id.to_owned());
            let open: Vec<String> = record::jobs(&document).filter_map(open).collect();
            let flows = unfinished_workflows(&document);
            if open.is_empty() && flows.is_empty() {
                return self.settle().await;
            }
            if round >= PATIENCE {
                let cancels = open.iter().map(|id| commands::named("jobs.cancel", id));
                let stops = flows.iter().map(|id| commands::named("workflows.cancel", id));
                self.send_all(board, stops.chain(cancels).collect()).await;
            }
            sleep(Duration::from_secs(600)).await;
        }
        let document = board.state().document;
        let left = record::jobs(&document).filter(|(_, job)| !job.state.is_terminal());
        let left: Vec<String> = left.map(|(id, job)| format!("{id} is {}", job.state.as_str())).collect();
        let what = format!("{left:?} and workflows {:?} do not end", unfinished_workflows(&document));
        self.stage.breach(Invariant::OneEnd, what);
        false
    }

    /// Every end was counted once.
    fn check_totals(&self, board: &Board) {
        let document = board.state().document;
        for state in JobState::ALL.into_iter().filter(|state| state.is_terminal()) {
            let shown = counted(&document, &["summary", state.as_str()]);
            let ends = self.ledger.book().oracle.total(state);
            if shown != ends {
                let what = format!("{shown} jobs {} by the summary, {ends} by the journal", state.as_str());
                self.stage.breach(Invariant::OneEnd, what);
            }
        }
    }

    /// Reading changes nothing, and where nothing is to do nothing is done.
    async fn stay_idle(&self, board: &Board) {
        let before = self.ledger.book().writes;
        for id in names(board, "jobs") {
            // Whether it is there or not.
            let _ = board.job(&callboard_protocol::JobId::new(id)).await;
        }
        sleep(Duration::from_secs(1200)).await;
        let more = self.ledger.book().writes - before;
        if more > 0 {
            self.stage
                .breach(Invariant::IdleIsFree, format!("{more} commits were written while nothing happened"));
        }
    }
}

fn names(board: &Board, domain: &str) -> Vec<String> {
    let document = board.state().document;
    let all = document.child(domain).and_then(Node::as_object);
    all.into_iter().flat_map(|all| all.keys()).map(ToString::to_string).collect()
}

fn unfinished_workflows(document: &Node) -> Vec<String> {
    let all = document.child("workflows").and_then(Node::as_object);
    let is_open = |record: &Node| {
        let state = record.child("state").and_then(Node::as_str).unwrap_or_default();
        matches!(state, "running" | "stopping" | "compensating")
    };
    let open = all.into_iter().flat_map(|all| all.iter()).filter(|(_, record)| is_open(record));
    open.map(|(id, _)| id.to_string()).collect()
}

fn counted(document: &Node, path: &[&str]) -> u64 {
    path.iter().try_fold(document, |node, name| node.child(name)).and_then(Node::as_u64).unwrap_or(0)
}

/// Counts of active states against the records, on the board and by queue.
fn count(document: &Node) -> Vec<(Invariant, String)> {
    let mut faults = Vec::new();
    let queues = document.child("queues").and_then(Node::as_object);
    let queues: Vec<&str> = queues.into_iter().flat_map(|all| all.keys()).map(|key| key.as_str()).collect();
    for state in JobState::ALL.into_iter().filter(|state| !state.is_terminal()) {
        let name = state.as_str();
        let here = record::jobs(document).filter(|(_, job)| job.state == state).count() as u64;
        let shown = counted(document, &["summary", name]);
        if shown != here {
            faults.push((Invariant::OneFold, format!("{here} jobs are {name}, the summary says {shown}")));
        }
        for queue in &queues {
            let fits = |job: &Record<'_>| job.state == state && job.text("queue") == Some(queue);
            let here = record::jobs(document).filter(|(_, job)| fits(job)).count() as u64;
            let shown = counted(document, &["summary", "queues", queue, name]);
            if shown != here {
                let what = format!("{here} jobs of {queue} are {name}, the summary says {shown}");
                faults.push((Invariant::OneFold, what));
            }
        }
    }
    faults
}

/// Finished jobs are trimmed, but for those that others wait for.
fn bounds(document: &Node) -> Vec<(Invariant, String)> {
    let waits = record::jobs(document).any(|(_, job)| job.has("waitingFor"));
    let ended = record::jobs(document).filter(|(_, job)| job.state.is_terminal()).count();
    if !waits && ended > HISTORY {
        return vec![(Invariant::Bounded, format!("{ended} finished jobs are live"))];
    }
    Vec::new()
}
