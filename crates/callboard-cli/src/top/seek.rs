//! From match to match, and from error to error, in a log (design: ui 4.6).

use super::{log_pane::Found, model::Top};
use callboard_protocol::log::{Level, LogEntry};
use crossterm::event::KeyCode;

impl Top {
    /// Whether the key was one of these: n N to the next match and the one before, among all lines; e E to errors among
    /// those that are shown.
    pub(super) fn seek(&mut self, code: KeyCode) -> bool {
        let KeyCode::Char(key @ ('n' | 'N' | 'e' | 'E')) = code else { return false };
        let (wraps, back) = (self.wraps, key.is_uppercase());
        let pane = self.log_now();
        let (found, what) = match key {
            'n' | 'N' if pane.find.is_empty() => {
                self.tell(Err("nothing is looked for; / looks for lines".into()));
                return true;
            }
            'n' | 'N' => {
                pane.show_all();
                let find = pane.find.to_lowercase();
                let fits = move |line: &LogEntry| line.message.to_lowercase().contains(&find);
                (pane.seek(back, wraps, fits), "match")
            }
            _ => (pane.seek(back, wraps, |line| line.level >= Level::Error), "error"),
        };
        match found {
            Found::Further => {}
            Found::Around if back => self.tell(Ok(format!("no {what} before; the last one"))),
            Found::Around => self.tell(Ok(format!("no further {what}; the first one"))),
            Found::Nothing => self.tell(Err(format!("no {what} in these lines"))),
        }
        true
    }
}
