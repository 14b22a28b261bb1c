//! Ctrl-C and its like, as something to wait for.

use crate::failure::{Failure, exit};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// From the moment it exists, Ctrl-C no longer ends the process by itself.
pub(crate) struct Interrupts(Signal);

impl Interrupts {
    pub(crate) fn listen() -> Result<Self, Failure> {
        Interrupts::to(SignalKind::interrupt())
    }

    /// The same for SIGTERM.
    pub(crate) fn terminations() -> Result<Self, Failure> {
        Interrupts::to(SignalKind::terminate())
    }

    fn to(kind: SignalKind) -> Result<Self, Failure> {
        signal(kind).map(Interrupts).map_err(|error| {
            Failure::new(exit::JOB_FAILED, "signals", format!("failed to listen for signals: {error}"))
        })
    }

    /// The next one. Cancel-safe.
    pub(crate) async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}
