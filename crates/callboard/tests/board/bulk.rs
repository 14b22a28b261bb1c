//! `jobs.bulk`: what a dry run says is what is done, each job once, whatever happens in between.

use crate::kit::{Stage, on, stage, with, work};
use callboard::Limits;
use callboard_exec::Outcome;
use callboard_journal::{Journal, MemoryJournal};
use callboard_protocol::{
    Actor, JobId, Node,
    bulk::{BulkAction, BulkArgs, BulkValues, KIND, QUEUE},
    caps,
    command::{CancelArgs, Command, JobArgs},
    error::{ErrorCode, Rejection},
    from_node,
    job::{DispatchArgs, Job, JobState},
    queue::QueueArgs,
    to_node,
};
use std::collections::BTreeMap;

fn bulk(action: BulkAction, query: &str) -> BulkArgs {
    let args = BulkValues::default();
    BulkArgs { action, query: query.into(), args, dry_run: false, confirm: None, at: None }
}

fn json(text: &str) -> Node {
    serde_json::from_str(text).expect("JSON")
}

impl Stage {
    async fn ask(&self, args: BulkArgs) -> Result<Node, Rejection> {
        self.send(Command::Bulk(Box::new(args))).await.map(|accepted| accepted.result)
    }

    /// What a dry run counts.
    async fn dry(&self, args: BulkArgs) -> (u64, Node) {
        let counted = self.ask(BulkArgs { dry_run: true, ..args }).await.expect("it is counted");
        assert_eq!(counted.child("cut"), Some(&false.into()));
        let eligible = counted.child("eligible").and_then(Node::as_u64).expect("a number");
        (eligible, counted.child("skipped").cloned().expect("counts"))
    }

    /// Begins a bulk; its job.
    async fn begin(&self, args: BulkArgs) -> JobId {
        let result = self.ask(args).await.expect("it is accepted");
        JobId::new(result.child("id").and_then(Node::as_str).expect("an id"))
    }

    /// Does it and waits for the end.
    async fn bulk(&self, args: BulkArgs) -> Job {
        let id = self.begin(args).await;
        self.board.handle(&id).await.expect("a handle").end().await.expect("it ends")
    }

    /// Jobs that wait until they are released.
    async fn hold(&self, count: usize) {
        self.hold_from(0, count).await;
    }

    async fn hold_from(&self, first: usize, count: usize) {
        for number in first..first + count {
            self.dispatch(DispatchArgs { hold: true, ..work(&format!("w{number:04}")) }).await;
        }
    }

    async fn record(&self, id: &str) -> Job {
        let record = self.board.job(&JobId::new(id)).await.expect("readable").expect("a job");
        from_node(&record).expect("a job")
    }

    /// How often each topic was told of each job of the scripted kind, in the whole journal.
    async fn told(&self, topic: &str) -> BTreeMap<String, usize> {
        let mut told = BTreeMap::new();
        let mut seq = 1;
        loop {
            let commits = self.journal.read(seq, 1000).await.expect("readable");
            let Some(last) = commits.last() else { return told };
            seq = last.seq + 1;
            for event in commits.iter().flat_map(|commit| &commit.entries).flat_map(|change| &change.events) {
                let id = event.job_id.as_deref().unwrap_or_default();
                if event.topic == topic && id.starts_with('w') {
                    *told.entry(id.to_owned()).or_default() += 1;
                }
            }
        }
    }
}

