//! Ctrl-C and its like, as something to wait for.

use crate::failure::{Failure, exit};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// From the moment it exists, these signals no longer end the process by themselves.
pub(crate) struct Interrupts {
    first: Signal,
    second: Option<Signal>,
}

impl Interrupts {
    /// Ctrl-C.
    pub(crate) fn listen() -> Result<Self, Failure> {
        Ok(Interrupts { first: one(SignalKind::interrupt())?, second: None })
    }

    /// SIGTERM.
    pub(crate) fn terminations() -> Result<Self, Failure> {
        Ok(Interrupts { first: one(SignalKind::terminate())?, second: None })
    }

    /// Both: for what must not be left running, whoever ends the command: a person, `timeout` or a CI runner.
    pub(crate) fn any() -> Result<Self, Failure> {
        let second = Some(one(SignalKind::terminate())?);
        Ok(Interrupts { second, ..Interrupts::listen()? })
    }

    /// The next one. Cancel-safe.
    pub(crate) async fn next(&mut self) {
        let second = async {
            match &mut self.second {
                Some(second) => second.recv().await,
                None => None,
            }
        };
        tokio::select! {
            Some(()) = self.first.recv() => {}
            Some(()) = second => {}
            else => std::future::pending().await,
        }
    }
}

fn one(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|error| {
        Failure::new(exit::JOB_FAILED, "signals", format!("failed to listen for signals: {error}"))
    })
}
