//! The server under test: the same data folder and the same port at every start.

use crate::args::Args;
use callboard_testkit::{ServerProcess, StartOptions};
use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

/// A start takes milliseconds; on a busy machine perhaps seconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// Tries to get the port back, which somebody else may have for a moment.
const TRIES: u32 = 20;

/// Starts servers.
pub(crate) struct Starter {
    options: StartOptions,
}

impl Starter {
    pub(crate) fn new(args: &Args, folder: &Path) -> Self {
        let (data, log) = (folder.join("data"), folder.join("server.log"));
        let program = args.server.clone();
        Starter { options: StartOptions { program, data, port: 0, patience: PATIENCE, log } }
    }

    pub(crate) fn data(&self) -> &PathBuf {
        &self.options.data
    }

    pub(crate) async fn start(&mut self) -> io::Result<ServerProcess> {
        let mut tries = 0;
        loop {
            match ServerProcess::start(&self.options).await {
                Ok(server) => {
                    self.options.port = server.ready.address()?.port();
                    return Ok(server);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound || tries == TRIES => return Err(error),
                Err(_) => {}
            }
            tries += 1;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The last lines that the servers wrote.
    pub(crate) fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.options.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }
}
