//! Pictures of the model. Everything that jobs wrote is cleaned and cut before it is styled.

mod executors;
mod links;
mod log;
mod overlay;
mod panes;
mod queues;
mod sheets;
mod table;

use super::{
    model::{Mode, Top},
    sheet::Sheet,
};
use crate::text::{clean::clean, output::Screen, paint};
use anstyle::AnsiColor;
use callboard_protocol::{Time, job::JobState};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style},
    text::{Line, Span},
};

/// Characters of a line of text that are looked at; longer lines end with a mark.
pub(super) const LINE: usize = 4096;
/// The smallest terminal that there is a picture for.
const SMALLEST: (u16, u16) = (60, 15);

/// What the terminal can show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) unicode: bool,
    pub(crate) colours: bool,
}

impl Look {
    pub(crate) fn new(screen: &Screen) -> Look {
        let choice = anstream::AutoStream::choice(&std::io::stdout());
        Look { unicode: screen.unicode, colours: choice != anstream::ColorChoice::Never }
    }

    fn of(self, colour: AnsiColor) -> Style {
        if !self.colours {
            return Style::new();
        }
        Style::new().fg(match colour {
            AnsiColor::BrightBlack => Color::DarkGray,
            AnsiColor::Blue => Color::Blue,
            AnsiColor::Yellow => Color::Yellow,
            AnsiColor::Green => Color::Green,
            AnsiColor::Red => Color::Red,
            AnsiColor::Magenta => Color::Magenta,
            AnsiColor::Cyan => Color::Cyan,
            _ => Color::Reset,
        })
    }

    /// The same colours as everywhere on the command line.
    fn painted(self, style: anstyle::Style) -> Style {
        match style.get_fg_color() {
            Some(anstyle::Color::Ansi(colour)) => self.of(colour),
            _ => Style::new(),
        }
    }

    fn state(self, state: JobState) -> Style {
        self.painted(paint::state(state))
    }

    fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// A sign, or what stands for it in ASCII.
    fn sign(self, sign: &'static str, ascii: &'static str) -> &'static str {
        if self.unicode { sign } else { ascii }
    }
}

/// Draws all of it, and notes in the model how many rows there was room for.
pub(crate) fn draw(frame: &mut Frame, top: &mut Top, look: &Look, now: Time) {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let text = format!(
            "top needs {}x{}; this is {}x{} (q leaves)",
            SMALLEST.0, SMALLEST.1, area.width, area.height
        );
        frame.render_widget(Line::from(text), area);
        return;
    }
    let shows_log = top.shows_log && top.sheet.is_of_jobs();
    let log = match top.sheet {
        _ if !shows_log => 0,
        Sheet::Job => (area.height / 2).max(4),
        _ => (area.height / 3).max(4),
    };
    let parts = [1, 2, 1].map(Constraint::Length).into_iter();
    let parts = parts.chain([Constraint::Min(4), Constraint::Length(log), Constraint::Length(1)]);
    let areas: [Rect; 6] = Layout::vertical(parts).areas(area);
    frame.render_widget(panes::header(top, look, now), areas[0]);
    panes::samples(frame, areas[1], top, look);
    // Below the names of the columns.
    top.rows_at = areas[3].y + 1;
    let (title, body) = (areas[2], areas[3]);
    match top.sheet {
        Sheet::Jobs => {
            frame.render_widget(panes::jobs_title(top, look, title.width), title);
            table::table(frame, body, top, look, now);
        }
        Sheet::Job => sheets::job(frame, (title, body), top, look),
        Sheet::Logs => log::board(frame, (title, body), top, look),
        Sheet::Executors => executors::executors(frame, (title, body), top, look),
        Sheet::Queues => {
            frame.render_widget(queues::title(top, look, title.width), title);
            queues::table(frame, body, top, look);
        }
        Sheet::Metrics => sheets::metrics(frame, (title, body), top, look),
        Sheet::History => sheets::history(frame, (title, body), top, look),
    }
    if shows_log {
        log::of_job(frame, areas[4], top, look);
    }
    frame.render_widget(overlay::bottom(top, look), areas[5]);
    match top.mode {
        Mode::Help(scrolled) => overlay::help(frame, area, scrolled, look),
        Mode::Columns(at) => overlay::columns(frame, area, top, at, look),
        _ => links::links(frame.buffer_mut(), top, [title, body, areas[4]]),
    }
}

/// A text of a job: one line without anything that a terminal obeys.
fn plain(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    let mut cut: String = first.chars().take(LINE).collect();
    if cut.len() < first.len() {
        cut.push('…');
    }
    anstream::adapter::strip_str(&clean(&cut)).to_string().replace('\t', "    ")
}

/// A title in a line over the whole width.
fn rule(title: Vec<Span<'static>>, width: u16, look: &Look) -> Line<'static> {
    let used: usize = title.iter().map(Span::width).sum();
    let rest = usize::from(width).saturating_sub(used + 1);
    let mut spans = title;
    spans.push(Span::styled(format!(" {}", look.sign("─", "-").repeat(rest)), look.dim()));
    Line::from(spans)
}
