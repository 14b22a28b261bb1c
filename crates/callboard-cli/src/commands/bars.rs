//! Jobs that are under way, as bars beneath what is told meanwhile (design: ui 5.3). Only before a person: elsewhere
//! nothing is drawn.

use crate::{
    clock::now,
    follow::draw,
    text::{
        form::Output,
        output::ProgressWhen,
        progress::live,
        signals::{linked, taskbar},
    },
};
use callboard_protocol::job::{Job, JobState};
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior};

/// Bars that are shown at once; of the others there is a number.
const MOST: usize = 8;
/// How often they are drawn.
const EVERY: Duration = Duration::from_millis(250);
/// A terminal that can shows what is between these at once.
const BEGIN: &str = "\u{1b}[?2026h";
const END: &str = "\u{1b}[?2026l";

/// See the module.
pub(super) struct Bars {
    /// Rows that stand on the terminal.
    rows: usize,
    tick: Option<Interval>,
    signals_taskbar: bool,
    studio: Option<String>,
}

impl Bars {
    pub(super) fn new(out: &Output, studio: Option<String>) -> Bars {
        let is_live = out.is_for_people() && out.screen.progress(ProgressWhen::Auto) == ProgressWhen::Tty;
        let tick = is_live.then(|| {
            let mut tick = tokio::time::interval(EVERY);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            tick
        });
        Bars { rows: 0, tick, signals_taskbar: out.screen.signals.taskbar, studio }
    }

    /// Whether anything is ever drawn.
    pub(super) fn are_shown(&self) -> bool {
        self.tick.is_some()
    }

    /// Where ids lead to.
    pub(super) fn studio(&self) -> Option<&str> {
        self.studio.as_deref()
    }

    /// Waits until it is time to draw; for ever where nothing is drawn.
    pub(super) async fn next(&mut self) {
        match &mut self.tick {
            Some(tick) => drop(tick.tick().await),
            None => std::future::pending().await,
        }
    }

    /// Draws these where the last ones stood; `done` is what the taskbar is told.
    pub(super) fn draw(&mut self, jobs: &[Job], done: Option<f64>, out: &Output) {
        self.clear();
        let rows = rows(jobs, out, self.studio.as_deref());
        self.rows = rows.len();
        let told = done.filter(|_| self.signals_taskbar).map(|done| taskbar(Some(done)));
        if !rows.is_empty() || told.is_some() {
            draw(&format!("{BEGIN}{}{END}{}", rows.join("\n"), told.unwrap_or_default()));
        }
    }

    /// Takes the bars away.
    pub(super) fn clear(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        if rows > 0 {
            let told = if self.signals_taskbar { taskbar(None) } else { String::new() };
            draw(&format!("{BEGIN}\r\u{1b}[2K{}{END}{told}", "\u{1b}[1A\u{1b}[2K".repeat(rows - 1)));
        }
    }
}

/// The bars, those that run first, and how many there are besides.
fn rows(open: &[Job], out: &Output, studio: Option<&str>) -> Vec<String> {
    let mut order: Vec<&Job> = open.iter().collect();
    order.sort_by_key(|job| job.state != JobState::Running);
    let line = |job: &&Job| {
        let line = live(job, now(), out.screen.width, out.screen.unicode);
        linked(&line, &job.id, studio)
    };
    let mut rows: Vec<String> = order.iter().take(MOST).map(line).collect();
    let rest = order.get(MOST..).unwrap_or_default();
    if !rest.is_empty() {
        let running = rest.iter().filter(|job| job.state == JobState::Running).count();
        let more = if out.screen.unicode { "…" } else { "..." };
        rows.push(match rest.len() - running {
            0 => format!("{more} and {running} more running"),
            waiting => format!("{more} and {running} more running, {waiting} waiting"),
        });
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{form::Form, output::Screen, progress::tests::job};

    #[test]
    fn eight_are_shown_and_the_others_counted() {
        let mut jobs: Vec<Job> = (0..12).map(|_| job("running")).collect();
        jobs.insert(0, job("queued"));
        let out = Output { form: Form::People, screen: Screen::of_person(80) };
        let shown = rows(&jobs, &out, None);
        assert_eq!(shown.len(), 9);
        assert!(shown[..8].iter().all(|row| row.contains("running")), "{shown:#?}");
        assert_eq!(shown[8], "… and 4 more running, 1 waiting");
        assert_eq!(rows(&jobs[1..10], &out, None)[8], "… and 1 more running");
        assert_eq!(rows(&jobs[..3], &out, None).len(), 3);
        assert!(rows(&[], &out, None).is_empty());
    }

    #[test]
    fn a_program_gets_none() {
        let screen = Screen::of_person(80);
        let shown = |form, screen| Bars::new(&Output { form, screen }, None).are_shown();
        assert!(!shown(Form::Json(Default::default()), screen));
        assert!(!shown(Form::People, Screen { animates: false, ..screen }));
        assert!(!shown(Form::People, Screen { out_is_terminal: false, ..screen }));
    }
}
