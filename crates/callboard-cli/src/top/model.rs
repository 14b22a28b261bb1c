//! What is shown, and what is known: no terminal, no connection, no clock.

use super::{
    columns::Column,
    executors::{Executor, executors},
    log_pane::LogPane,
    past::{Happened, Past},
    preferences::Preferences,
    rows::{Row, Sort, rows},
    samples::Samples,
    sheet::Sheet,
};
use crate::commands::queues::records_of;
use callboard::{Query, QueryError};
use callboard_client::{Telemetry, View};
use callboard_protocol::{JobId, Node, Time, log::LogEntry};
use std::collections::BTreeSet;

/// What a person can do to jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Stop them.
    Cancel,
    /// Queue them again.
    Retry,
    /// Remove them.
    Delete,
}

impl Verb {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Verb::Cancel => "cancel",
            Verb::Retry => "retry",
            Verb::Delete => "delete",
        }
    }

    /// The command's name on the wire.
    pub(crate) fn command(self) -> &'static str {
        match self {
            Verb::Cancel => "jobs.cancel",
            Verb::Retry => "jobs.retry",
            Verb::Delete => "jobs.delete",
        }
    }
}

/// What is to happen outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Leave; with Ctrl-C as if interrupted.
    Quit {
        /// Whether it was Ctrl-C.
        interrupted: bool,
    },
    /// Fetch the lines of a job.
    LoadLog(JobId),
    /// Fetch the lines of the board.
    LoadBoard,
    /// Fetch what kinds can be run.
    LoadKinds,
    /// Fetch what happened last.
    LoadPast,
    /// Do something to jobs.
    Do(Verb, Vec<JobId>),
    /// Pause a queue, or let it go on.
    Pause(String, bool),
    /// Put a text where the terminal's person can paste it.
    Copy(String),
    /// The same with the address of a job's page.
    CopyAddress(JobId),
    /// Listen to the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Remember how things are shown.
    Keep(Preferences),
}

/// What keys mean now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Moving about.
    Browse,
    /// Writing the filter; Esc goes back to the one before.
    Filter {
        /// That one.
        before: String,
    },
    /// Writing what lines of a log must have in them; Esc goes back to what it was.
    Find {
        /// That.
        before: String,
    },
    /// Writing the name of a sheet.
    Sheet(String),
    /// Choosing columns; the cursor is at this one.
    Columns(usize),
    /// A question that y answers.
    Confirm(Verb, Vec<JobId>),
    /// The keys, so many of which are scrolled off.
    Help(usize),
}

/// Which pane has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pane {
    Jobs,
    Log,
}

/// Something to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) text: String,
    pub(crate) is_error: bool,
}

/// Columns that one key moves a log sideways, at first.
pub(super) const SIDEWAYS: usize = 8;

/// See the module.
#[derive(Debug)]
pub(crate) struct Top {
    view: View,
    pub(crate) sheet: Sheet,
    /// The queues of the state, with their counts.
    pub(crate) queues: Vec<Node>,
    /// The row of that table with the cursor.
    pub(crate) queue: usize,
    /// Kinds that can be run, as the server named them; their titles.
    kinds: Option<Vec<(String, String)>>,
    /// The kinds with what runs of each, made when they are looked at.
    pub(crate) executors: Vec<Executor>,
    /// The row of that table with the cursor.
    pub(crate) executor: usize,
    /// Lines of the job's facts that are scrolled off.
    pub(crate) scrolled: usize,
    /// The lines of the board.
    pub(crate) board: LogPane,
    /// Where ids lead to, on a terminal that has links.
    pub(crate) studio: Option<String>,
    /// What happened.
    pub(crate) past: Past,
    /// The columns of the table that were chosen; none: the usual ones.
    pub(crate) columns: Vec<Column>,
    /// Whether long lines of logs go on in the next row.
    pub(crate) wraps: bool,
    /// How far the next key moves a log sideways: further, the longer it is held.
    pub(super) sideways: usize,
    pub(crate) mouse: bool,
    /// Where the rows of the table begin in the last picture.
    pub(crate) rows_at: u16,
    pub(crate) telemetry: Telemetry,
    pub(crate) rows: Vec<Row>,
    /// The row with the cursor; it stays with its job.
    pub(crate) cursor: usize,
    pub(crate) marked: BTreeSet<JobId>,
    /// The filter as it is written.
    pub(crate) filter: String,
    /// What it means; while it is being written, what it meant when it last meant something.
    query: Query,
    /// Why it means nothing.
    pub(crate) mistake: Option<QueryError>,
    /// The time of the last event.
    now: Time,
    pub(crate) sort: Sort,
    pub(crate) reversed: bool,
    pub(crate) mode: Mode,
    pub(crate) focus: Pane,
    pub(crate) log: LogPane,
    pub(crate) shows_log: bool,
    pub(crate) samples: Samples,
    pub(crate) notice: Option<Notice>,
    /// Rows that the last picture had room for: a page.
    pub(crate) page: usize,
    /// The first row of that page.
    pub(crate) first: usize,
}

