//! Ids that lead to the job's page in Studio, where the terminal has links (OSC 8).

use crate::{
    text::{
        progress::short_id,
        signals::{link, page},
    },
    top::{model::Top, sheet::Sheet},
};
use callboard_protocol::JobId;
use ratatui::{
    buffer::{Buffer, CellDiffOption},
    layout::Rect,
};
use std::num::NonZeroU16;

/// Turns the ids of a picture into links: `title` of the sheet, its `body`, and the title of the log beneath.
pub(super) fn links(buffer: &mut Buffer, top: &Top, [title, body, log]: [Rect; 3]) {
    let Some(studio) = top.studio.as_deref() else { return };
    let mut lead = |area: Rect, row: usize, id: &JobId| {
        if let Some(y) = u16::try_from(row).ok().filter(|row| *row < area.height) {
            lead(buffer, Rect { y: area.y + y, height: 1, ..area }, id, studio);
        }
    };
    match top.sheet {
        Sheet::Jobs => {
            for (row, job) in top.page_rows().iter().enumerate() {
                // Below the names of the columns.
                lead(body, row + 1, &job.id);
            }
        }
        Sheet::Job => top.selected().into_iter().for_each(|id| lead(title, 0, id)),
        Sheet::Logs if !top.wraps => {
            for (row, line) in top.board.shown(usize::from(body.height)).into_iter().enumerate() {
                line.job_id.iter().for_each(|id| lead(body, row, id));
            }
        }
        _ => {}
    }
    top.log.job.iter().for_each(|id| lead(log, 0, id));
}

/// Makes the first cell of an id write all of it, as a link.
fn lead(buffer: &mut Buffer, row: Rect, id: &JobId, studio: &str) {
    let text = short_id(id);
    let Ok(width) = u16::try_from(text.len()) else { return };
    let (Some(columns), true) = (NonZeroU16::new(width), text.is_ascii()) else { return };
    let Some(x) = place(buffer, row, text, width) else { return };
    let cell = &mut buffer[(x, row.y)];
    cell.set_symbol(&link(text, &page(studio, id)));
    cell.set_diff_option(CellDiffOption::ForcedWidth(columns));
}

/// Where a word stands in a row.
fn place(buffer: &Buffer, row: Rect, word: &str, width: u16) -> Option<u16> {
    let end = row.right();
    let is_blank = |x: u16| x < row.x || x >= end || buffer[(x, row.y)].symbol() == " ";
    let is_word = |x: &u16| {
        let cells = (*x..*x + width).map(|x| buffer[(x, row.y)].symbol().as_bytes());
        let is_same = cells.zip(word.bytes()).all(|(cell, byte)| cell == [byte]);
        is_same && (*x == 0 || is_blank(*x - 1)) && is_blank(*x + width)
    };
    (row.x..=end.checked_sub(width)?).find(is_word)
}
