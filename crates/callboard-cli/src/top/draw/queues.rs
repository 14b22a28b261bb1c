//! The table of queues: as `callboard queues` shows them.

use super::{Look, plain, rule};
use crate::{
    commands::queues::{COLUMNS, row},
    top::model::Top,
};
use anstyle::AnsiColor;
use ratatui::{
    Frame,
    layout::{Constraint, Rect},
    style::{Modifier, Style},
    text::{Line, Span},
    widgets::{Cell, Row, Table},
};

/// Widths of the columns; the name and the kinds share what is left.
const WIDTHS: [u16; 9] = [0, 6, 7, 7, 5, 7, 9, 9, 0];
/// Those that there is always room for.
const NARROW: [bool; 9] = [true, true, true, true, true, false, true, false, false];
/// Where there is room for all.
const WIDE: u16 = 90;

pub(super) fn title(top: &Top, look: &Look, width: u16) -> Line<'static> {
    let strong = Style::new().add_modifier(Modifier::BOLD);
    rule(vec![Span::styled(format!(" queues  {}", top.queues.len()), strong)], width, look)
}

pub(super) fn table(frame: &mut Frame, area: Rect, top: &Top, look: &Look) {
    if top.queues.is_empty() {
        let text =
            "no queues: nothing waits, and nothing was configured; for example: callboard queues set gpu";
        frame.render_widget(Line::styled(text, look.dim()), area);
        return;
    }
    let keep = |index: usize| area.width >= WIDE || NARROW[index];
    let aligned = |index: usize, text: String| {
        let line = Line::from(plain(&text));
        Cell::from(if COLUMNS[index].right { line.right_aligned() } else { line })
    };
    let room = usize::from(area.height.saturating_sub(1)).max(1);
    // The page with the cursor.
    let first = top.queue / room * room;
    let rows = top.queues.iter().enumerate().skip(first).take(room).map(|(index, queue)| {
        let cells = row(queue, look.sign("–", "-"));
        let is_paused = cells[1] == "paused";
        let cells = cells.into_iter().enumerate().filter(|(column, _)| keep(*column));
        let cells = cells.map(|(column, text)| aligned(column, text));
        let style = if is_paused { look.of(AnsiColor::Yellow) } else { Style::new() };
        let is_cursor = index == top.queue;
        Row::new(cells).style(if is_cursor { style.add_modifier(Modifier::REVERSED) } else { style })
    });
    let kept = || (0..COLUMNS.len()).filter(|index| keep(*index));
    let widths = kept().map(|index| match WIDTHS[index] {
        0 => Constraint::Fill(1),
        width => Constraint::Length(width),
    });
    let names = kept().map(|index| aligned(index, COLUMNS[index].name.to_owned()));
    let header = Row::new(names).style(look.dim());
    frame.render_widget(Table::new(rows, widths).header(header).column_spacing(1), area);
}
