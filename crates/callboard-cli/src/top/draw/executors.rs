//! The table of kinds and what runs of each.

use super::{Look, plain, rule};
use crate::{
    text::duration,
    top::{executors::Executor, model::Top},
};
use callboard_protocol::Node;
use ratatui::{
    Frame,
    layout::{Constraint, Rect},
    style::{Modifier, Style},
    text::{Line, Span},
    widgets::{Cell, Row, Table},
};

/// Names, widths (0 takes what is left) and whether it is shown on a narrow terminal.
const COLUMNS: [(&str, u16, bool); 8] = [
    ("KIND", 24, true),
    ("RUNNING", 7, true),
    ("LIMIT", 5, true),
    ("WAITING", 7, true),
    ("DONE", 5, false),
    ("FAILED", 6, true),
    ("TOOK", 8, false),
    ("TITLE", 0, false),
];
/// Where there is room for all.
const WIDE: u16 = 90;

pub(super) fn executors(frame: &mut Frame, (title, body): (Rect, Rect), top: &Top, look: &Look) {
    let running: usize = top.executors.iter().map(|row| row.running).sum();
    let stuck = top.meta("stuck").and_then(Node::as_u64).unwrap_or(0);
    let mut words = format!(" executors  {}  {running} running", top.executors.len());
    if stuck > 0 {
        words.push_str(&format!("  {stuck} stuck: they do not stop and hold no slot"));
    }
    let strong = Style::new().add_modifier(Modifier::BOLD);
    frame.render_widget(rule(vec![Span::styled(words, strong)], title.width, look), title);
    let room = usize::from(body.height.saturating_sub(1)).max(1);
    // The page with the cursor.
    let first = top.executor / room * room;
    let kept = || (0..COLUMNS.len()).filter(|index| body.width >= WIDE || COLUMNS[*index].2);
    let aligned = |index: usize, text: &str| {
        let line = Line::from(plain(text));
        let is_number = !matches!(COLUMNS[index].0, "KIND" | "TITLE");
        Cell::from(if is_number { line.right_aligned() } else { line })
    };
    let rows = top.executors.iter().enumerate().skip(first).take(room).map(|(index, executor)| {
        let cells = cells(executor, look);
        let row = Row::new(kept().map(|column| aligned(column, &cells[column])).collect::<Vec<_>>());
        if index == top.executor { row.style(Style::new().add_modifier(Modifier::REVERSED)) } else { row }
    });
    let widths = kept().map(|index| match COLUMNS[index].1 {
        0 => Constraint::Fill(1),
        width => Constraint::Length(width),
    });
    let names = Row::new(kept().map(|index| aligned(index, COLUMNS[index].0)).collect::<Vec<_>>());
    let table = Table::new(rows, widths).header(names.style(look.dim())).column_spacing(1);
    frame.render_widget(table, body);
}

fn cells(row: &Executor, look: &Look) -> [String; 8] {
    let nothing = || look.sign("–", "-").to_owned();
    [
        row.kind.clone(),
        row.running.to_string(),
        row.limit.map_or_else(nothing, |limit| limit.to_string()),
        row.waiting.to_string(),
        row.succeeded.to_string(),
        row.failed.to_string(),
        row.took_ms.map_or_else(nothing, duration::took),
        row.title.clone(),
    ]
}
