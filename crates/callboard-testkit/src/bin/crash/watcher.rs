//! A client that lives through all drops: it reconnects, resumes from where it was, and folds what it is sent.
//! Now and then it drops the connection itself, so that it also comes back to a server that can resume it.

use callboard_protocol::frame::{ServerFrame, SubStart};
use callboard_testkit::{Mirror, Ready, Socket, SocketOptions, hello};
use fastrand::Rng;
use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::watch, task::JoinHandle};

/// What the watcher has seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) mirror: Mirror,
    pub(crate) resumed: u64,
    pub(crate) faults: Vec<String>,
}

/// The watcher's task.
pub(crate) struct Watcher {
    seen: Arc<Mutex<Seen>>,
    restless: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Watcher {
    pub(crate) fn start(ready: &Ready, rng: Rng) -> Watcher {
        let seen = Arc::<Mutex<Seen>>::default();
        let restless = watch::Sender::new(true);
        let watching =
            Watching { ready: ready.clone(), seen: seen.clone(), restless: restless.subscribe(), rng };
        Watcher { seen, restless, task: tokio::spawn(watching.run()) }
    }

    /// From now on it keeps its connection.
    pub(crate) fn settle(&self) {
        self.restless.send_replace(false);
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Watching {
    ready: Ready,
    seen: Arc<Mutex<Seen>>,
    restless: watch::Receiver<bool>,
    rng: Rng,
}

impl Watching {
    async fn run(mut self) {
        loop {
            // A lost connection is what this client is for.
            let _ = self.connection().await;
            self.seen().mirror.connection_lost();
            tokio::time::sleep(Duration::from_millis(self.rng.u64(5..40))).await;
        }
    }

    async fn connection(&mut self) -> io::Result<()> {
        let deflate = self.rng.bool();
        let token = Some(self.ready.token.clone());
        let options = SocketOptions { token, deflate, ..SocketOptions::default() };
        let mut socket = Socket::open(self.ready.address()?, &options).await?;
        let resume = self.seen().mirror.position().cloned();
        socket.send(&hello("watcher", None, resume)).await?;
        let drop_at = tokio::time::sleep(Duration::from_millis(self.rng.u64(20..600)));
        let mut restless = self.restless.clone();
        tokio::select! {
            ended = self.follow(&mut socket) => ended,
            () = drop_at, if *restless.borrow_and_update() => Ok(()),
        }
    }

    async fn follow(&self, socket: &mut Socket) -> io::Result<()> {
        loop {
            let frame = socket.next().await?;
            let mut seen = self.seen();
            if let ServerFrame::Welcome { subs, .. } = &frame {
                seen.resumed += u64::from(subs.get("main") == Some(&SubStart::Resumed));
            }
            if let Err(fault) = seen.mirror.take(frame) {
                seen.faults.push(fault);
                // From here on it would only repeat itself.
                seen.mirror = Mirror::default();
                return Ok(());
            }
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