impl Top {
    pub(crate) fn new(filter: String) -> Top {
        Top {
            view: View::default(),
            sheet: Sheet::Jobs,
            queues: Vec::new(),
            queue: 0,
            kinds: None,
            executors: Vec::new(),
            executor: 0,
            scrolled: 0,
            board: LogPane::of_board(),
            studio: None,
            past: Past::default(),
            columns: Vec::new(),
            wraps: false,
            sideways: SIDEWAYS,
            mouse: false,
            rows_at: 0,
            telemetry: Telemetry::default(),
            rows: Vec::new(),
            cursor: 0,
            marked: BTreeSet::new(),
            filter,
            query: Query::default(),
            mistake: None,
            now: Time(0),
            sort: Sort::default(),
            reversed: false,
            mode: Mode::Browse,
            focus: Pane::Jobs,
            log: LogPane::default(),
            shows_log: true,
            samples: Samples::default(),
            notice: None,
            page: 10,
            first: 0,
        }
    }

    /// The mirror has moved.
    pub(crate) fn see(&mut self, view: View, now: Time) -> Vec<Effect> {
        self.now = now;
        self.samples.see(&view.state);
        let selected = self.queue_name();
        self.queues = records_of(&view.state);
        let found = selected.and_then(|name| self.queues.iter().position(|queue| name_of(queue) == name));
        self.queue = found.unwrap_or(self.queue).min(self.queues.len().saturating_sub(1));
        self.view = view;
        self.count_executors();
        self.order()
    }

    /// A second has passed: ages are others now.
    pub(crate) fn tick(&mut self, now: Time) -> Vec<Effect> {
        self.now = now;
        self.samples.tick();
        let mut effects = if self.filter.is_empty() { Vec::new() } else { self.order() };
        // What happened is asked for while it is looked at, and only when there is more of it.
        let is_behind = self.past.version < self.version();
        if self.sheet == Sheet::History && is_behind && !self.past.is_asked {
            effects.extend(self.ask_past());
        }
        effects
    }

    /// Turns to a sheet; what it needs is fetched.
    pub(crate) fn turn_to(&mut self, sheet: Sheet) -> Vec<Effect> {
        (self.sheet, self.focus, self.scrolled) = (sheet, Pane::Jobs, 0);
        match sheet {
            Sheet::Logs if self.board.is_empty() => vec![Effect::LoadBoard],
            Sheet::Executors => {
                self.count_executors();
                if self.kinds.is_none() { vec![Effect::LoadKinds] } else { Vec::new() }
            }
            Sheet::History => self.ask_past(),
            _ => Vec::new(),
        }
    }

    fn ask_past(&mut self) -> Vec<Effect> {
        self.past.is_asked = true;
        vec![Effect::LoadPast]
    }

    /// What happened last, or why that is not known.
    pub(crate) fn happened(&mut self, outcome: Result<(Vec<Happened>, u64), String>) {
        match outcome {
            Ok((changes, version)) => self.past.take(changes, version),
            Err(why) => {
                self.past.is_asked = false;
                self.tell(Err(why));
            }
        }
    }

    /// The kinds that the server can run.
    pub(crate) fn know_kinds(&mut self, kinds: Vec<(String, String)>) {
        self.kinds = Some(kinds);
        self.count_executors();
    }

    fn count_executors(&mut self) {
        if self.sheet != Sheet::Executors {
            return;
        }
        let selected = self.executors.get(self.executor).map(|row| row.kind.clone());
        self.executors = executors(&self.view.state, self.kinds.as_deref().unwrap_or_default());
        let found = selected.and_then(|kind| self.executors.iter().position(|row| row.kind == kind));
        self.executor = found.unwrap_or(self.executor).min(self.executors.len().saturating_sub(1));
    }

    /// The log that keys are for: the board's on its sheet, otherwise the job's.
    pub(crate) fn log_now(&mut self) -> &mut LogPane {
        if self.sheet == Sheet::Logs { &mut self.board } else { &mut self.log }
    }

    /// The state document as it is known.
    pub(crate) fn state(&self) -> &Node {
        &self.view.state
    }

    /// The connection has.
    pub(crate) fn connection(&mut self, telemetry: Telemetry) {
        self.telemetry = telemetry;
    }

    /// Lines of whichever job.
    pub(crate) fn lines(&mut self, lines: impl IntoIterator<Item = LogEntry>) {
        let lines: Vec<LogEntry> = lines.into_iter().collect();
        // The board's lines are kept from when they were first looked at; what is older is fetched.
        if self.sheet == Sheet::Logs || !self.board.is_empty() {
            self.board.add(lines.iter().cloned());
        }
        self.log.add(lines);
    }

