//! `GET /metrics`: what there is, what came, and what every limit has cost, as Prometheus text.

use super::App;
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use callboard_protocol::{Node, caps};
use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering},
};

/// What the server itself counts.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    lines_ingested: AtomicU64,
    requests: AtomicU64,
    problems: AtomicU64,
    connections_refused: AtomicU64,
}

impl Tally {
    pub(super) fn ingested(&self, lines: usize) {
        self.lines_ingested.fetch_add(lines as u64, Ordering::Relaxed);
    }

    pub(super) fn answered(&self, is_problem: bool) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.problems.fetch_add(u64::from(is_problem), Ordering::Relaxed);
    }

    pub(crate) fn refused_connection(&self) {
        self.connections_refused.fetch_add(1, Ordering::Relaxed);
    }
}

/// Text in the making.
#[derive(Default)]
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "# HELP callboard_{name} {help}\n# TYPE callboard_{name} {kind}");
    }

    fn value(&mut self, name: &str, label: Option<(&str, &str)>, value: u64) {
        let label = label.map_or(String::new(), |(key, value)| format!("{{{key}=\"{}\"}}", escape(value)));
        let _ = writeln!(self.0, "callboard_{name}{label} {value}");
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, "gauge", help);
        self.value(name, None, value);
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, "counter", help);
        self.value(name, None, value);
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

pub(super) async fn metrics(State(app): State<App>) -> Response {
    let mut page = Page::default();
    let state = app.board.state();
    page.gauge("state_version", "Version of the state.", state.version);
    page.gauge("ready", "Whether jobs are taken.", u64::from(super::info::missing(&app).is_empty()));
    jobs(&mut page, &state.document);
    log(&mut page, &app);
    connections(&mut page, &app);
    limits(&mut page);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page.0).into_response()
}

fn jobs(page: &mut Page, document: &Node) {
    let Some(summary) = document.child("summary").and_then(Node::as_object) else { return };
    page.head("jobs", "gauge", "Jobs by state; finished ones since the beginning.");
    for (state, count) in summary.iter() {
        // Other members of the summary are no counts.
        if let Some(count) = count.as_u64() {
            page.value("jobs", Some(("state", state.as_str())), count);
        }
    }
}

fn log(page: &mut Page, app: &App) {
    let counts = app.board.logs().counts();
    page.counter("log_lines_total", "Lines written to the log.", counts.lines);
    page.counter("log_lines_redacted_total", "Lines of which a secret was hidden.", counts.redacted);
    page.counter("log_lines_dropped_total", "Lines that the files could not take.", counts.dropped);
    page.counter("log_files_removed_total", "Job log files that retention removed.", counts.files_removed);
    page.gauge("log_lines", "Lines in memory.", counts.kept_lines);
    page.gauge("log_bytes", "Bytes of lines in memory.", counts.kept_bytes);
    page.gauge(
        "log_files_failing",
        "Whether the last write of lines failed.",
        u64::from(counts.files_failing),
    );
    let ingested = app.tally.lines_ingested.load(Ordering::Relaxed);
    page.counter("log_lines_ingested_total", "Lines that others brought.", ingested);
}

fn connections(page: &mut Page, app: &App) {
    let counters = &app.tally;
    let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let streams = caps::STREAMS - app.streams.available_permits();
    page.gauge("sessions", "Open WebSocket sessions.", app.sessions.len() as u64);
    page.gauge("streams", "Open event streams.", streams as u64);
    page.counter("http_requests_total", "Answered requests.", load(&counters.requests));
    page.counter("http_problems_total", "Requests answered with a problem.", load(&counters.problems));
    page.head("live_total", "counter", "What happened to live connections, by name.");
    for (name, count) in app.hub.counters.all() {
        page.value("live_total", Some(("what", name)), count);
    }
    let refused = load(&counters.connections_refused);
    page.counter("connections_refused_total", "Connections over the limit.", refused);
}

fn limits(page: &mut Page) {
    page.head("limit", "gauge", "Limits of this server.");
    for (name, limit) in [
        ("active_jobs", caps::ACTIVE_JOBS),
        ("command_queue", caps::COMMAND_QUEUE),
        ("connections", caps::CONNECTIONS),
        ("log_queue", caps::LOG_QUEUE),
        ("message_bytes_in", caps::MESSAGE_BYTES_IN),
        ("streams", caps::STREAMS),
    ] {
        page.value("limit", Some(("name", name)), limit as u64);
    }
}
