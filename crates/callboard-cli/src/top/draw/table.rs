//! The table of jobs.

use super::{Look, plain};
use crate::{
    commands::ps::{eta, status},
    text::{
        duration, paint,
        progress::{bar, percent, short_id},
    },
    top::{
        columns::{Column, shown},
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

/// How wide the sign of the state is.
fn sign_width(look: &Look) -> u16 {
    if look.unicode { 1 } else { 7 }
}

pub(super) fn table(frame: &mut Frame, area: Rect, top: &mut Top, look: &Look, now: Time) {
    // The mark and the sign, each with its space.
    let columns = shown(&top.columns, area.width, sign_width(look) + 3);
    let focused = top.focus == Pane::Jobs;
    let room = usize::from(area.height.saturating_sub(1));
    top.turn_page(room);
    let cursor = top.cursor - top.first;
    let rows: Vec<Row> = top
        .page_rows()
        .iter()
        .enumerate()
        .map(|(index, row)| {
            let line = cells(row, top.marked.contains(&row.id), &columns, look, now);
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
    let named = columns.iter().map(|column| {
        let line = Line::from(column.heading());
        Cell::from(if column.is_right() { line.right_aligned() } else { line })
    });
    let header = Row::new([Cell::from(""), Cell::from("")].into_iter().chain(named)).style(look.dim());
    let widths = columns.iter().map(|column| match column.is_wide() {
        true => Constraint::Fill(1),
        false => Constraint::Length(column.width(area.width)),
    });
    let widths = [1, sign_width(look)].map(Constraint::Length).into_iter().chain(widths);
    frame.render_widget(Table::new(rows, widths).header(header).column_spacing(1), area);
}

fn cells(row: &JobRow, marked: bool, columns: &[Column], look: &Look, now: Time) -> Row<'static> {
    let Some(job) = row.job() else {
        return Row::new([Cell::from("?"), Cell::from(""), Cell::from(short_id(&row.id).to_owned())]);
    };
    let mark = if marked { look.sign("▌", "*") } else { " " };
    let sign = Span::styled(paint::sign(job.state, look.unicode), look.state(job.state));
    let cells = columns.iter().map(|column| {
        let text = text(&job, *column, look, now);
        match *column {
            Column::Progress => Cell::from(Span::styled(text, look.state(job.state))),
            column if column.is_right() => Cell::from(Line::from(text).right_aligned()),
            _ => Cell::from(text),
        }
    });
    Row::new([Cell::from(Span::raw(mark)), Cell::from(sign)].into_iter().chain(cells))
}

/// What a job has in a column.
fn text(job: &Job, column: Column, look: &Look, now: Time) -> String {
    let or_nothing = |text: Option<String>| text.unwrap_or_else(|| look.sign("–", "-").to_owned());
    let value =
        job.progress.as_ref().filter(|_| job.state != JobState::Queued).map(|progress| progress.value);
    match column {
        Column::Job => short_id(&job.id).to_owned(),
        Column::Kind => plain(&job.kind),
        Column::Queue => plain(&job.queue),
        Column::Progress => shown_bar(job, value, look),
        Column::Percent => or_nothing(value.map(percent)),
        Column::Try => format!("{}/{}", job.attempt, job.max_attempts),
        Column::Age => duration::age(now.since_ms(job.created_at)),
        Column::Eta => or_nothing(eta(job).map(duration::clock)),
        Column::Priority => job.priority.to_string(),
        Column::Parent => or_nothing(job.parent_id.as_ref().map(|id| short_id(id).to_owned())),
        Column::Workflow => or_nothing(job.workflow_id.as_deref().map(plain)),
        Column::Tags => or_nothing((!job.tags.is_empty()).then(|| plain(&job.tags.join(",")))),
        Column::By => plain(&job.created_by.to_string()),
        Column::Title => plain(&job.title),
        Column::Status => plain(&words(job, now)),
    }
}

fn shown_bar(job: &Job, value: Option<f64>, look: &Look) -> String {
    match (job.state, value) {
        (JobState::Running | JobState::Retrying, Some(value)) => {
            bar(value, usize::from(Column::Progress.width(u16::MAX)), look.unicode)
        }
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
