//! The two streams: data goes to standard output, everything else to standard error (design: ui 5.3).

use super::signals::Signals;
use crate::failure::{Failure, exit};
use clap::ValueEnum;
use std::io::{ErrorKind, IsTerminal as _, Write as _};

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressWhen {
    /// A live line on terminals, otherwise nothing
    Auto,
    /// A live line on standard error
    Tty,
    /// A line for each change of state and each tenth of the way
    Plain,
    /// Only the line that says how it ended
    Quiet,
    /// Nothing
    None,
}

/// What the terminal can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Screen {
    /// Standard output is read by a person.
    pub(crate) out_is_terminal: bool,
    /// Standard error is.
    pub(crate) err_is_terminal: bool,
    /// Columns.
    pub(crate) width: usize,
    /// Whether signs beyond ASCII can be shown.
    pub(crate) unicode: bool,
    /// Whether lines may be drawn again.
    pub(crate) animates: bool,
    /// The terminal knows no sequences at all.
    pub(crate) is_dumb: bool,
    /// Somebody asked for static text: `ACCESSIBLE=1`, or `callboard config accessible=true`.
    pub(crate) accessible: bool,
    /// How the terminal is told things besides text.
    pub(crate) signals: Signals,
}

impl Screen {
    /// Looks at the streams and the environment; `ascii` asks for signs that every terminal has, `accessible` for text
    /// that stays as it is.
    pub(crate) fn detect(ascii: bool, accessible: bool) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        let locale = locale.unwrap_or_default().to_ascii_lowercase();
        let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
        let accessible = accessible || set("ACCESSIBLE");
        let (out_is_terminal, err_is_terminal) =
            (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
        let known = Signals::known(|name| std::env::var(name).ok());
        Screen {
            out_is_terminal,
            err_is_terminal,
            accessible,
            signals: Signals {
                links: known.links && out_is_terminal && !dumb,
                taskbar: known.taskbar && err_is_terminal && !accessible,
            },
            width: columns(),
            unicode: !ascii && (locale.contains("utf-8") || locale.contains("utf8")),
            is_dumb: dumb,
            animates: !dumb && !set("CI") && !accessible,
        }
    }

    /// A terminal of so many columns that shows everything but links.
    #[cfg(test)]
    pub(crate) const fn of_person(width: usize) -> Screen {
        Screen {
            out_is_terminal: true,
            err_is_terminal: true,
            width,
            unicode: true,
            animates: true,
            is_dumb: false,
            accessible: false,
            signals: Signals { links: false, taskbar: false },
        }
    }

    /// How progress is shown here: live only when both streams are terminals, so that nothing that reads our
    /// output is disturbed.
    pub(crate) fn progress(&self, wanted: ProgressWhen) -> ProgressWhen {
        match wanted {
            ProgressWhen::Auto if self.out_is_terminal && self.err_is_terminal && self.animates => {
                ProgressWhen::Tty
            }
            ProgressWhen::Auto if self.out_is_terminal && self.err_is_terminal => ProgressWhen::Plain,
            ProgressWhen::Auto => ProgressWhen::None,
            other => other,
        }
    }
}

fn columns() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stderr());
    let size = size.or_else(|_| rustix::termios::tcgetwinsize(std::io::stdout()));
    size.ok().map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0).unwrap_or(80)
}

/// Writes a line of data. Without a reader there is no reason to go on.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    let written = writeln!(out, "{text}").and_then(|()| out.flush());
    written.map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::unread(),
        _ => Failure::new(exit::JOB_FAILED, "output", format!("failed to write the output: {error}")),
    })
}

/// Writes a line for people. That it cannot be written is no reason to stop.
pub(crate) fn note(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_live_only_before_a_person() {
        let person = Screen::of_person(80);
        assert_eq!(person.progress(ProgressWhen::Auto), ProgressWhen::Tty);
        let piped = Screen { out_is_terminal: false, ..person };
        assert_eq!(piped.progress(ProgressWhen::Auto), ProgressWhen::None);
        assert_eq!(piped.progress(ProgressWhen::Tty), ProgressWhen::Tty);
        let accessible = Screen { animates: false, ..person };
        assert_eq!(accessible.progress(ProgressWhen::Auto), ProgressWhen::Plain);
    }
}
