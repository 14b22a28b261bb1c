//! What a key does. The same keys as in Studio where there are the same things (design: ui 4.6).

use super::{
    model::{Effect, Mode, Pane, SIDEWAYS, Top, Verb},
    sheet::Sheet,
};
use crate::query::quoted;
use callboard_protocol::Node;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// The keys, for the help.
pub(crate) const KEYS: [(&str, &str); 22] = [
    ("1 to 7, :", "jobs, job, logs, executors, queues,"),
    ("", "metrics, history; or by name"),
    ("Enter o Esc", "open, back; then marks, filter"),
    ("j k ↓ ↑", "move"),
    ("Ctrl+D Ctrl+U", "move by half a page"),
    ("g G Home End", "first, last"),
    ("[ ]", "the job before, the next one"),
    ("Space x Ctrl+A", "mark; all that are shown"),
    ("/", "filter, as in: ps QUERY; in a log: find"),
    ("s S", "next order, reverse"),
    ("c r D", "cancel, retry, delete"),
    ("p", "pause the queue, or let it go on"),
    ("y Y", "copy the id or the line; its address"),
    ("m", "take the mouse, or leave it alone"),
    ("l", "show or hide the log"),
    ("Tab", "other pane; the log: ← → 0 $ sideways"),
    ("w", "long lines go on in the next row"),
    ("f", "follow the log, or freeze it"),
    ("n N e E", "next match or error in it, or before"),
    ("C", "choose the columns"),
    ("?", "these keys"),
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
            Mode::Find { before } => self.write_find(key, before),
            Mode::Confirm(verb, ids) => {
                self.mode = Mode::Browse;
                match key.code {
                    KeyCode::Char('y' | 'Y') | KeyCode::Enter => vec![Effect::Do(verb, ids)],
                    _ => Vec::new(),
                }
            }
            Mode::Sheet(name) => self.write_sheet(key.code, name),
            Mode::Columns(at) => self.choose(key.code, at),
            Mode::Help(scrolled) => {
                self.mode = match key.code {
                    KeyCode::Char('j') | KeyCode::Down => Mode::Help((scrolled + 1).min(KEYS.len())),
                    KeyCode::Char('k') | KeyCode::Up => Mode::Help(scrolled.saturating_sub(1)),
                    _ => Mode::Browse,
                };
                Vec::new()
            }
        }
    }

    fn browse(&mut self, key: KeyEvent) -> Vec<Effect> {
        let half = isize::try_from(self.page / 2).unwrap_or(1).max(1);
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if !matches!(key.code, KeyCode::Left | KeyCode::Right) {
            self.sideways = SIDEWAYS;
        }
        match key.code {
            KeyCode::Char('a') if control && self.sheet == Sheet::Jobs => self.mark_all(),
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
            KeyCode::Char('Y') if self.sheet.is_of_jobs() => {
                self.selected().cloned().map(Effect::CopyAddress).into_iter().collect()
            }
            KeyCode::Char('m') => {
                self.mouse = !self.mouse;
                vec![Effect::Mouse(self.mouse)]
            }
            KeyCode::Char(digit @ '1'..='9') => {
                Sheet::of_key(digit).map_or_else(Vec::new, |sheet| self.turn_to(sheet))
            }
            KeyCode::Char(':') => {
                self.mode = Mode::Sheet(String::new());
                Vec::new()
            }
            KeyCode::Char('w') => {
                self.wraps = !self.wraps;
                vec![Effect::Keep(self.preferences())]
            }
            KeyCode::Char('?') => {
                self.mode = Mode::Help(0);
                Vec::new()
            }
            code => match self.sheet {
                Sheet::Jobs => self.jobs_key(code),
                Sheet::Job => self.job_key(code),
                Sheet::Queues => self.queue_key(code),
                Sheet::Executors => self.executor_key(code),
                Sheet::Logs => {
                    if code == KeyCode::Esc && self.board.find.is_empty() {
                        return self.turn_to(Sheet::Jobs);
                    }
                    self.log_key(code);
                    Vec::new()
                }
                Sheet::Metrics | Sheet::History if code == KeyCode::Esc => self.turn_to(Sheet::Jobs),
                Sheet::Metrics | Sheet::History => Vec::new(),
            },
        }
    }

    /// Keys of the table of jobs.
    fn jobs_key(&mut self, code: KeyCode) -> Vec<Effect> {
        let in_log = self.focus == Pane::Log;
        match code {
            KeyCode::Enter | KeyCode::Char('o') if self.selected().is_some() => {
                return self.turn_to(Sheet::Job);
            }
            KeyCode::Char('C') => self.mode = Mode::Columns(0),
            KeyCode::Char('s') => {
                self.sort = self.sort.next();
                return self.preferred();
            }
            KeyCode::Char('S') => {
                self.reversed = !self.reversed;
                return self.preferred();
            }
            KeyCode::Char('/') if !in_log => self.mode = Mode::Filter { before: self.filter.clone() },
            KeyCode::Char(' ' | 'x') => self.mark(),
            // One thing at a time, the nearest first.
            KeyCode::Esc if in_log && self.log.find.is_empty() => self.focus = Pane::Jobs,
            KeyCode::Esc if in_log => self.log.find_anew(String::new()),
            KeyCode::Esc if !self.marked.is_empty() => self.marked.clear(),
            KeyCode::Esc => {
                self.filter.clear();
                return self.preferred();
            }
            code => return self.verb_key(code),
        }
        Vec::new()
    }

    /// Keys of the facts of one job.
    fn job_key(&mut self, code: KeyCode) -> Vec<Effect> {
        match code {
            KeyCode::Char('[') => self.step(-1),
            KeyCode::Char(']') => self.step(1),
            KeyCode::Esc if !self.log.find.is_empty() => {
                self.log.find_anew(String::new());
                Vec::new()
            }
            KeyCode::Esc => self.turn_to(Sheet::Jobs),
            code => self.verb_key(code),
        }
    }

    /// Verbs, and keys of the log beneath.
    fn verb_key(&mut self, code: KeyCode) -> Vec<Effect> {
        match code {
            KeyCode::Char('c') => return self.ask(Verb::Cancel),
            KeyCode::Char('D') => return self.ask(Verb::Delete),
            KeyCode::Char('r') => return self.ask(Verb::Retry),
            KeyCode::Char('l') => {
                self.shows_log = !self.shows_log;
                self.focus = Pane::Jobs;
                return self.preferred();
            }
            KeyCode::Tab | KeyCode::BackTab if self.shows_log => {
                self.focus = if self.focus == Pane::Log { Pane::Jobs } else { Pane::Log };
            }
            KeyCode::Char('f') => self.log.follow(!self.log.is_following()),
            code if self.shows_log && self.seek(code) => {}
            code if self.focus == Pane::Log => self.log_key(code),
            _ => {}
        }
        Vec::new()
    }

    /// Keys of a log that has them.
    fn log_key(&mut self, code: KeyCode) {
        if self.seek(code) {
            return;
        }
        let by = self.sideways;
        let log = self.log_now();
        match code {
            KeyCode::Char('f') => log.follow(!log.is_following()),
            KeyCode::Char('/') => {
                let before = log.find.clone();
                log.find_anew(before.clone());
                self.mode = Mode::Find { before };
            }
            KeyCode::Char('0') => log.column = 0,
            KeyCode::Char('$') => log.column = log.widest().saturating_sub(SIDEWAYS),
            KeyCode::Esc => log.find_anew(String::new()),
            KeyCode::Left | KeyCode::Right => {
                let to = log.column.saturating_add_signed(if code == KeyCode::Left {
                    by.cast_signed().saturating_neg()
                } else {
                    by.cast_signed()
                });
                log.column = to.min(super::draw::LINE);
                // A key that is held goes further each time.
                self.sideways = (by * 3 / 2).min(SIDEWAYS * 16);
            }
            _ => {}
        }
    }

    /// The rows in their new order; how things are shown is remembered.
    fn preferred(&mut self) -> Vec<Effect> {
        let mut effects = self.order();
        effects.push(Effect::Keep(self.preferences()));
        effects
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
                self.filter = format!("queue:{}", quoted_if_needed(&name));
                self.sheet = Sheet::Jobs;
                self.order()
            }
            (KeyCode::Esc, _) => self.turn_to(Sheet::Jobs),
            _ => Vec::new(),
        }
    }

    /// Keys that mean something to a kind.
    fn executor_key(&mut self, code: KeyCode) -> Vec<Effect> {
        match (code, self.executors.get(self.executor)) {
            (KeyCode::Enter, Some(row)) => {
                // Its jobs.
                self.filter = format!("kind:{}", quoted_if_needed(&row.kind));
                self.sheet = Sheet::Jobs;
                self.order()
            }
            (KeyCode::Esc, _) => self.turn_to(Sheet::Jobs),
            _ => Vec::new(),
        }
    }

    /// What `y` copies.
    fn copied(&self) -> Option<String> {
        match self.sheet {
            Sheet::Jobs | Sheet::Job if self.focus == Pane::Log => {
                self.log.at().map(|line| line.message.to_string())
            }
            Sheet::Jobs | Sheet::Job => self.selected().map(ToString::to_string),
            Sheet::Queues => self.queue_name(),
            Sheet::Executors => self.executors.get(self.executor).map(|row| row.kind.clone()),
            Sheet::Logs => self.board.at().map(|line| line.message.to_string()),
            Sheet::Metrics | Sheet::History => None,
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
        let moved = |at: usize, length: usize| at.saturating_add_signed(by).min(length.saturating_sub(1));
        match self.sheet {
            Sheet::Queues => self.queue = moved(self.queue, self.queues.len()),
            Sheet::Executors => self.executor = moved(self.executor, self.executors.len()),
            Sheet::Logs => self.board.scroll(by),
            Sheet::History => self.past.scroll(by),
            // The picture knows where the last line is.
            Sheet::Metrics => {}
            Sheet::Jobs | Sheet::Job if self.focus == Pane::Log => self.log.scroll(by),
            Sheet::Job => self.scrolled = self.scrolled.saturating_add_signed(by),
            Sheet::Jobs => return self.step(by),
        }
        Vec::new()
    }

    /// Marks the job with the cursor, or takes its mark away, and goes on.
    fn mark(&mut self) {
        let Some(id) = self.selected().cloned() else { return };
        if !self.marked.remove(&id) {
            self.marked.insert(id);
        }
    }

    /// Marks all rows, or none when they are marked.
    fn mark_all(&mut self) -> Vec<Effect> {
        let all = self.rows.iter().map(|row| row.id.clone());
        match self.rows.iter().all(|row| self.marked.contains(&row.id)) {
            true => self.marked.clear(),
            false => self.marked.extend(all),
        }
        Vec::new()
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
            KeyCode::Enter => {
                self.mode = Mode::Browse;
                return self.preferred();
            }
            KeyCode::Esc => {
                self.filter = before;
                self.mode = Mode::Browse;
            }
            _ => write(&mut self.filter, key),
        }
        self.order()
    }

    fn write_find(&mut self, key: KeyEvent, before: String) -> Vec<Effect> {
        match key.code {
            KeyCode::Enter => self.mode = Mode::Browse,
            KeyCode::Esc => {
                self.log_now().find = before;
                self.mode = Mode::Browse;
            }
            _ => write(&mut self.log_now().find, key),
        }
        Vec::new()
    }
}

/// A key in a line of text.
fn write(text: &mut String, key: KeyEvent) {
    match key.code {
        KeyCode::Backspace => drop(text.pop()),
        KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => text.clear(),
        KeyCode::Char(character) if text.len() < FILTER_BYTES => text.push(character),
        _ => {}
    }
}

/// A name as a query needs it.
fn quoted_if_needed(name: &str) -> String {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if is_plain { name.to_owned() } else { quoted(name) }
}

/// The longest filter.
const FILTER_BYTES: usize = 200;
