//! Jobs that are waited for, as bars beneath what is told of those that have ended (design: ui 5.3). Only before a person:
//! elsewhere nothing is drawn.

use super::{Wanted, tell};
use crate::{
    clock::now,
    failure::Failure,
    follow::draw,
    text::{
        form::Output,
        output::ProgressWhen,
        progress::live,
        signals::{linked, taskbar},
    },
};
use callboard_protocol::{
    JobId,
    job::{Job, JobState},
};
use std::{collections::HashSet, time::Duration};
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
    ids: Vec<JobId>,
    told: HashSet<JobId>,
    /// Rows that stand on the terminal.
    rows: usize,
    tick: Option<Interval>,
    signals_taskbar: bool,
    studio: Option<String>,
}

impl Bars {
    pub(super) fn new(ids: &[JobId], out: &Output, studio: Option<String>) -> Bars {
        let is_live = out.is_for_people() && out.screen.progress(ProgressWhen::Auto) == ProgressWhen::Tty;
        let tick = is_live.then(|| {
            let mut tick = tokio::time::interval(EVERY);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            tick
        });
        let signals_taskbar = out.screen.signals.taskbar;
        Bars { ids: ids.to_vec(), told: HashSet::new(), rows: 0, tick, signals_taskbar, studio }
    }

    /// Where ids lead to.
    pub(super) fn studio(&self) -> Option<&str> {
        self.studio.as_deref()
    }

    /// Whether nothing was told of a job yet; now it is.
    pub(super) fn is_told_first(&mut self, id: &JobId) -> bool {
        self.told.insert(id.clone())
    }

    /// Waits until it is time to draw; for ever where nothing is drawn.
    pub(super) async fn next(&mut self) {
        match &mut self.tick {
            Some(tick) => drop(tick.tick().await),
            None => std::future::pending().await,
        }
    }

    /// Tells of those that have ended, and draws the others.
    pub(super) fn draw(
        &mut self,
        job: impl Fn(&JobId) -> Option<Job>,
        wanted: &Wanted,
        out: &Output,
    ) -> Result<(), Failure> {
        let jobs: Vec<Job> = self.ids.iter().filter(|id| !self.told.contains(*id)).filter_map(job).collect();
        let (ended, open): (Vec<Job>, Vec<Job>) =
            jobs.into_iter().partition(|job| job.state.is_terminal() || wanted.is_met(job));
        self.clear();
        for job in ended.iter().filter(|job| self.told.insert(job.id.clone())) {
            tell(job, out, self.studio.as_deref())?;
        }
        let rows = rows(&open, out, self.studio.as_deref());
        self.rows = rows.len();
        let told = if self.signals_taskbar { taskbar(Some(self.done(&open))) } else { String::new() };
        draw(&format!("{BEGIN}{}{END}{told}", rows.join("\n")));
        Ok(())
    }

    /// The part of all that is done; a job without progress has none.
    fn done(&self, open: &[Job]) -> f64 {
        let open_done: f64 =
            open.iter().filter_map(|job| job.progress.as_ref()).map(|progress| progress.value).sum();
        let over = self.ids.len().saturating_sub(open.len()) as f64;
        (over + open_done) / self.ids.len().max(1) as f64
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
    use callboard_protocol::job::Progress;

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
    fn the_taskbar_has_the_part_of_all() {
        let out = Output { form: Form::Json(Default::default()), screen: Screen::of_person(80) };
        let ids = ["a", "b", "c", "d"].map(JobId::new);
        let bars = Bars::new(&ids, &out, None);
        assert!(bars.tick.is_none(), "a program gets no bars");
        let mut half = job("running");
        half.progress = Some(Progress { value: 0.5, ..Progress::default() });
        assert_eq!(bars.done(&[half, job("queued")]), 0.625);
        assert_eq!((bars.done(&[]), Bars::new(&[], &out, None).done(&[])), (1.0, 0.0));
    }
}
