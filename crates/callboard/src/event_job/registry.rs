//! Which work does which kind of job.

use super::{DispatchError, EventJob, Work, run::Run};
use callboard_exec::KindError;
use std::{
    any::Any,
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

/// Kinds and their work (S2.14).
#[derive(Default)]
pub(super) struct Kinds(RwLock<HashMap<&'static str, Box<dyn Any + Send + Sync>>>);

/// Work of any type for one type of job.
pub(super) trait Runner<J: EventJob>: Send + Sync {
    /// Starts a run in a task of its own.
    fn spawn(self: Arc<Self>, run: Run<J>);
}

struct Worker<W>(W);

impl<J: EventJob, W: Work<J>> Runner<J> for Worker<W> {
    fn spawn(self: Arc<Self>, mut run: Run<J>) {
        // Lent, not given: a task that gives its parts away has room for each of them twice.
        tokio::spawn(async move { run.go(&self.0).await });
    }
}

impl Kinds {
    pub(super) fn register<J: EventJob>(&self, work: impl Work<J>, replace: bool) -> Result<(), KindError> {
        callboard_protocol::job::check_id("kind", J::KIND)
            .map_err(|error| KindError::BadName(error.message))?;
        let mut kinds = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kinds.contains_key(J::KIND) && !replace {
            return Err(KindError::Taken(J::KIND.into()));
        }
        let runner: Arc<dyn Runner<J>> = Arc::new(Worker(work));
        kinds.insert(J::KIND, Box::new(runner));
        Ok(())
    }

    pub(super) fn find<J: EventJob>(&self) -> Result<Arc<dyn Runner<J>>, DispatchError> {
        let kinds = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = kinds.get(J::KIND).ok_or_else(|| {
            let mut known: Vec<_> = kinds.keys().copied().collect();
            known.sort_unstable();
            DispatchError::NoExecutor { kind: J::KIND, known }
        })?;
        let runner: Option<&Arc<dyn Runner<J>>> = found.downcast_ref();
        runner.cloned().ok_or(DispatchError::OtherType { kind: J::KIND })
    }

    /// All kinds by name.
    pub(super) fn names(&self) -> Vec<&'static str> {
        let kinds = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut names: Vec<_> = kinds.keys().copied().collect();
        names.sort_unstable();
        names
    }
}
