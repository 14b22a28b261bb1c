//! Random walks over inputs: whatever comes, the parts of the core agree with each other.

use crate::{Context, Core, Decided, Effect, End, Input, Limits, News, Recovered, Report, index::Index};
use callboard_protocol::{
    Actor, JobId, Node, Time, apply,
    command::{CancelArgs, Command, JobArgs},
    job::{AttemptOutcome, DispatchArgs, JobError, Progress},
};
use proptest::prelude::*;
use std::collections::HashMap;

#[derive(Clone, Debug)]
enum Step {
    Dispatch {
        job: u8,
        tries: u32,
        delay: Option<i64>,
    },
    Cancel(u8),
    Retry(u8),
    Delete(u8),
    Progress(u8, u32, f64),
    End(u8, u32, u8),
    Advance,
    Crash,
    Wait(i64),
    /// The next commit is refused by the journal.
    Refused(Box<Step>),
}

fn step() -> impl Strategy<Value = Step> {
    let job = || 0u8..6;
    let leaf = prop_oneof![
        3 => (job(), 1u32..4, prop::option::of(0i64..500)).prop_map(|(job, tries, delay)| Step::Dispatch { job, tries, delay }),
        2 => job().prop_map(Step::Cancel),
        1 => job().prop_map(Step::Retry),
        1 => job().prop_map(Step::Delete),
        2 => (job(), 0u32..6, any::<f64>()).prop_map(|(job, attempt, value)| Step::Progress(job, attempt, value)),
        4 => (job(), 0u32..6, 0u8..6).prop_map(|(job, attempt, outcome)| Step::End(job, attempt, outcome)),
        5 => Just(Step::Advance),
        1 => Just(Step::Crash),
        2 => (0i64..3000).prop_map(Step::Wait),
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
}

impl Walk {
    fn context(&self) -> Context {
        Context { now: Time(self.now), chance: 0.5, actor: Actor::new("walk"), key: None }
    }

    fn take(&mut self, decided: Decided) {
        let Some(change) = decided.change else { return };
        apply(&mut self.mirror, &change.ops).expect("ops fit every mirror");
        for event in &change.events {
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
            Step::Dispatch { job, tries, delay } => {
                let args = DispatchArgs {
                    id: Some(id(job)),
                    kind: "walk".into(),
                    max_attempts: Some(tries),
                    scheduled_at: delay.map(|delay| Time(self.now + delay)),
                    ..DispatchArgs::default()
                };
                self.input(Input::Command(Command::Dispatch(Box::new(args))));
            }
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
                let (checkpoint, open) = (self.core.checkpoint(), self.open.clone());
                let mirror = self.mirror.clone();
                if !matches!(*inner, Step::Crash | Step::Wait(_)) {
                    self.step(*inner);
                    self.core.restore(checkpoint);
                    (self.mirror, self.open) = (mirror, open);
                }
            }
        }
        assert_eq!(&self.mirror, self.core.document(), "invariant 4");
        assert_eq!(self.core.index, Index::of(self.core.document()), "the index is a projection");
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
        _ => failed(AttemptOutcome::Crashed, true),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_parts_agree_whatever_comes(steps in prop::collection::vec(step(), 0..120)) {
        let core = Core::new(Recovered::default(), Limits { concurrency: 2, history: 3, results: 2 });
        let mut walk = Walk { mirror: core.document().clone(), core, now: 0, open: HashMap::new() };
        for step in steps {
            walk.step(step);
        }
        let sum: u64 = ["pending", "scheduled", "queued", "running", "retrying"]
            .iter()
            .filter_map(|state| walk.core.document().at(&format!("/summary/{state}"))?.as_u64())
            .sum();
        prop_assert_eq!(sum as usize, walk.core.index.active(), "the summary counts what is there");
    }
}