#[tokio::test]
async fn two_thousand_jobs_are_cancelled_and_tried_again_and_those_that_cannot_be_are_counted() {
    let stage = stage(1).await;
    stage.hold(2000).await;
    for number in 0..38 {
        let args = CancelArgs { id: format!("w{:04}", number * 50).as_str().into(), reason: None };
        stage.send(Command::Cancel(args)).await.expect("it is cancelled");
    }
    let cancel = bulk(BulkAction::Cancel, "kind:work");
    assert_eq!(stage.dry(cancel.clone()).await, (1962, json(r#"{"finished":38}"#)));
    let job = stage.bulk(cancel).await;
    assert_eq!((job.kind.as_str(), job.queue.as_str(), job.state), (KIND, QUEUE, JobState::Succeeded));
    assert_eq!(job.title, "cancel: kind:work");
    assert_eq!(job.result, Some(json(r#"{"done":1962,"failed":0,"skipped":{"finished":38}}"#)));
    let progress = job.progress.expect("it was told");
    assert_eq!((progress.value, progress.message.as_deref()), (1.0, Some("2000 of 2000")));
    // Most of them are in the store by now. A redrive is a bulk, too.
    stage.send(Command::PauseQueue(QueueArgs { queue: "default".into() })).await.expect("it pauses");
    let retry = bulk(BulkAction::Retry, "state:cancelled -id:w19");
    assert_eq!(stage.dry(retry.clone()).await.0, 1900);
    assert_eq!(stage.bulk(retry).await.result, Some(json(r#"{"done":1900,"failed":0,"skipped":{}}"#)));
    assert_eq!(stage.record("w0000").await.state, JobState::Queued);
    assert_eq!(stage.record("w1900").await.state, JobState::Cancelled);
    let told = stage.told("job.redriven").await;
    assert_eq!((told.len(), told.values().max()), (1900, Some(&1)));
    stage.assert_fold().await;
}

#[tokio::test]
async fn jobs_are_moved_tagged_and_given_another_priority() {
    let mut stage = stage(1).await;
    stage.dispatch(work("w-runs")).await;
    let attempt = stage.attempts.next().await;
    stage.hold(3).await;
    let tag = BulkValues { add: vec!["late".into()], remove: vec!["x".into()], ..BulkValues::default() };
    let tag = BulkArgs { args: tag, ..bulk(BulkAction::Tag, "kind:work") };
    assert_eq!(stage.bulk(tag.clone()).await.result, Some(json(r#"{"done":4,"failed":0,"skipped":{}}"#)));
    assert_eq!(stage.dry(tag).await, (0, json(r#"{"unchanged":4}"#)));
    let queue = BulkValues { queue: Some("other".into()), ..BulkValues::default() };
    let moved = stage.bulk(BulkArgs { args: queue, ..bulk(BulkAction::Move, "tag:late") }).await;
    assert_eq!(moved.result, Some(json(r#"{"done":3,"failed":0,"skipped":{"running":1}}"#)));
    let priority = BulkValues { priority: Some(-7), ..BulkValues::default() };
    stage.bulk(BulkArgs { args: priority, ..bulk(BulkAction::Reprioritise, "queue:other id:w0001") }).await;
    let job = stage.record("w0001").await;
    assert_eq!((job.queue.as_str(), job.priority, job.tags), ("other", -7, vec!["late".to_owned()]));
    assert_eq!(stage.record("w0002").await.priority, 0);
    drop(attempt);
}

#[tokio::test]
async fn a_bulk_needs_no_slot_and_two_run_at_once() {
    let mut stage = stage(1).await;
    stage.dispatch(work("w1")).await;
    let attempt = stage.attempts.next().await;
    stage.dispatch(work("w2")).await;
    let first = stage.begin(bulk(BulkAction::Cancel, "state:running kind:work")).await;
    attempt.context().cancel.cancelled().await;
    stage.until_state(&first, JobState::Succeeded).await;
    // What was asked to stop is not asked again.
    assert_eq!(stage.dry(bulk(BulkAction::Cancel, "id:w1")).await, (0, json(r#"{"stopping":1}"#)));
    attempt.finish(Outcome::Cancelled);
    assert_eq!(stage.attempts.next().await.context().job_id.as_str(), "w2");
    let by = stage.record("w1").await.cancel.expect("it was cancelled").by;
    assert_eq!(by, Actor::new(format!("job:{first}")), "the record leads to who wanted it");
    // Other jobs in its queue wait for a slot as everywhere.
    stage.dispatch(DispatchArgs { queue: Some(QUEUE.into()), ..work("w3") }).await;
    stage.bulk(bulk(BulkAction::Retry, "state:failed")).await;
    assert_eq!(stage.state_of("w3"), Some(JobState::Queued));
}

#[tokio::test]
async fn deleting_many_wants_their_number() {
    let stage = with(MemoryJournal::new(), Limits { history: 20, ..Limits::default() }).await;
    stage.hold(150).await;
    stage.bulk(bulk(BulkAction::Cancel, "kind:work")).await;
    let delete = bulk(BulkAction::Delete, "kind:work");
    let refused = stage.ask(delete.clone()).await.expect_err("it is not confirmed");
    assert_eq!(refused.code, ErrorCode::Conflict);
    assert_eq!(refused.details, Some(json(r#"{"eligible":150}"#)), "{}", refused.message);
    assert!(stage.ask(BulkArgs { confirm: Some(149), ..delete.clone() }).await.is_err());
    // The job itself keeps the limit, however it was dispatched.
    let unconfirmed = DispatchArgs {
        kind: KIND.into(),
        args: Some(to_node(&delete).expect("JSON")),
        ..DispatchArgs::default()
    };
    let job = stage.dispatch(unconfirmed).await.end().await.expect("it ends");
    assert_eq!(job.result, Some(json(r#"{"done":100,"failed":0,"skipped":{"unconfirmed":50}}"#)));
    stage.hold_from(150, 200).await;
    let rest = stage.bulk(delete.clone()).await;
    assert_eq!(rest.result, Some(json(r#"{"done":50,"failed":0,"skipped":{"notFinished":200}}"#)));
    stage.bulk(bulk(BulkAction::Cancel, "kind:work")).await;
    let all = stage.bulk(BulkArgs { confirm: Some(200), ..delete }).await;
    assert_eq!(all.result, Some(json(r#"{"done":200,"failed":0,"skipped":{}}"#)));
    assert_eq!(stage.dry(bulk(BulkAction::Delete, "kind:work")).await.0, 0);
}

#[tokio::test]
async fn a_dry_run_shows_a_sample_and_the_moment_it_is_about() {
    let stage = stage(1).await;
    stage.hold(7).await;
    let before = stage.board.state().version;
    let dry = BulkArgs { dry_run: true, ..bulk(BulkAction::Cancel, "kind:work") };
    let counted = stage.ask(dry.clone()).await.expect("it is counted");
    assert_eq!(stage.board.state().version, before, "nothing was changed");
    let sample = counted.at("/sample/0").expect("the newest");
    assert_eq!(
        sample.to_string(),
        r#"{"id":"w0006","kind":"work","queue":"default","state":"pending","title":"work"}"#
    );
    assert!(counted.at("/sample/4").is_some() && counted.at("/sample/5").is_none());
    // Jobs that come after that moment are not meant.
    let at = from_node(counted.child("at").expect("a time")).expect("a time");
    while stage.board.state().version == before || stage.record("late").await.created_at <= at {
        let _ = stage.send(Command::Cancel(CancelArgs { id: "late".into(), reason: None })).await;
        let _ = stage.send(Command::Delete(JobArgs { id: "late".into() })).await;
        stage.dispatch(DispatchArgs { hold: true, ..work("late") }).await;
    }
    let job = stage.bulk(BulkArgs { at: Some(at), dry_run: false, ..dry }).await;
    assert_eq!(job.result, Some(json(r#"{"done":7,"failed":0,"skipped":{}}"#)));
    assert_eq!(stage.state_of("late"), Some(JobState::Pending));
}

#[tokio::test]
async fn what_does_not_fit_is_refused_before_anything_happens() {
    let stage = stage(1).await;
    let with = |action, args| BulkArgs { args, ..bulk(action, "") };
    let none = BulkValues::default;
    for (args, says) in [
        (bulk(BulkAction::Cancel, "stat:running"), "column 1: there is no field `stat`"),
        (with(BulkAction::Move, none()), "args.queue: move needs it"),
        (with(BulkAction::Tag, none()), "args.add: tag needs it"),
        (with(BulkAction::Reprioritise, none()), "args.priority: reprioritise needs it"),
        (with(BulkAction::Retry, BulkValues { priority: Some(1), ..none() }), "it belongs to reprioritise"),
        (with(BulkAction::Move, BulkValues { queue: Some("a b".into()), ..none() }), "args.queue: "),
        (with(BulkAction::Reprioritise, BulkValues { priority: Some(i32::MAX), ..none() }), "priority: "),
        (with(BulkAction::Tag, BulkValues { add: vec![String::new()], ..none() }), "tags: "),
        (BulkArgs { confirm: Some(1), ..bulk(BulkAction::Cancel, "") }, "confirm: only delete takes it"),
    ] {
        for dry_run in [true, false] {
            let refused = stage.ask(BulkArgs { dry_run, ..args.clone() }).await.expect_err(says);
            assert_eq!(refused.code, ErrorCode::InvalidArgs);
            assert!(refused.message.contains(says), "{}", refused.message);
        }
    }
    let args = Some(json(r#"{"action":"cancel","query":"","dryRun":true}"#));
    let dispatch = DispatchArgs { kind: KIND.into(), args, ..DispatchArgs::default() };
    let refused = stage.send(Command::Dispatch(Box::new(dispatch))).await.expect_err("a job is no dry run");
    assert!(refused.message.starts_with("dryRun: "), "{}", refused.message);
    assert!(stage.board.kinds().iter().all(|info| info.kind != KIND), "nobody picks it from a list");
}

/// A redrive at times, as docs/guides/policies.md shows it.
#[tokio::test]
async fn a_schedule_can_have_a_bulk() {
    let mut stage = stage(1).await;
    stage.dispatch(work("w1")).await;
    stage.attempts.next().await.finish(Outcome::fatal("broken", "it timed out"));
    stage.until_state("w1", JobState::Failed).await;
    let guide = include_str!("../../../../docs/guides/policies.md");
    let example = guide.split("## Many jobs at once").nth(1).and_then(|rest| rest.split("```").nth(1));
    let args = json(example.expect("an example").trim_start_matches("json"));
    stage.send(Command::parse("schedules.put", &args).expect("it fits")).await.expect("it is put");
    let trigger = Command::parse("schedules.trigger", &json(r#"{"id":"redrive"}"#)).expect("it fits");
    stage.send(trigger).await.expect("it is dispatched");
    // `error:timeout` is not what its error says.
    stage.until(|stage| jobs(stage).any(|job| job.kind == KIND && job.state == JobState::Succeeded)).await;
    let done = jobs(&stage).find(|job| job.kind == KIND).and_then(|job| job.result);
    assert_eq!(done, Some(json(r#"{"done":0,"failed":0,"skipped":{}}"#)));
}

fn jobs(stage: &Stage) -> impl Iterator<Item = Job> + use<> {
    let document = stage.board.state().document;
    let jobs = document.child("jobs").and_then(Node::as_object).cloned().unwrap_or_default();
    jobs.iter().map(|(_, record)| from_node(record).expect("a job")).collect::<Vec<_>>().into_iter()
}

/// Its checkpoint says what was done when it was stopped.
#[tokio::test]
async fn a_bulk_that_is_cancelled_stops_after_its_step() {
    let stage = stage(1).await;
    stage.hold(2000).await;
    let id = stage.begin(bulk(BulkAction::Cancel, "kind:work")).await;
    stage.until(|stage| stage.job(&id).is_some_and(|job| job.progress.is_some())).await;
    stage.send(Command::Cancel(CancelArgs { id: id.clone(), reason: None })).await.expect("it is asked");
    stage.until_state(&id, JobState::Cancelled).await;
    let told = stage.told("job.cancelled").await.len();
    assert!((caps::BULK_STEP..2000).contains(&told), "{told}");
    let checkpoint = stage.record(&id).await.checkpoint.expect("it was left");
    assert_eq!(checkpoint.at("/bulk/tally/done").and_then(Node::as_u64), Some(told as u64));
    let job = stage.record(&id).await;
    let result = job.result.expect("it says how far it came");
    assert_eq!(result.child("done").and_then(Node::as_u64), Some(told as u64));
    let (eligible, _) = stage.dry(bulk(BulkAction::Cancel, "kind:work")).await;
    assert_eq!(eligible as usize, 2000 - told);
}

/// Another process takes the journal over in the middle, again and again: each job is done and counted once.
#[tokio::test]
async fn a_bulk_goes_on_after_crashes() {
    const JOBS: usize = 300;
    for action in [BulkAction::Cancel, BulkAction::Retry, BulkAction::Delete] {
        let mut stage = stage(1).await;
        stage.hold(JOBS).await;
        stage.send(Command::PauseQueue(QueueArgs { queue: "default".into() })).await.expect("it pauses");
        if action != BulkAction::Cancel {
            stage.bulk(bulk(BulkAction::Cancel, "kind:work")).await;
        }
        let (topic, confirm) = match action {
            BulkAction::Cancel => ("job.cancelled", None),
            BulkAction::Retry => ("job.redriven", None),
            _ => ("job.deleted", Some(JOBS as u64)),
        };
        let id = stage.begin(BulkArgs { confirm, ..bulk(action, "kind:work") }).await;
        for crash in 0..usize::try_from(caps::RESCUES).expect("a few") {
            // The moment when a part of a step is durable.
            let mut head = stage.board.head();
            while stage.told(topic).await.len() < 20 + crash * 100 {
                head.changed().await.expect("it goes on");
            }
            let former = stage;
            stage = on(former.journal.reopen(), 1).await;
        }
        let job = stage.board.handle(&id).await.expect("a handle").end().await.expect("it ends");
        let result = job.result.expect("a result");
        assert_eq!(result.child("done"), Some(&Node::from(JOBS as u64)), "{action:?} {result}");
        assert_eq!(result.child("skipped"), Some(&Node::object()), "{action:?}");
        let told = stage.told(topic).await;
        assert_eq!((told.len(), told.values().max()), (JOBS, Some(&1)), "{action:?}");
        assert!(job.attempt > 1, "{action:?} was cut off");
        stage.assert_fold().await;
    }
}
