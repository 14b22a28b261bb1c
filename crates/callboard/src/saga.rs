//! Steps that are undone when a later one fails (S2.23).

use futures_util::FutureExt as _;
use std::{
    any::Any,
    error::Error,
    fmt,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
};

type Undoing = Pin<Box<dyn Future<Output = Result<(), Box<dyn Error + Send + Sync>>> + Send>>;
type Compensate = Box<dyn FnOnce() -> Undoing + Send>;

/// Steps, each with what undoes it. Kept in memory: a saga does not outlive its process.
///
/// When it is dropped with steps that were neither committed nor rolled back, because its task was cancelled or
/// panicked, they are undone in a task of their own, best effort.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use callboard::Saga;
///
/// let booked = Saga::scope("trip", async |saga| {
///     let flight = saga
///         .run("book the flight", async || Ok::<_, std::io::Error>(17), async |flight| {
///             println!("flight {flight} is cancelled");
///             Ok(())
///         })
///         .await?;
///     saga.run("book the hotel", async || Err(std::io::Error::other("full")), async |_: u32| Ok(())).await?;
///     Ok::<_, std::io::Error>(flight)
/// });
/// let failed = booked.await.expect_err("the hotel is full");
/// assert_eq!(failed.to_string(), "trip failed: full; what was done is undone");
/// # }
/// ```
pub struct Saga {
    name: String,
    steps: Vec<Step>,
}

struct Step {
    name: String,
    compensate: Compensate,
}

/// A step could not be undone.
#[derive(Debug, thiserror::Error)]
#[error("failed to undo {step:?}: {source}")]
pub struct CompensationError {
    /// The step.
    pub step: String,
    /// Why.
    pub source: Box<dyn Error + Send + Sync>,
}

/// A saga failed: why, and what of it could not be undone.
#[derive(Debug)]
pub struct SagaError<E> {
    /// The saga.
    pub name: String,
    /// Why it failed.
    pub cause: E,
    /// Steps that could not be undone, the last step first; empty when all were.
    pub left: Vec<CompensationError>,
}

impl Saga {
    /// A saga without steps.
    pub fn new(name: impl Into<String>) -> Self {
        Saga { name: name.into(), steps: Vec::new() }
    }

    /// Runs `body` with a new saga: commits it when the body succeeds, rolls it back when it fails.
    ///
    /// # Errors
    /// The body's error, and those of compensations.
    pub async fn scope<T, E>(
        name: impl Into<String>,
        body: impl AsyncFnOnce(&mut Saga) -> Result<T, E>,
    ) -> Result<T, SagaError<E>> {
        let mut saga = Saga::new(name);
        match body(&mut saga).await {
            Ok(value) => {
                saga.commit();
                Ok(value)
            }
            Err(cause) => Err(saga.fail(cause).await),
        }
    }

    /// Does a step. What it returns is also given to `compensate` when the step must be undone. A step that fails is
    /// not registered: it must leave nothing behind.
    ///
    /// # Errors
    /// The step's own.
    pub async fn run<T, E, A, C, U>(
        &mut self,
        step: impl Into<String>,
        action: A,
        compensate: C,
    ) -> Result<T, E>
    where
        T: Clone + Send + 'static,
        A: AsyncFnOnce() -> Result<T, E>,
        C: FnOnce(T) -> U + Send + 'static,
        U: Future<Output = Result<(), Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let value = action().await?;
        let kept = value.clone();
        let compensate: Compensate = Box::new(move || Box::pin(compensate(kept)));
        self.steps.push(Step { name: step.into(), compensate });
        Ok(value)
    }

    /// Undoes all steps, the last one first. One that cannot be undone is reported, and the others are undone all the
    /// same.
    pub async fn rollback(&mut self) -> Vec<CompensationError> {
        let mut left = Vec::new();
        while let Some(step) = self.steps.pop() {
            if let Err(error) = step.undo(&self.name).await {
                left.push(error);
            }
        }
        left
    }

    /// Rolls back, and puts the reason and what could not be undone into one error.
    pub async fn fail<E>(mut self, cause: E) -> SagaError<E> {
        let left = self.rollback().await;
        SagaError { name: std::mem::take(&mut self.name), cause, left }
    }

    /// The steps are final: none is undone any more.
    pub fn commit(&mut self) {
        self.steps.clear();
    }

    /// Steps that would be undone.
    pub fn step_count(&self) -> usize {
        self.steps.len()
    }

    /// Whether there is anything to undo.
    pub fn has_steps(&self) -> bool {
        !self.steps.is_empty()
    }
}

impl Step {
    /// A panic is a failure of this step only.
    async fn undo(self, saga: &str) -> Result<(), CompensationError> {
        let Step { name, compensate } = self;
        let undone = match catch_unwind(AssertUnwindSafe(compensate)) {
            Ok(undoing) => AssertUnwindSafe(undoing).catch_unwind().await,
            Err(panic) => Err(panic),
        };
        let undone = undone.unwrap_or_else(|panic| Err(panic_text(&*panic).into()));
        undone.map_err(|source| {
            tracing::error!(saga, step = name, error = %source, "a step could not be undone");
            CompensationError { step: name, source }
        })
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    crate::typed::Failure::panicked(panic, 0).message
}

impl Drop for Saga {
    fn drop(&mut self) {
        if self.steps.is_empty() {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            tracing::error!(
                saga = self.name,
                steps = self.steps.len(),
                "a saga was dropped; nothing undoes its steps"
            );
            return;
        };
        tracing::warn!(
            saga = self.name,
            steps = self.steps.len(),
            "a saga was dropped; its steps are undone"
        );
        let mut saga = Saga { name: std::mem::take(&mut self.name), steps: std::mem::take(&mut self.steps) };
        runtime.spawn(async move { saga.rollback().await });
    }
}

impl<E: fmt::Display> fmt::Display for SagaError<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} failed: {}; ", self.name, self.cause)?;
        if self.left.is_empty() {
            return formatter.write_str("what was done is undone");
        }
        formatter.write_str("and not all of it could be undone")?;
        self.left.iter().try_for_each(|left| write!(formatter, "; {left}"))
    }
}

impl<E: Error + 'static> Error for SagaError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

impl fmt::Debug for Saga {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<_> = self.steps.iter().map(|step| step.name.as_str()).collect();
        formatter.debug_struct("Saga").field("name", &self.name).field("steps", &steps).finish()
    }
}
