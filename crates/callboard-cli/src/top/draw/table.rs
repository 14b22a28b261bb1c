//! The table of jobs.

use super::{Look, plain};
use crate::{
    commands::ps::{eta, status},
    text::{
        duration, paint,
        progress::{bar, percent, short_id},
    },
    top::{
        model::{Pane, Top},
        rows::Row as JobRow,
    },
};
use callboard_protocol::{Time, job::Job, job::JobState};
use ratatui::{
    Frame,
    layout::{Constraint, Rect},
    style::{Modifier, Style},
    text::{Line, Span},
    widgets::{Cell, Row, Table},
};

/// Columns of the bar, where there is room for one.
const BAR: u16 = 20;

/// What a table of some width has room for.
#[derive(Clone, Copy)]
struct Columns {
    queue: bool,
    bar: bool,
    tries: bool,
    kind: u16,
}

impl Columns {
    fn new(width: u16) -> Columns {
        Columns {
            queue: width >= 90,
            bar: width >= 100,
            tries: width >= 72,
            kind: if width >= 80 { 16 } else { 12 },
        }
    }

    /// Those of these that there is room for, in their order.
    fn keep<T>(self, all: [T; 10]) -> Vec<T> {
        let kept = [true, true, true, true, self.queue, self.bar, true, self.tries, true, true];
        all.into_iter().zip(kept).filter(|(_, kept)| *kept).map(|(one, _)| one).collect()
    }

    fn widths(self, look: &Look) -> Vec<Constraint> {
        let sign = if look.unicode { 1 } else { 7 };
        let fixed = [1, sign, 13, self.kind, 8, BAR, 4, 5, 6].map(Constraint::Length);
        let mut all = [Constraint::Fill(1); 10];
        all[..9].copy_from_slice(&fixed);
        self.keep(all)
    }
}

pub(super) fn table(frame: &mut Frame, area: Rect, top: &mut Top, look: &Look, now: Time) {
    let columns = Columns::new(area.width);
    let focused = top.focus == Pane::Jobs;
    let room = usize::from(area.height.saturating_sub(1));
    top.turn_page(room);
    let cursor = top.cursor - top.first;
    let rows: Vec<Row> = top
        .page_rows()
        .iter()
        .enumerate()
        .map(|(index, row)| {
            let line = cells(row, top.marked.contains(&row.id), columns, look, now);
            match (index == cursor, focused) {
                (true, true) => line.style(Style::new().add_modifier(Modifier::REVERSED)),
                (true, false) => line.style(Style::new().add_modifier(Modifier::BOLD)),
                _ => line,
            }
        })
        .collect();
    if rows.is_empty() {
        let text = match (top.total(), top.filter.is_empty()) {
            (0, _) => "no jobs yet; for example: callboard run -- sleep 5".to_owned(),
            (total, _) => format!("none of {total} jobs matches {:?}; Esc clears the filter", top.filter),
        };
        frame.render_widget(Line::styled(text, look.dim()), area);
        return;
    }
    let names = ["", "", "JOB", "KIND", "QUEUE", "PROGRESS", "%", "TRY", "ETA", "STATUS"];
    let right = ["%", "TRY", "ETA"];
    let header = columns.keep(names).into_iter().map(|name| {
        let line = Line::from(name);
        Cell::from(if right.contains(&name) { line.right_aligned() } else { line })
    });
    let header = Row::new(header).style(look.dim());
    frame.render_widget(Table::new(rows, columns.widths(look)).header(header).column_spacing(1), area);
}

fn cells(row: &JobRow, marked: bool, columns: Columns, look: &Look, now: Time) -> Row<'static> {
    let Some(job) = row.job() else {
        return Row::new([Cell::from("?"), Cell::from(""), Cell::from(short_id(&row.id).to_owned())]);
    };
    let style = look.state(job.state);
    let mark = if marked { look.sign("▌", "*") } else { " " };
    let value =
        job.progress.as_ref().filter(|_| job.state != JobState::Queued).map(|progress| progress.value);
    let right = |text: String| Cell::from(Line::from(text).right_aligned());
    let nothing = || look.sign("–", "-").to_owned();
    let all = [
        Cell::from(Span::raw(mark)),
        Cell::from(Span::styled(paint::sign(job.state, look.unicode), style)),
        Cell::from(short_id(&job.id).to_owned()),
        Cell::from(plain(&job.kind)),
        Cell::from(plain(&job.queue)),
        Cell::from(Span::styled(shown_bar(&job, value, look), style)),
        right(value.map_or_else(nothing, percent)),
        right(format!("{}/{}", job.attempt, job.max_attempts)),
        right(eta(&job).map_or_else(nothing, duration::clock)),
        Cell::from(plain(&words(&job, now))),
    ];
    Row::new(columns.keep(all))
}

fn shown_bar(job: &Job, value: Option<f64>, look: &Look) -> String {
    match (job.state, value) {
        (JobState::Running | JobState::Retrying, Some(value)) => bar(value, usize::from(BAR), look.unicode),
        _ => String::new(),
    }
}

/// The word of the state where the sign alone would not do, and what the job says.
fn words(job: &Job, now: Time) -> String {
    match job.state {
        JobState::Running => status(job, now),
        state => format!("{}: {}", state.as_str(), status(job, now)),
    }
}
