//! `sleep` and `echo`.

use callboard_exec::{
    ArtifactStore, AttemptContext, Cancel, CancelReason, Deadline, Echo, Executor, NoRuntime, Outcome,
    ReportSink, Reporter, Sleep,
};
use callboard_protocol::{
    JobId, Node, caps,
    job::{ArtifactRef, Progress},
    log::Level,
};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;

#[derive(Default)]
struct Values(Mutex<Vec<f64>>);

impl ReportSink for Values {
    fn progress(&self, progress: Progress) {
        self.0.lock().expect("no panic").push(progress.value);
    }
    fn log(&self, _: &str, _: Level, _: &str) {}
    fn artifact(&self, _: ArtifactRef) {}
}

fn attempt(args: &Value, sink: &Arc<Values>, cancel: &Cancel) -> AttemptContext {
    let dir = tempfile::tempdir().expect("a folder");
    let store = ArtifactStore::open(dir.path()).expect("a store");
    AttemptContext {
        job_id: JobId::new("job"),
        kind: "sleep".into(),
        attempt: 1,
        args: Node::from(args),
        checkpoints: Node::Null,
        deadline: Deadline::none(),
        runtime: Arc::new(NoRuntime),
        cancel: cancel.clone(),
        reporter: Reporter::new(sink.clone(), store),
        work_dir: dir.path().join("work"),
    }
}

#[tokio::test(start_paused = true)]
async fn sleep_takes_its_time_in_steps() {
    let (sink, cancel) = (Arc::default(), Cancel::new(Duration::ZERO));
    let started = Instant::now();
    let args = json!({"ms": 1000, "steps": 4});
    let outcome = Sleep.execute(attempt(&args, &sink, &cancel)).await;
    assert_eq!(outcome, Outcome::Succeeded(Node::from(&args)));
    assert_eq!(started.elapsed(), Duration::from_secs(1));
    assert_eq!(*sink.0.lock().unwrap(), [0.25, 0.5, 0.75, 1.0]);
}

#[tokio::test(start_paused = true)]
async fn sleep_wakes_when_cancelled() {
    let (sink, cancel) = (Arc::default(), Cancel::new(Duration::ZERO));
    let (started, ask) = (Instant::now(), cancel.clone());
    let run = tokio::spawn(Sleep.execute(attempt(&json!({"ms": 60_000}), &sink, &cancel)));
    tokio::time::sleep(Duration::from_millis(6500)).await;
    ask.cancel(CancelReason::User);
    assert_eq!(run.await.unwrap(), Outcome::Cancelled);
    assert_eq!(started.elapsed(), Duration::from_millis(6500));
    assert_eq!(*sink.0.lock().unwrap(), [0.1]);
}

#[test]
fn sleep_names_the_field_that_does_not_fit() {
    let cases = [
        (json!([]), "args: "),
        (json!({}), "ms: is missing"),
        (json!({"ms": "1"}), "ms: "),
        (json!({"ms": -1}), "ms: "),
        (json!({"ms": 1.5}), "ms: "),
        (json!({"ms": 1e18}), "ms: "),
        (json!({"ms": 1, "steps": 0}), "steps: "),
        (json!({"ms": 1, "step": 2}), "step: is not known"),
    ];
    for (args, start) in cases {
        let error = Sleep.check(&Node::from(&args)).unwrap_err();
        assert!(error.message.starts_with(start), "{args}: {}", error.message);
        let field = start.split(':').next().unwrap();
        assert_eq!(error.details.unwrap().child("field").unwrap().as_str(), Some(field));
    }
    Sleep.check(&Sleep::info().example).unwrap();
    Sleep.check(&Node::from(&json!({"ms": 0}))).unwrap();
}

#[tokio::test]
async fn echo_returns_its_arguments() {
    let (sink, cancel) = (Arc::default(), Cancel::new(Duration::ZERO));
    let args = json!({"any": [1, null, {"deep": true}]});
    Echo.check(&Node::from(&args)).unwrap();
    let outcome = Echo.execute(attempt(&args, &sink, &cancel)).await;
    assert_eq!(outcome, Outcome::Succeeded(Node::from(&args)));
    assert!(Echo.check(&Node::from("text")).is_err());
    let large = Node::from(&json!({"text": "x".repeat(caps::RESULT_BYTES)}));
    assert!(Echo.check(&large).unwrap_err().message.contains("65536"));
}
