//! What the mouse does, when `m` has it listened to: the wheel moves, a click selects. Otherwise the terminal has it, so that
//! text can be selected as everywhere (lazydocker#835).

use super::{
    model::{Effect, Mode, Pane, Top},
    sheet::Sheet,
};
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

/// Rows for one notch of the wheel.
const NOTCH: isize = 3;

impl Top {
    /// The mouse was used.
    pub(crate) fn mouse(&mut self, event: MouseEvent) -> Vec<Effect> {
        if self.mode != Mode::Browse {
            return Vec::new();
        }
        match event.kind {
            MouseEventKind::ScrollDown => self.go(NOTCH),
            MouseEventKind::ScrollUp => self.go(-NOTCH),
            MouseEventKind::Down(MouseButton::Left) => self.click(event.row),
            _ => Vec::new(),
        }
    }

    /// Puts the cursor on the row of the table that is shown there.
    fn click(&mut self, row: u16) -> Vec<Effect> {
        let Some(line) = row.checked_sub(self.rows_at).map(usize::from) else { return Vec::new() };
        match self.sheet {
            Sheet::Queues if line < self.queues.len() => self.queue = line,
            Sheet::Executors if line < self.executors.len() => self.executor = line,
            _ => {}
        }
        if self.sheet != Sheet::Jobs {
            return Vec::new();
        }
        if line >= self.page_rows().len() {
            return Vec::new();
        }
        self.focus = Pane::Jobs;
        self.step((self.first + line).cast_signed() - self.cursor.cast_signed())
    }
}
