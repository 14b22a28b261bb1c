//! A thread that owns something blocking. Requests wait in a bounded queue; each is a closure over the owned thing.

use std::{
    sync::{Mutex, PoisonError},
    thread::{Builder, JoinHandle},
};
use tokio::sync::{mpsc, oneshot, watch};

type Task<S> = Box<dyn FnOnce(&mut S) + Send>;

/// Handle on the thread. Dropping it waits until what was asked before is done; [`Worker::close`] does so without
/// blocking.
pub(super) struct Worker<S> {
    tasks: Mutex<Option<mpsc::Sender<Task<S>>>>,
    ended: watch::Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

/// A request was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallError {
    /// It was never begun: the worker is closed.
    Closed,
    /// It may have been carried out: the thread panicked.
    Lost,
}

impl<S: Send + 'static> Worker<S> {
    /// Starts the thread; it drops `state` when it ends.
    pub(super) fn start(name: &str, queue: usize, mut state: S) -> std::io::Result<Self> {
        let (tasks, mut waiting) = mpsc::channel::<Task<S>>(queue);
        let (alive, ended) = watch::channel(());
        let thread = Builder::new().name(name.into()).spawn(move || {
            let _alive = alive;
            while let Some(task) = waiting.blocking_recv() {
                task(&mut state);
            }
            drop(state);
        })?;
        Ok(Worker { tasks: Mutex::new(Some(tasks)), ended, thread: Some(thread) })
    }

    /// Runs `work` on the thread. When the queue is full, waits.
    pub(super) async fn call<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut S) -> R + Send + 'static,
    ) -> Result<R, CallError> {
        let tasks =
            self.tasks.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or(CallError::Closed)?;
        let (reply, answer) = oneshot::channel();
        let task: Task<S> = Box::new(move |state| drop(reply.send(work(state))));
        tasks.send(task).await.map_err(|_| CallError::Closed)?;
        drop(tasks);
        answer.await.map_err(|_| CallError::Lost)
    }

    /// Refuses new requests and waits until the thread has ended. Idempotent; every caller waits.
    pub(super) async fn close(&self) {
        self.refuse();
        let mut ended = self.ended.clone();
        while ended.changed().await.is_ok() {}
    }
}

impl<S> Worker<S> {
    fn refuse(&self) {
        drop(self.tasks.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl<S> Drop for Worker<S> {
    fn drop(&mut self) {
        self.refuse();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a journal thread had panicked");
        }
    }
}
