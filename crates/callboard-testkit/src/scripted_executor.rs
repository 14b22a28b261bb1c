//! An executor whose attempts do what the test says, when the test says it.

use async_trait::async_trait;
use callboard_exec::{AttemptContext, Executor, KindInfo, Outcome};
use callboard_protocol::Node;
use std::{fmt, sync::Arc};
use tokio::sync::{mpsc, oneshot};

/// Attempts that may wait for the test; further ones wait before they begin.
const WAITING: usize = 4096;

/// Hands every attempt to the test and does nothing by itself: it neither looks at its token nor ends.
///
/// ```
/// use callboard_exec::Outcome;
/// use callboard_testkit::ScriptedExecutor;
///
/// let (executor, mut attempts) = ScriptedExecutor::new();
/// // board.register_kind(scripted_kind("work"), executor)?; … dispatch …
/// # async fn then(mut attempts: callboard_testkit::Attempts) {
/// let attempt = attempts.next().await;
/// attempt.context().reporter.log("job", Default::default(), "begun");
/// attempt.finish(Outcome::Succeeded("done".into()));
/// # }
/// ```
pub struct ScriptedExecutor {
    arrivals: mpsc::Sender<ScriptedAttempt>,
}

/// The attempts that have begun, in order.
pub struct Attempts(mpsc::Receiver<ScriptedAttempt>);

/// An attempt under way. Dropping it leaves the attempt hanging for ever, as an executor that ignores its token.
pub struct ScriptedAttempt {
    context: AttemptContext,
    end: oneshot::Sender<End>,
}

enum End {
    Return(Outcome),
    Panic(String),
}

/// What a board is told about a scripted kind.
pub fn scripted_kind(kind: &str) -> KindInfo {
    KindInfo {
        kind: kind.into(),
        title: kind.into(),
        description: "Does what a test says.".into(),
        example: Node::object(),
        first_run: false,
    }
}

impl ScriptedExecutor {
    /// An executor and its attempts.
    pub fn new() -> (Arc<ScriptedExecutor>, Attempts) {
        let (arrivals, attempts) = mpsc::channel(WAITING);
        (Arc::new(ScriptedExecutor { arrivals }), Attempts(attempts))
    }
}

impl Attempts {
    /// The next attempt that begins.
    ///
    /// # Panics
    /// When the executor is gone, so that none can begin.
    pub async fn next(&mut self) -> ScriptedAttempt {
        self.0.recv().await.expect("the executor lives as long as its board")
    }

    /// An attempt that has begun and was not taken yet.
    pub fn try_next(&mut self) -> Option<ScriptedAttempt> {
        self.0.try_recv().ok()
    }
}

impl ScriptedAttempt {
    /// What the executor was given.
    pub fn context(&self) -> &AttemptContext {
        &self.context
    }

    /// The executor returns this.
    pub fn finish(self, outcome: Outcome) {
        // An attempt that was aborted hears nothing any more.
        let _ = self.end.send(End::Return(outcome));
    }

    /// The executor panics with this message.
    pub fn panic(self, message: &str) {
        let _ = self.end.send(End::Panic(message.into()));
    }

    /// Waits until the attempt's task is gone: it was aborted.
    pub async fn aborted(&mut self) {
        self.end.closed().await;
    }
}

#[async_trait]
impl Executor for ScriptedExecutor {
    async fn execute(&self, context: AttemptContext) -> Outcome {
        let (end, ended) = oneshot::channel();
        if self.arrivals.send(ScriptedAttempt { context, end }).await.is_err() {
            return Outcome::fatal("no_script", "the test does not listen any more");
        }
        match ended.await {
            Ok(End::Return(outcome)) => outcome,
            Ok(End::Panic(message)) => panic!("{message}"),
            Err(_) => std::future::pending().await,
        }
    }
}

impl fmt::Debug for ScriptedAttempt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ScriptedAttempt").field("context", &self.context).finish_non_exhaustive()
    }
}
