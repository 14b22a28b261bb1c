//! Ctrl-C, as something to wait for.

use crate::failure::{Failure, exit};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// From the moment it exists, Ctrl-C no longer ends the process by itself.
pub(crate) struct Interrupts(Signal);

impl Interrupts {
    pub(crate) fn listen() -> Result<Self, Failure> {
        let listening = signal(SignalKind::interrupt());
        listening.map(Interrupts).map_err(|error| {
            Failure::new(exit::JOB_FAILED, "signals", format!("failed to listen for Ctrl-C: {error}"))
        })
    }

    /// The next one. Cancel-safe.
    pub(crate) async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}
