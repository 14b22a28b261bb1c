//! Choosing the columns of the table of jobs.

use super::{
    columns::{Column, toggled},
    model::{Effect, Mode, Top},
};
use crossterm::event::KeyCode;

impl Top {
    /// A key while columns are chosen, the cursor at this one.
    pub(super) fn choose(&mut self, code: KeyCode, at: usize) -> Vec<Effect> {
        let last = Column::ALL.len() - 1;
        let to = |at| Mode::Columns(at);
        match code {
            KeyCode::Char('j') | KeyCode::Down => self.mode = to((at + 1).min(last)),
            KeyCode::Char('k') | KeyCode::Up => self.mode = to(at.saturating_sub(1)),
            KeyCode::Char('g') | KeyCode::Home => self.mode = to(0),
            KeyCode::Char('G') | KeyCode::End => self.mode = to(last),
            KeyCode::Char(' ' | 'x') => {
                self.columns = toggled(&self.columns, Column::ALL[at.min(last)]);
                return vec![Effect::Keep(self.preferences())];
            }
            KeyCode::Char('0') | KeyCode::Backspace => {
                self.columns.clear();
                return vec![Effect::Keep(self.preferences())];
            }
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('C' | 'q') => self.mode = Mode::Browse,
            _ => {}
        }
        Vec::new()
    }
}
