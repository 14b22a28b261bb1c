//! Signs and colours of states. Sixteen colours only, so that the user's own theme rules; a word always
//! stands beside the sign.

use anstyle::{AnsiColor, Style};
use callboard_protocol::{job::JobState, log::Level};

/// Faint text.
pub(crate) const DIM: Style = Style::new().dimmed();

/// The sign of a state.
pub(crate) fn sign(state: JobState, unicode: bool) -> &'static str {
    let (sign, ascii) = match state {
        JobState::Pending => ("◌", "[wait]"),
        JobState::Scheduled => ("◷", "[due]"),
        JobState::Queued => ("○", "[queue]"),
        JobState::Running => ("●", "[run]"),
        JobState::Retrying => ("↻", "[retry]"),
        JobState::Succeeded => ("✓", "[ok]"),
        JobState::Failed => ("✗", "[x]"),
        JobState::Cancelled => ("⊘", "[-]"),
    };
    if unicode { sign } else { ascii }
}

/// The colour of a state.
pub(crate) fn state(state: JobState) -> Style {
    let colour = match state {
        JobState::Pending | JobState::Scheduled | JobState::Queued => AnsiColor::BrightBlack,
        JobState::Running => AnsiColor::Blue,
        JobState::Retrying => AnsiColor::Yellow,
        JobState::Succeeded => AnsiColor::Green,
        JobState::Failed => AnsiColor::Red,
        JobState::Cancelled => AnsiColor::Magenta,
    };
    Style::new().fg_color(Some(colour.into()))
}

/// The word and colour of a level.
pub(crate) fn level(level: Level) -> (&'static str, Style) {
    let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
    match level {
        Level::Debug => ("DEBUG", DIM),
        Level::Info => ("INFO", Style::new()),
        Level::Warn => ("WARN", colour(AnsiColor::Yellow)),
        Level::Error => ("ERROR", colour(AnsiColor::Red)),
        Level::Fatal => ("FATAL", colour(AnsiColor::Red).bold()),
    }
}
