//! The terminal: taken over while `top` runs, and given back however it ends.

use crate::failure::{Failure, exit};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use crossterm::{
    cursor::{Hide, Show},
    event::{DisableMouseCapture, EnableMouseCapture},
    execute,
    style::Print,
    terminal::{
        BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, SetTitle,
        disable_raw_mode, enable_raw_mode,
    },
};
use ratatui::{Frame, Terminal, backend::CrosstermBackend};
use std::io::{self, Stdout, Write as _, stdout};

/// The window's title is put aside, and taken out again; a terminal that cannot keeps ours.
const PUSH_TITLE: &str = "\u{1b}[22;2t";
const POP_TITLE: &str = "\u{1b}[23;2t";

/// The terminal in raw mode and on its other screen. Dropping it gives it back.
pub(crate) struct ScreenGuard {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl ScreenGuard {
    pub(crate) fn enter() -> Result<ScreenGuard, Failure> {
        enable_raw_mode().map_err(|error| failed(&error))?;
        let terminal =
            execute!(stdout(), EnterAlternateScreen, Hide, Print(PUSH_TITLE), SetTitle("callboard top"))
                .and_then(|()| Terminal::new(CrosstermBackend::new(stdout())));
        terminal.map(|terminal| ScreenGuard { terminal }).map_err(|error| {
            leave();
            failed(&error)
        })
    }

    /// Gives a text to the terminal's clipboard (OSC 52); one that has none ignores it. It works over SSH.
    pub(crate) fn copy(&mut self, text: &str) -> Result<(), Failure> {
        let sequence = format!("\u{1b}]52;c;{}\u{7}", STANDARD.encode(text));
        let written = stdout().write_all(sequence.as_bytes()).and_then(|()| stdout().flush());
        written.map_err(|error| failed(&error))
    }

    /// Takes the mouse, or leaves it to the terminal.
    pub(crate) fn listen_to_mouse(&mut self, listen: bool) -> Result<(), Failure> {
        let told = if listen {
            execute!(stdout(), EnableMouseCapture)
        } else {
            execute!(stdout(), DisableMouseCapture)
        };
        told.map_err(|error| failed(&error))
    }

    /// Draws a picture; a terminal that can shows it at once.
    pub(crate) fn draw(&mut self, picture: impl FnOnce(&mut Frame)) -> Result<(), Failure> {
        let drawn = execute!(stdout(), BeginSynchronizedUpdate)
            .and_then(|()| self.terminal.draw(picture).map(drop))
            .and_then(|()| execute!(stdout(), EndSynchronizedUpdate));
        drawn.map_err(|error| failed(&error))
    }
}

impl Drop for ScreenGuard {
    fn drop(&mut self) {
        leave();
    }
}

/// Nothing more can be done about a terminal that does not listen.
fn leave() {
    let _ = execute!(stdout(), DisableMouseCapture, LeaveAlternateScreen, Show, Print(POP_TITLE));
    let _ = disable_raw_mode();
}

fn failed(error: &io::Error) -> Failure {
    Failure::new(exit::JOB_FAILED, "output", format!("failed to use the terminal: {error}"))
}
