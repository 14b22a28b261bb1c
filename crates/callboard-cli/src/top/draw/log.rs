//! Logs: of the job with the cursor beneath its row, and of the board on a sheet of its own.

use super::{Look, panes, plain, rule};
use crate::{
    clock,
    text::{paint, progress::short_id},
    top::{
        log_pane::LogPane,
        model::{Pane, Top},
    },
};
use anstyle::AnsiColor;
use callboard_protocol::log::LogEntry;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Modifier, Style},
    text::{Line, Span},
    widgets::Paragraph,
};
use unicode_width::UnicodeWidthChar as _;

/// The log of the job with the cursor.
pub(super) fn of_job(frame: &mut Frame, area: Rect, top: &mut Top, look: &Look) {
    let job = top.log.job.as_ref().map_or("", |id| short_id(id));
    let [title, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    let text = format!(" log {job}  {}", how(&top.log));
    frame
        .render_widget(rule(vec![Span::styled(text, panes::focus(top, Pane::Log))], area.width, look), title);
    top.log.room = usize::from(body.height);
    lines(frame, body, &top.log, top.wraps, look);
}

/// The lines of the board and of all jobs.
pub(super) fn board(frame: &mut Frame, (title, body): (Rect, Rect), top: &mut Top, look: &Look) {
    let strong = Style::new().add_modifier(Modifier::BOLD);
    let text = format!(" logs  {}", how(&top.board));
    frame.render_widget(rule(vec![Span::styled(text, strong)], title.width, look), title);
    top.board.room = usize::from(body.height);
    lines(frame, body, &top.board, top.wraps, look);
}

fn how(pane: &LogPane) -> String {
    let how = match (pane.is_following(), pane.news) {
        (true, _) => "following".to_owned(),
        (false, 0) => "frozen".to_owned(),
        (false, news) => format!("frozen, {news} new (f follows)"),
    };
    match pane.find.as_str() {
        "" => how,
        find if pane.is_whole() => format!("{how}  /{} among all", plain(find)),
        find => format!("{how}  /{}", plain(find)),
    }
}

fn lines(frame: &mut Frame, area: Rect, pane: &LogPane, wraps: bool, look: &Look) {
    let room = usize::from(area.height);
    let shown = pane.shown(room);
    if let (true, Some(problem)) = (shown.is_empty(), &pane.problem) {
        frame.render_widget(Line::styled(plain(problem), look.of(AnsiColor::Red)), area);
        return;
    }
    let mut lines: Vec<Line> = Vec::new();
    for line in shown {
        let line = line_of(line, pane, wraps, look);
        if wraps {
            lines.extend(wrapped(line, usize::from(area.width)));
        } else {
            lines.push(line);
        }
    }
    // The last rows are those that are wanted.
    let last = lines.split_off(lines.len().saturating_sub(room));
    frame.render_widget(Paragraph::new(last), area);
}

/// A line in as many rows as it takes; those behind the first begin with two spaces.
fn wrapped(mut line: Line<'static>, width: usize) -> Vec<Line<'static>> {
    let Some(text) = line.spans.pop() else { return vec![line] };
    let style = text.style;
    let (mut used, mut row) = (line.width(), String::new());
    let mut rows = vec![line];
    for character in text.content.chars() {
        let columns = character.width().unwrap_or(0);
        if used + columns > width && used > 2 {
            push(&mut rows, std::mem::take(&mut row), style);
            rows.push(Line::from("  "));
            used = 2;
        }
        used += columns;
        row.push(character);
    }
    push(&mut rows, row, style);
    rows
}

fn push(rows: &mut [Line<'static>], text: String, style: Style) {
    if let Some(last) = rows.last_mut() {
        last.push_span(Span::styled(text, style));
    }
}

fn line_of(line: &LogEntry, pane: &LogPane, wraps: bool, look: &Look) -> Line<'static> {
    let (word, style) = paint::level(line.level);
    let column = if wraps { 0 } else { pane.column };
    let text: String = plain(&line.message).chars().skip(column).collect();
    let found =
        if pane.is_found(line) { Style::new().add_modifier(Modifier::REVERSED) } else { Style::new() };
    let job = line.job_id.as_ref().filter(|_| pane.is_of_board());
    let job = job.map_or_else(String::new, |id| format!("{}  ", plain(short_id(id))));
    Line::from(vec![
        Span::styled(format!("{} ", &clock::local(line.ts)[..8]), look.dim()),
        Span::styled(format!("{word:<5} "), look.painted(style)),
        Span::styled(format!("{:<6}  {job}", plain(&line.channel)), look.dim()),
        Span::styled(text, found),
    ])
}
