//! Random walks over inputs: whatever comes, the parts of the core agree with each other.

mod workflows;

use crate::{Context, Core, Decided, Effect, End, Input, Limits, News, Recovered, Report, index::Index};
use callboard_protocol::{
    Actor, JobId, Node, Time, apply,
    command::{CancelArgs, Command, JobArgs},
    from_node,
    job::{AttemptOutcome, DependencyPolicy, DispatchArgs, Job, JobError, JobState, Progress, UniquePolicy},
    queue::Queue,
};
use proptest::prelude::*;
use std::collections::HashMap;

#[derive(Clone, Debug)]
enum Step {
    Dispatch(u8, Wish),
    /// A command of the policies, by name and arguments.
    Say(&'static str, String),
    Cancel(u8),
    Retry(u8),
    Delete(u8),
    Progress(u8, u32, f64),
    End(u8, u32, u8),
    Advance,
    Crash,
    Wait(i64),
    /// Something befalls a workflow.
    Fate(workflows::Fate),
    /// The next commit is refused by the journal.
    Refused(Box<Step>),
}

/// What a dispatch asks for.
#[derive(Clone, Debug)]
struct Wish {
    tries: u32,
    delay: Option<i64>,
    times: (Option<u64>, Option<u64>),
    needs: Vec<u8>,
    parent: Option<u8>,
    policy: DependencyPolicy,
    unique: Option<(u8, UniquePolicy)>,
    queue: u8,
    key: Option<u8>,
    priority: i32,
    hold: bool,
}

fn wish() -> impl Strategy<Value = Wish> {
    let policy = prop_oneof![
        Just(DependencyPolicy::Fail),
        Just(DependencyPolicy::Cancel),
        Just(DependencyPolicy::Ignore)
    ];
    let unique =
        prop_oneof![Just(UniquePolicy::Reject), Just(UniquePolicy::Replace), Just(UniquePolicy::Debounce)];
    let often_none = |values: std::ops::Range<u64>| prop::option::weighted(0.2, values);
    (
        (1u32..4, prop::option::of(0i64..500), (often_none(1..2000), often_none(1..2000))),
        (
            (prop::collection::vec(0u8..6, 0..3), prop::option::weighted(0.2, 0u8..6)),
            policy,
            prop::option::weighted(0.3, (0u8..2, unique)),
        ),
        (0u8..3, prop::option::of(0u8..3), -2i32..3, prop::bool::weighted(0.1)),
    )
        .prop_map(
            |((tries, delay, times), ((needs, parent), policy, unique), (queue, key, priority, hold))| Wish {
                tries,
                delay,
                times,
                needs,
                parent,
                policy,
                unique,
                queue,
                key,
                priority,
                hold,
            },
        )
}

fn say() -> impl Strategy<Value = Step> {
    let job = || 0u8..6;
    prop_oneof![
        (0u8..3, 1u32..4, 1u32..4).prop_map(|(queue, a, b)| Step::Say(
            "queues.configure",
            format!(
                r#"{{"queue":"q{queue}","concurrency":{a},"keyConcurrency":{b},"rate":{{"limit":{a},"perMs":700}},"keyRate":{{"limit":{b},"perMs":500}}}}"#
            )
        )),
        (0u8..3).prop_map(|queue| Step::Say("queues.configure", format!(r#"{{"queue":"q{queue}"}}"#))),
        (1u32..3).prop_map(|limit| Step::Say(
            "queues.configure",
            format!(r#"{{"queue":"*","kinds":{{"walk":{limit}}}}}"#)
        )),
        (0u8..3).prop_map(|queue| Step::Say("queues.pause", format!(r#"{{"queue":"q{queue}"}}"#))),
        (0u8..3).prop_map(|queue| Step::Say("queues.resume", format!(r#"{{"queue":"q{queue}"}}"#))),
        (job(), job()).prop_map(|(a, b)| Step::Say("jobs.update", format!(r#"{{"id":"j{a}","before":"j{b}"}}"#))),
        (job(), 0u32..900).prop_map(|(a, ms)| Step::Say("jobs.update", format!(r#"{{"id":"j{a}","delayMs":{ms}}}"#))),
        (job(), 0u8..3).prop_map(|(a, queue)| Step::Say("jobs.update", format!(r#"{{"id":"j{a}","queue":"q{queue}"}}"#))),
        job().prop_map(|a| Step::Say("jobs.update", format!(r#"{{"id":"j{a}","release":true}}"#))),
        Just(Step::Say("jobs.clear", "{}".into())),
        (0u8..3).prop_map(|n| {
            let overlap = ["skip", "queue", "cancel_previous"][usize::from(n)];
            let catch_up = ["skip", "one", "all"][usize::from(n)];
            Step::Say(
                "schedules.put",
                format!(
                    r#"{{"id":"s{n}","everyMs":1000,"overlap":"{overlap}","catchUp":"{catch_up}","job":{{"kind":"walk","queue":"q{n}"}}}}"#
                ),
            )
        }),
        (0u8..3).prop_map(|n| Step::Say("schedules.trigger", format!(r#"{{"id":"s{n}"}}"#))),
        (0u8..3).prop_map(|n| Step::Say("schedules.delete", format!(r#"{{"id":"s{n}"}}"#))),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let job = || 0u8..6;
    let leaf = prop_oneof![
        4 => (job(), wish()).prop_map(|(job, wish)| Step::Dispatch(job, wish)),
        3 => say(),
        5 => workflows::steps(),
        2 => job().prop_map(Step::Cancel),
        1 => job().prop_map(Step::Retry),
        1 => job().prop_map(Step::Delete),
        2 => (job(), 0u32..6, any::<f64>()).prop_map(|(job, attempt, value)| Step::Progress(job, attempt, value)),
        4 => (job(), 0u32..6, 0u8..7).prop_map(|(job, attempt, outcome)| Step::End(job, attempt, outcome)),
        5 => Just(Step::Advance),
        1 => Just(Step::Crash),
        2 => (0i64..3000).prop_map(Step::Wait),
        // The clock jumps.
        1 => prop_oneof![Just(3_600_000i64), Just(90_000_000)].prop_map(Step::Wait),
    ];
    leaf.clone().prop_perturb(
        move |inner, mut random| {
            if random.random_ratio(1, 8) { Step::Refused(Box::new(inner)) } else { inner }
        },
    )
}

struct Walk {
    core: Core,
    mirror: Node,
    now: i64,
    /// Ends of each run of a job: a run begins with a dispatch or a redrive and ends once.
    open: HashMap<String, bool>,
    seen: workflows::Seen,
}

impl Walk {
    fn new() -> Walk {
        let limits = Limits { concurrency: 2, history: 3, results: 2, ..Limits::default() };
        let core = Core::new(Recovered::default(), limits);
        let (mirror, seen) = (core.document().clone(), workflows::Seen::default());
        Walk { core, mirror, now: 0, open: HashMap::new(), seen }
    }

    fn context(&self) -> Context {
        Context { now: Time(self.now), chance: 0.5, actor: Actor::new("walk"), key: None }
    }

    fn take(&mut self, decided: Decided) {
        let Some(change) = decided.change else { return };
        apply(&mut self.mirror, &change.ops).expect("ops fit every mirror");
        for event in &change.events {
            self.seen.event(event);
            let Some(id) = event.job_id.as_ref().map(|id| id.to_string()) else { continue };
            match event.topic.as_str() {
                "job.dispatched" | "job.redriven" => drop(self.open.insert(id, true)),
                "job.succeeded" | "job.failed" | "job.cancelled" => {
                    assert_eq!(
                        self.open.insert(id.clone(), false),
                        Some(true),
                        "invariant 5: {id} ended twice"
                    );
                    let settles = |effect: &Effect| matches!(effect, Effect::Settle { id: settled, .. } if **settled == id);
                    assert_eq!(decided.effects.iter().filter(|effect| settles(effect)).count(), 1, "W2.1");
                }
                _ => {}
            }
        }
    }

    fn input(&mut self, input: Input) {
        if let Ok(decided) = self.core.receive(input, &self.context()) {
            self.take(decided);
        }
    }

    fn step(&mut self, step: Step) {
        let id = |job: u8| JobId::from(format!("j{job}"));
        let news = |job, attempt, news| Input::Report(Report { id: id(job), attempt, news });
        match step {
            Step::Dispatch(job, wish) => {
                let args = Box::new(self.args(id(job), wish));
                self.input(Input::Command(Command::Dispatch(args)));
            }
            Step::Say(name, args) => {
                let args: Node = serde_json::from_str(&args).expect("JSON");
                self.input(Input::Command(Command::parse(name, &args).expect("a command")));
            }
            Step::Fate(fate) => self.fate(fate),
            Step::Cancel(job) => {
                self.input(Input::Command(Command::Cancel(CancelArgs { id: id(job), reason: None })))
            }
            Step::Retry(job) => self.input(Input::Command(Command::Retry(JobArgs { id: id(job) }))),
            Step::Delete(job) => self.input(Input::Command(Command::Delete(JobArgs { id: id(job) }))),
            Step::Progress(job, attempt, value) => {
                self.input(news(job, attempt, News::Progress(Progress { value, ..Progress::default() })));
            }
            Step::End(job, attempt, outcome) => {
                self.input(news(job, attempt, News::End(Box::new(end(outcome)))))
            }
            Step::Advance => {
                while let Some(decided) = self.core.advance(&self.context()) {
                    self.take(decided);
                }
                assert!(!self.core.can_advance(Time(self.now)), "nothing is left to do");
                self.oracle();
                self.check_resting_workflows();
            }
            Step::Crash => {
                let document = self.core.document().clone();
                let recovered = Recovered { document, version: self.core.version(), ..Recovered::default() };
                self.core = Core::new(recovered, self.core.limits.clone());
                for id in self.core.orphans() {
                    self.input(Input::Rescue(id));
                }
            }
            Step::Wait(ms) => self.now += ms,
            Step::Refused(inner) => {
                let (checkpoint, open) = (self.core.checkpoint(), (self.open.clone(), self.seen.clone()));
                let mirror = self.mirror.clone();
                if !matches!(*inner, Step::Crash | Step::Wait(_)) {
                    self.step(*inner);
                    self.core.restore(checkpoint);
                    (self.mirror, (self.open, self.seen)) = (mirror, open);
                }
            }
        }
        if let Some(decided) = self.core.settle(&self.context()) {
            self.take(decided);
        }
        assert_eq!(&self.mirror, self.core.document(), "invariant 4");
        assert_eq!(self.core.index, Index::of(self.core.document()), "the index is a projection");
        self.check_summary();
        self.check_workflows();
    }
}

impl Walk {
    fn args(&self, id: JobId, wish: Wish) -> DispatchArgs {
        let needs: Vec<JobId> = wish.needs.iter().map(|need| JobId::from(format!("j{need}"))).collect();
        DispatchArgs {
            id: Some(id),
            kind: "walk".into(),
            max_attempts: Some(wish.tries),
            scheduled_at: wish.delay.map(|delay| Time(self.now + delay)),
            deadline_ms: wish.times.0,
            ttl_ms: wish.times.1,
            on_dependency_failure: Some(wish.policy).filter(|_| !needs.is_empty()),
            depends_on: needs,
            parent_id: wish.parent.map(|parent| JobId::from(format!("j{parent}"))),
            unique_key: wish.unique.map(|(key, _)| format!("u{key}")),
            unique_policy: wish.unique.map(|(_, policy)| policy),
            queue: Some(format!("q{}", wish.queue)),
            concurrency_key: wish.key.map(|key| format!("k{key}")),
            priority: Some(wish.priority),
            hold: wish.hold,
            ..DispatchArgs::default()
        }
    }

    /// What must be true of the document when nothing is left to do, counted the slow way.
    fn oracle(&self) {
        let jobs: Vec<Job> = self.jobs();
        let running: Vec<&Job> = jobs.iter().filter(|job| job.state == JobState::Running).collect();
        let count = |fits: &dyn Fn(&Job) -> bool| running.iter().filter(|job| fits(job)).count() as u32;
        let settings = |queue: &str| -> Queue {
            let record = self.core.document().at(&format!("/queues/{queue}"));
            record.map(|record| from_node(record).expect("a queue")).unwrap_or_default()
        };
        for job in &jobs {
            self.check_times(job);
            let same_key = |other: &Job| other.unique_key.is_some() && other.unique_key == job.unique_key;
            assert!(count(&same_key) <= 1, "two of one unique key run: {}", job.id);
            if job.state != JobState::Queued {
                continue;
            }
            // A job that waits does so for a reason.
            let (queue, board) = (settings(&job.queue), settings("*"));
            let in_queue = |other: &Job| other.queue == job.queue;
            let of_key = |other: &Job| in_queue(other) && other.concurrency_key == job.concurrency_key;
            let reasons = [
                running.len() >= self.core.limits.concurrency,
                queue.paused,
                count(&same_key) > 0,
                queue.concurrency.is_some_and(|limit| count(&in_queue) >= limit),
                job.concurrency_key.is_some()
                    && queue.key_concurrency.is_some_and(|limit| count(&of_key) >= limit),
                board.kinds.get("walk").is_some_and(|limit| count(&|_| true) >= *limit),
                queue.rate.is_some() || queue.key_rate.is_some(),
            ];
            assert!(reasons.contains(&true), "{} waits for nothing", job.id);
        }
    }

    fn check_times(&self, job: &Job) {
        let now = Time(self.now);
        let waits = !job.state.is_terminal() && job.state != JobState::Running;
        assert!(!(waits && job.deadline.is_some_and(|at| at <= now)), "{} is late", job.id);
        let unstarted = waits && job.attempt == 0 && job.state != JobState::Retrying;
        assert!(!(unstarted && job.expires_at.is_some_and(|at| at <= now)), "{} has expired", job.id);
        let is_timed = matches!(job.state, JobState::Scheduled | JobState::Retrying);
        assert!(!(is_timed && job.scheduled_at.is_none_or(|at| at <= now)), "{} is due", job.id);
        if job.state == JobState::Pending {
            let open =
                |on: &JobId| self.jobs().iter().any(|other| other.id == *on && !other.state.is_terminal());
            assert!(job.hold || job.waiting_for.iter().any(open), "{} is pending for nothing", job.id);
        }
    }

    fn jobs(&self) -> Vec<Job> {
        let jobs = self.core.document().child("jobs").and_then(Node::as_object).expect("there");
        jobs.iter().map(|(_, record)| from_node(record).expect("a job")).collect()
    }

    /// Counts of `/summary`, on the board and by queue, against the records.
    fn check_summary(&self) {
        let jobs = self.jobs();
        for state in JobState::ALL.into_iter().filter(|state| !state.is_terminal()) {
            let here = |queue: Option<&str>| {
                let fits = |job: &&Job| job.state == state && queue.is_none_or(|queue| job.queue == queue);
                jobs.iter().filter(fits).count() as u64
            };
            let at = |path: String| self.core.document().at(&path).and_then(Node::as_u64).unwrap_or(0);
            assert_eq!(at(format!("/summary/{}", state.as_str())), here(None), "{state:?}");
            for queue in ["q0", "q1", "q2"] {
                let counted = at(format!("/summary/queues/{queue}/{}", state.as_str()));
                assert_eq!(counted, here(Some(queue)), "{state:?} in {queue}");
            }
        }
    }
}

fn end(outcome: u8) -> End {
    let failed = |outcome, retryable| End::failed(outcome, JobError::new("walk", "it failed"), retryable);
    match outcome {
        0 => End::succeeded(Node::from("done")),
        1 => failed(AttemptOutcome::Errored, true),
        2 => failed(AttemptOutcome::Errored, false),
        3 => End::stopped(AttemptOutcome::Interrupted),
        4 => End::stopped(AttemptOutcome::Cancelled),
        5 => End::snoozed(300),
        _ => failed(AttemptOutcome::Crashed, true),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_parts_agree_whatever_comes(steps in prop::collection::vec(step(), 0..120)) {
        let mut walk = Walk::new();
        for step in steps {
            walk.step(step);
        }
    }
}
