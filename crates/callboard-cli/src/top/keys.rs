//! What a key does. The same keys as in Studio where there are the same things (design: ui 4.6).

use super::model::{Effect, Mode, Pane, Sheet, Top, Verb};
use callboard_protocol::Node;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// The keys, for the help.
pub(crate) const KEYS: [(&str, &str); 18] = [
    ("1 2 :", "jobs, queues; or by name"),
    ("j k ↓ ↑", "move"),
    ("Ctrl+D Ctrl+U", "move by half a page"),
    ("g G Home End", "first, last"),
    ("Space x", "mark"),
    ("Esc", "clear marks, filter, question"),
    ("/", "filter, as in: ps QUERY"),
    ("s S", "next order, reverse"),
    ("c", "cancel"),
    ("r", "retry"),
    ("D", "delete"),
    ("p", "pause the queue, or let it go on"),
    ("y", "copy the id"),
    ("m", "take the mouse, or leave it alone"),
    ("l", "show or hide the log"),
    ("Tab", "other pane; the log: ← → 0 sideways"),
    ("f", "follow the log, or freeze it"),
    ("q Ctrl+C", "leave"),
];

impl Top {
    /// A key was pressed.
    pub(crate) fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
            return vec![Effect::Quit { interrupted: true }];
        }
        self.notice = None;
        match self.mode.clone() {
            Mode::Browse => self.browse(key),
            Mode::Filter { before } => self.write_filter(key, before),
            Mode::Confirm(verb, ids) => {
                self.mode = Mode::Browse;
                match key.code {
                    KeyCode::Char('y' | 'Y') | KeyCode::Enter => vec![Effect::Do(verb, ids)],
                    _ => Vec::new(),
                }
            }
            Mode::Sheet(name) => self.write_sheet(key.code, name),
            Mode::Help => {
                self.mode = Mode::Browse;
                Vec::new()
            }
        }
    }

    fn browse(&mut self, key: KeyEvent) -> Vec<Effect> {
        let half = isize::try_from(self.page / 2).unwrap_or(1).max(1);
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('d') if control => self.go(half),
            KeyCode::Char('u') if control => self.go(-half),
            KeyCode::Char('j') | KeyCode::Down => self.go(1),
            KeyCode::Char('k') | KeyCode::Up => self.go(-1),
            KeyCode::PageDown => self.go(2 * half),
            KeyCode::PageUp => self.go(-2 * half),
            KeyCode::Char('g') | KeyCode::Home => self.go(isize::MIN),
            KeyCode::Char('G') | KeyCode::End => self.go(isize::MAX),
            KeyCode::Char('q') => vec![Effect::Quit { interrupted: false }],
            KeyCode::Char('y') => self.copied().map(Effect::Copy).into_iter().collect(),
            KeyCode::Char('m') => {
                self.mouse = !self.mouse;
                vec![Effect::Mouse(self.mouse)]
            }
            KeyCode::Char(digit @ '1'..='2') => self.turn_to(Sheet::ALL[digit as usize - '1' as usize]),
            KeyCode::Char(':') => {
                self.mode = Mode::Sheet(String::new());
                Vec::new()
            }
            code if self.sheet == Sheet::Queues => self.queue_key(code),
            KeyCode::Char('s') => {
                self.sort = self.sort.next();
                self.preferred()
            }
            KeyCode::Char('S') => {
                self.reversed = !self.reversed;
                self.preferred()
            }
            KeyCode::Char('l') => {
                self.shows_log = !self.shows_log;
                self.focus = Pane::Jobs;
                self.preferred()
            }
            KeyCode::Char('c') => self.ask(Verb::Cancel),
            KeyCode::Char('D') => self.ask(Verb::Delete),
            KeyCode::Char('r') => self.ask(Verb::Retry),
            code => {
                self.look(code);
                if code == KeyCode::Esc { self.order() } else { Vec::new() }
            }
        }
    }

    /// Keys that only change what is seen.
    fn look(&mut self, code: KeyCode) {
        let in_log = self.focus == Pane::Log;
        match code {
            KeyCode::Char(' ' | 'x') => self.mark(),
            KeyCode::Char('/') => self.mode = Mode::Filter { before: self.filter.clone() },
            KeyCode::Char('?') => self.mode = Mode::Help,
            KeyCode::Char('f') => self.log.follow(!self.log.is_following()),
            KeyCode::Tab | KeyCode::BackTab if self.shows_log => {
                self.focus = if in_log { Pane::Jobs } else { Pane::Log };
            }
            KeyCode::Left if in_log => self.log.column = self.log.column.saturating_sub(8),
            KeyCode::Right if in_log => self.log.column = (self.log.column + 8).min(super::draw::LINE),
            KeyCode::Char('0') if in_log => self.log.column = 0,
            // One thing at a time, the nearest first.
            KeyCode::Esc if in_log => self.focus = Pane::Jobs,
            KeyCode::Esc if !self.marked.is_empty() => self.marked.clear(),
            KeyCode::Esc => self.filter.clear(),
            _ => {}
        }
    }

    /// The rows in their new order; how things are shown is remembered.
    fn preferred(&mut self) -> Vec<Effect> {
        let mut effects = self.order();
        effects.push(Effect::Keep(self.preferences()));
        effects
    }

    fn turn_to(&mut self, sheet: Sheet) -> Vec<Effect> {
        (self.sheet, self.focus) = (sheet, Pane::Jobs);
        Vec::new()
    }

    /// Keys that mean something to a queue.
    fn queue_key(&mut self, code: KeyCode) -> Vec<Effect> {
        match (code, self.queue_name()) {
            (KeyCode::Char('p'), Some(name)) => {
                let paused = self.queues[self.queue].child("paused") == Some(&Node::Bool(true));
                vec![Effect::Pause(name, !paused)]
            }
            (KeyCode::Enter, Some(name)) => {
                // Its jobs.
                self.filter = format!("queue:{name}");
                self.sheet = Sheet::Jobs;
                self.order()
            }
            (KeyCode::Char('?'), _) => {
                self.mode = Mode::Help;
                Vec::new()
            }
            (KeyCode::Esc, _) => self.turn_to(Sheet::Jobs),
            _ => Vec::new(),
        }
    }

    /// What `y` copies.
    fn copied(&self) -> Option<String> {
        match self.sheet {
            Sheet::Jobs => self.selected().map(ToString::to_string),
            Sheet::Queues => self.queue_name(),
        }
    }

    fn write_sheet(&mut self, code: KeyCode, mut name: String) -> Vec<Effect> {
        match code {
            KeyCode::Esc => self.mode = Mode::Browse,
            KeyCode::Enter => {
                self.mode = Mode::Browse;
                match Sheet::named(&name) {
                    Some(sheet) => return self.turn_to(sheet),
                    None => {
                        let known = Sheet::ALL.map(Sheet::as_str).join(", ");
                        self.tell(Err(format!("there is no {name:?}; there are {known}")));
                    }
                }
            }
            KeyCode::Backspace => {
                name.pop();
                self.mode = Mode::Sheet(name);
            }
            KeyCode::Char(character) if name.len() < FILTER_BYTES => {
                name.push(character);
                self.mode = Mode::Sheet(name);
            }
            _ => {}
        }
        Vec::new()
    }

    /// Moves in the pane that has the keys.
    pub(super) fn go(&mut self, by: isize) -> Vec<Effect> {
        if self.sheet == Sheet::Queues {
            let last = self.queues.len().saturating_sub(1);
            self.queue = self.queue.saturating_add_signed(by).min(last);
            return Vec::new();
        }
        if self.focus == Pane::Log {
            self.log.scroll(by);
            return Vec::new();
        }
        self.step(by)
    }

    /// Marks the job with the cursor, or takes its mark away, and goes on.
    fn mark(&mut self) {
        let Some(id) = self.selected().cloned() else { return };
        if !self.marked.remove(&id) {
            self.marked.insert(id);
        }
    }

    /// Asks first; for one job that is only queued again there is nothing to regret.
    fn ask(&mut self, verb: Verb) -> Vec<Effect> {
        let ids = self.targets();
        if ids.is_empty() {
            return Vec::new();
        }
        if verb == Verb::Retry && ids.len() == 1 {
            return vec![Effect::Do(verb, ids)];
        }
        self.mode = Mode::Confirm(verb, ids);
        Vec::new()
    }

    fn write_filter(&mut self, key: KeyEvent, before: String) -> Vec<Effect> {
        match key.code {
            KeyCode::Enter => self.mode = Mode::Browse,
            KeyCode::Esc => {
                self.filter = before;
                self.mode = Mode::Browse;
            }
            KeyCode::Backspace => drop(self.filter.pop()),
            KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => self.filter.clear(),
            KeyCode::Char(character) if self.filter.len() < FILTER_BYTES => self.filter.push(character),
            _ => {}
        }
        self.order()
    }
}

/// The longest filter.
const FILTER_BYTES: usize = 200;