    /// What became of a command on a job.
    pub(crate) fn done(&mut self, verb: Verb, id: &JobId, outcome: Result<(), String>) {
        let verb = verb.as_str();
        self.tell(match outcome {
            Ok(()) => Ok(format!("{verb} {id}")),
            Err(why) => Err(format!("failed to {verb} {id}: {why}")),
        });
    }

    pub(crate) fn version(&self) -> u64 {
        self.view.position.as_ref().map_or(0, |position| position.version)
    }

    pub(crate) fn is_live(&self) -> bool {
        self.view.live
    }

    /// Something at `/meta`.
    pub(crate) fn meta(&self, member: &str) -> Option<&Node> {
        self.view.state.child("meta")?.child(member)
    }

    /// Jobs of the mirror, whether they are shown or not.
    pub(crate) fn total(&self) -> usize {
        self.view.state.child("jobs").and_then(Node::as_object).map_or(0, |jobs| jobs.len())
    }

    /// The job with the cursor.
    pub(crate) fn selected(&self) -> Option<&JobId> {
        self.rows.get(self.cursor).map(|row| &row.id)
    }

    /// The queue with the cursor.
    pub(crate) fn queue_name(&self) -> Option<String> {
        self.queues.get(self.queue).map(|queue| name_of(queue).to_owned())
    }

    /// What is remembered for the next time.
    pub(crate) fn preferences(&self) -> Preferences {
        Preferences {
            sort: self.sort,
            reversed: self.reversed,
            log: self.shows_log,
            wrap: self.wraps,
            filter: self.filter.clone(),
            columns: self.columns.clone(),
        }
    }

    /// As it was the last time.
    pub(crate) fn prefer(&mut self, preferences: Preferences) {
        (self.sort, self.reversed, self.shows_log) =
            (preferences.sort, preferences.reversed, preferences.log);
        (self.wraps, self.columns) = (preferences.wrap, preferences.columns);
        // What was asked for now counts.
        if self.filter.is_empty() {
            self.filter = preferences.filter;
        }
    }

    /// Tells something at the bottom.
    pub(crate) fn tell(&mut self, outcome: Result<String, String>) {
        let is_error = outcome.is_err();
        let (Ok(text) | Err(text)) = outcome;
        self.notice = Some(Notice { text, is_error });
    }

    /// What a verb is for: the marked jobs, or else the one with the cursor.
    pub(crate) fn targets(&self) -> Vec<JobId> {
        match self.marked.is_empty() {
            true => self.selected().cloned().into_iter().collect(),
            false => self.marked.iter().cloned().collect(),
        }
    }

    /// Moves the cursor by rows.
    pub(crate) fn step(&mut self, by: isize) -> Vec<Effect> {
        self.cursor = self.cursor.saturating_add_signed(by).min(self.rows.len().saturating_sub(1));
        self.turn_log()
    }

    /// Sets rows and cursor anew after a change of the state, the filter or the order.
    pub(crate) fn order(&mut self) -> Vec<Effect> {
        match Query::parse(&self.filter) {
            Ok(query) => (self.query, self.mistake) = (query, None),
            Err(mistake) => self.mistake = Some(mistake),
        }
        let selected = self.selected().cloned();
        self.rows = rows(&self.view.state, &self.query, self.now, self.sort, self.reversed);
        let found = selected.and_then(|id| self.rows.iter().position(|row| row.id == id));
        // A job that is gone leaves its place to the next one.
        self.cursor = found.unwrap_or(self.cursor).min(self.rows.len().saturating_sub(1));
        let jobs = self.view.state.child("jobs");
        self.marked.retain(|id| jobs.is_some_and(|jobs| jobs.child(id).is_some()));
        self.turn_log()
    }

    /// Turns to the page with the cursor, when there is room for so many rows.
    pub(crate) fn turn_page(&mut self, room: usize) {
        self.page = room.max(1);
        let last_first = self.rows.len().saturating_sub(self.page);
        let lowest = (self.cursor + 1).saturating_sub(self.page);
        self.first = self.first.clamp(lowest, self.cursor.max(lowest)).min(last_first);
    }

    /// The rows of that page.
    pub(crate) fn page_rows(&self) -> &[Row] {
        &self.rows[self.first..self.rows.len().min(self.first + self.page)]
    }

    fn turn_log(&mut self) -> Vec<Effect> {
        let selected = self.selected().cloned();
        if self.log.job == selected {
            return Vec::new();
        }
        self.log.turn_to(selected.clone());
        selected.into_iter().map(Effect::LoadLog).collect()
    }
}

/// The name of a queue's record.
fn name_of(queue: &Node) -> &str {
    queue.child("name").and_then(Node::as_str).unwrap_or_default()
}
