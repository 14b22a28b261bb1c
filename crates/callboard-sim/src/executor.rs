//! Executors that fail in every way. What an attempt does is in its job's arguments: a word for each attempt, the last
//! one for all that follow.

use crate::{
    cast::{Cast, Returned, Try},
    invariant::Invariant,
    ledger::Ledger,
    record,
    stage::Stage,
};
use async_trait::async_trait;
use callboard_exec::{AttemptContext, Executor, KindInfo, Outcome};
use callboard_protocol::{
    Node, caps,
    job::{DispatchArgs, JobState, Progress},
};
use std::{future::pending, sync::Arc, time::Duration};
use tokio::time::sleep;

/// The kinds that the world has; they do the same.
pub(crate) const KINDS: [&str; 2] = ["sim.a", "sim.b"];

/// The words of a script, the usual ones more than once.
pub(crate) const WORDS: [&str; 22] = [
    "ok", "ok", "ok", "ok", "ok", "ok", "ok", "fail", "fail", "fail", "fatal", "panic", "snooze", "hang",
    "heed", "late", "stop", "noise", "garbage", "keep", "child", "huge",
];

/// See the module.
pub(crate) struct Actors {
    pub(crate) cast: Arc<Cast>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) stage: Arc<Stage>,
}

/// What people are told about a kind.
pub(crate) fn kind(name: &str) -> KindInfo {
    KindInfo {
        kind: name.into(),
        title: name.into(),
        description: "Does what its script says.".into(),
        example: Node::object(),
        first_run: false,
    }
}

#[async_trait]
impl Executor for Actors {
    async fn execute(&self, context: AttemptContext) -> Outcome {
        let attempt: Try = (context.job_id.as_str().to_owned(), u64::from(context.attempt));
        self.check_durable(&attempt);
        let entered = self.cast.enter(attempt.clone(), self.stage.boot());
        let _on_stage = match entered {
            Ok(on_stage) => on_stage,
            Err(what) => {
                self.stage.breach(Invariant::OneEnd, what);
                return pending().await;
            }
        };
        let (word, time) = script(&context);
        self.stage.say(&format!("runs {}#{} {word}", attempt.0, attempt.1));
        let (returned, outcome) = perform(&context, &word, time).await;
        self.stage.say(&format!("ends {}#{} {returned:?}", attempt.0, attempt.1));
        self.cast.returns(&attempt, returned);
        if returned == Returned::Panic {
            // As a panic, without the hook that would print it.
            std::panic::resume_unwind(Box::new("the script says so"));
        }
        outcome
    }
}

impl Actors {
    /// Invariant 1: an attempt begins only when its start is stored.
    fn check_durable(&self, (id, number): &Try) {
        let book = self.ledger.book();
        let record = record::job(&book.document, id);
        let is_started =
            record.is_some_and(|record| record.state == JobState::Running && record.attempt == *number);
        drop(book);
        if !is_started {
            let what = format!("attempt {number} of job {id} begins; its start is not stored");
            self.stage.breach(Invariant::DurableBeforeVisible, what);
        }
    }
}

/// What this attempt is to do, and how long it takes.
fn script(context: &AttemptContext) -> (String, Duration) {
    let words = context.args.child("script").and_then(Node::as_str).unwrap_or("ok");
    let words: Vec<&str> = words.split(' ').collect();
    let index = (context.attempt as usize).min(words.len()) - 1;
    let ms = context.args.child("ms").and_then(Node::as_u64).unwrap_or(10);
    (words.get(index).copied().unwrap_or("ok").to_owned(), Duration::from_millis(ms))
}

async fn perform(context: &AttemptContext, word: &str, time: Duration) -> (Returned, Outcome) {
    let done = || Outcome::Succeeded(Node::from(u64::from(context.attempt)));
    match word {
        "fail" => {
            sleep(time).await;
            (Returned::Retryable, Outcome::retryable("script", "it failed"))
        }
        "fatal" => {
            sleep(time).await;
            (Returned::Fatal, Outcome::fatal("script", "it failed for good"))
        }
        "panic" => {
            sleep(time).await;
            (Returned::Panic, Outcome::Cancelled)
        }
        "snooze" => {
            sleep(time).await;
            (Returned::Snooze, Outcome::Snoozed(time * 3))
        }
        // It never looks at its token.
        "hang" => pending().await,
        // It works until it is asked to stop.
        "heed" => {
            context.cancel.cancelled().await;
            (Returned::Cancelled, Outcome::Cancelled)
        }
        // It is asked to stop, and succeeds all the same.
        "late" => {
            context.cancel.cancelled().await;
            sleep(time).await;
            (Returned::Success, done())
        }
        // It gives up by itself.
        "stop" => {
            sleep(time).await;
            (Returned::Cancelled, Outcome::Cancelled)
        }
        "noise" => {
            for step in 0..60_u32 {
                context.step(step, 60);
                sleep(Duration::from_millis(7)).await;
            }
            (Returned::Success, done())
        }
        "garbage" => {
            for value in [f64::NAN, -3.0, f64::INFINITY, 0.5, 7.0, 0.1] {
                context.reporter.progress(Progress { value, ..Progress::default() });
                sleep(Duration::from_millis(40)).await;
            }
            (Returned::Success, done())
        }
        "keep" => {
            let kept = context.restored("place").and_then(Node::as_u64).unwrap_or(0);
            // The board may be going down; the next attempt finds what was kept before.
            let _ = context.checkpoint("place", kept + 1).await;
            sleep(time).await;
            (Returned::Success, done())
        }
        "child" => {
            let child = DispatchArgs { kind: KINDS[0].into(), ..DispatchArgs::default() };
            let _ = context.spawn_child(child).await;
            (Returned::Success, done())
        }
        "huge" => (Returned::TooLarge, Outcome::Succeeded("x".repeat(caps::RESULT_BYTES + 1).into())),
        _ => {
            sleep(time).await;
            (Returned::Success, done())
        }
    }
}
