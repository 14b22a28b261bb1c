//! What the writer publishes and everybody may read.

use crate::{
    clock::Clock,
    event_job::Dispatcher,
    events::Origins,
    handle::Watchers,
    host::Host,
    logs::LogHub,
    ring::{Ring, Window},
    writer::Message,
};
use callboard_exec::{ArtifactStore, Registry};
use callboard_journal::Journal;
use callboard_protocol::{Epoch, Node, config::ServerConfig, from_node};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, Once, PoisonError, RwLock},
    time::Duration,
};
use tokio::sync::{Semaphore, mpsc, watch};

/// The durable head: what any reader sees (invariant 1).
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) document: Node,
    pub(crate) version: u64,
}

/// A folder that goes with its owner. It is there only when somebody created it.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // Most boards never made one.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Shared by the board's handles, its writer and its attempts.
pub(crate) struct Shared {
    pub(crate) epoch: Epoch,
    pub(crate) node: String,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) clock: Clock,
    /// Changes between two snapshots at least.
    pub(crate) snapshot_every: u64,
    pub(crate) grace: Duration,
    pub(crate) data: Option<PathBuf>,
    /// Takes the place of `data` for what must be a file.
    #[expect(dead_code, reason = "its folder goes with it")]
    pub(crate) scratch: Scratch,
    /// Where attempts have their folders.
    pub(crate) work: PathBuf,
    pub(crate) registry: RwLock<Registry>,
    pub(crate) artifacts: Arc<ArtifactStore>,
    /// What must be there before the board is ready.
    pub(crate) required: Vec<String>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) logs: LogHub,
    pub(crate) watchers: Watchers,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) origins: Origins,
    /// Done when the journal's events are told on the dispatcher's bus.
    pub(crate) telling: Once,
    pub(crate) inbox: mpsc::Sender<Message>,
    pub(crate) version: watch::Sender<u64>,
    pub(crate) head: RwLock<Head>,
    /// `/serverConfig`, read.
    pub(crate) config: watch::Sender<Arc<ServerConfig>>,
    pub(crate) ring: Mutex<Ring>,
    /// Turns of searches that must look at records.
    pub(crate) searches: Semaphore,
}

impl Shared {
    /// Makes `/serverConfig` of a document what everybody follows, when it is another one than before.
    pub(crate) fn follow_config(&self, before: &Node, now: &Node) {
        let (before, now) = (before.child("serverConfig"), now.child("serverConfig"));
        if before == now {
            return;
        }
        if let Some(config) = now.and_then(|node| from_node::<ServerConfig>(node).ok()) {
            self.logs.show(&config.logs);
            self.config.send_replace(Arc::new(config));
        }
    }

    /// Nothing will end any more, and nothing will be told.
    pub(crate) fn close(&self) {
        self.watchers.close();
        self.dispatcher.close();
    }

    /// The durable state, as a cheap clone.
    pub(crate) fn head(&self) -> Head {
        self.head.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The changes after a version, or `None` when they are no longer in memory.
    pub(crate) fn since(&self, version: u64) -> Option<Window> {
        // The ring is locked first so that the head cannot be newer than what the ring holds.
        let ring = self.ring();
        ring.since(version, *self.version.borrow())
    }

    pub(crate) fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
