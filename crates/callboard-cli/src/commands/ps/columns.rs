//! The columns that a table of jobs can have.

use super::{eta, status};
use crate::text::{
    clean::clean,
    duration,
    output::Screen,
    paint,
    progress::{percent, short_id},
    signals::page,
    table::{Cell, Column},
};
use callboard_protocol::{
    Time,
    job::{Job, JobState},
};

/// A column, and what is in it for a job among others.
pub(super) struct Wanted {
    pub(super) column: Column,
    /// Whether it is there without being asked for.
    is_usual: bool,
    pub(super) cell: fn(&Job, &[Job], Time, &Shown) -> Cell,
}

/// Where the table is shown, and what ids lead to.
pub(super) struct Shown {
    pub(super) screen: Screen,
    studio: Option<String>,
}

impl Shown {
    pub(super) fn new(screen: Screen, studio: Option<String>) -> Shown {
        Shown { screen, studio }
    }

    fn or_none(&self, text: Option<String>) -> Cell {
        let none = || if self.screen.unicode { "–" } else { "-" }.to_owned();
        Cell::from(text.filter(|text| !text.is_empty()).unwrap_or_else(none))
    }
}

const fn usual(name: &'static str, right: bool, cell: fn(&Job, &[Job], Time, &Shown) -> Cell) -> Wanted {
    Wanted { column: Column { name, right }, is_usual: true, cell }
}

const fn rare(name: &'static str, right: bool, cell: fn(&Job, &[Job], Time, &Shown) -> Cell) -> Wanted {
    Wanted { is_usual: false, ..usual(name, right, cell) }
}

static ALL: [Wanted; 15] = [
    usual("ID", false, id),
    usual("STATE", false, state),
    usual("KIND", false, |job, _, _, _| job.kind.as_str().into()),
    usual("QUEUE", false, |job, _, _, _| job.queue.as_str().into()),
    usual("PROGRESS", true, |job, _, _, shown| {
        let last = job.progress.as_ref().filter(|_| job.state != JobState::Queued);
        shown.or_none(last.map(|progress| percent(progress.value)))
    }),
    usual("TRY", true, |job, _, _, _| format!("{}/{}", job.attempt, job.max_attempts).into()),
    usual("AGE", true, |job, _, now, _| duration::age(now.since_ms(job.created_at)).into()),
    usual("ETA", true, |job, _, _, shown| shown.or_none(eta(job).map(duration::clock))),
    usual("STATUS", false, |job, _, now, _| clean(&status(job, now)).into_owned().into()),
    rare("PARENT", false, |job, _, _, shown| {
        let shown_id =
            |id| if shown.screen.out_is_terminal { short_id(id).to_owned() } else { id.to_string() };
        shown.or_none(job.parent_id.as_ref().map(shown_id))
    }),
    rare("WORKFLOW", false, |job, _, _, shown| shown.or_none(job.workflow_id.clone())),
    rare("TAGS", false, |job, _, _, shown| shown.or_none(Some(clean(&job.tags.join(",")).into_owned()))),
    rare("PRIORITY", true, |job, _, _, _| job.priority.to_string().into()),
    rare("BY", false, |job, _, _, _| clean(&job.created_by.to_string()).into_owned().into()),
    rare("TITLE", false, |job, _, _, _| clean(&job.title).into_owned().into()),
];

/// Those that a table has unless others are asked for.
pub(super) fn usual_ones() -> impl Iterator<Item = &'static Wanted> {
    ALL.iter().filter(|column| column.is_usual)
}

/// The column of this name, in any case of letters.
pub(super) fn find(name: &str) -> Result<&'static Wanted, String> {
    let known = || ALL.iter().map(|column| column.column.name.to_lowercase()).collect::<Vec<_>>().join(", ");
    let found = ALL.iter().find(|column| column.column.name.eq_ignore_ascii_case(name.trim()));
    found.ok_or_else(|| format!("columns are {}", known()))
}

fn id(job: &Job, jobs: &[Job], _: Time, shown: &Shown) -> Cell {
    let short = short_id(&job.id);
    let is_unique = || jobs.iter().filter(|other| other.id.starts_with(short)).count() == 1;
    let id = if shown.screen.out_is_terminal && is_unique() { short } else { &job.id };
    Cell::from(id).leading_to(shown.studio.as_deref().map(|studio| page(studio, &job.id)))
}

fn state(job: &Job, _: &[Job], _: Time, shown: &Shown) -> Cell {
    let text = format!("{} {}", paint::sign(job.state, shown.screen.unicode), job.state.as_str());
    Cell::styled(text, paint::state(job.state))
}
