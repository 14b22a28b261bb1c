//! Random recipes, ends, crashes and cancels against what must hold of every workflow.

use crate::{Context, Core, Decided, Effect, End, Input, Limits, News, Recovered, Report, index::Index};
use callboard_protocol::{
    Actor, JobId, Node, Time, apply,
    command::Command,
    from_node,
    job::{AttemptOutcome, Job, JobError},
    workflow::{
        Compensation, Recipe, Step, StepState, Workflow, WorkflowArgs, WorkflowCancelArgs, WorkflowRetryArgs,
        WorkflowState,
    },
};
use proptest::prelude::*;
use std::collections::HashMap;

/// A step by the numbers of those that it needs, and what it is like.
#[derive(Clone, Debug)]
struct Wish {
    needs: Vec<usize>,
    items: Option<usize>,
    goes_on: bool,
    undo: bool,
    skip: bool,
}

fn wish() -> impl Strategy<Value = Wish> {
    let parts = (
        prop::collection::vec(0usize..6, 0..3),
        prop::option::weighted(0.3, 0usize..4),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.7),
        prop::bool::weighted(0.1),
    );
    parts.prop_map(|(needs, items, goes_on, undo, skip)| Wish { needs, items, goes_on, undo, skip })
}

fn recipe(wishes: &[Wish]) -> Recipe {
    let step = |(nth, wish): (usize, &Wish)| {
        // A step needs earlier ones only, so there is no circle.
        let needs = wish.needs.iter().filter(|need| **need < nth).map(|need| format!("s{need}"));
        let mut step = Step::new(format!("s{nth}"), "walk").needs(needs);
        if let Some(items) = wish.items {
            step = step.for_each(vec![Node::from("item"); items]).arg("item", "${item}");
        }
        if wish.goes_on {
            step = step.or_continue();
        }
        if wish.skip {
            step = step.when("false");
        }
        if wish.undo {
            step = step.compensate(Compensation::new("undo").arg("of", "${result}"));
        }
        step
    };
    Recipe { steps: wishes.iter().enumerate().map(step).collect(), ..Recipe::new("random") }
}

struct Run {
    core: Core,
    mirror: Node,
    now: i64,
    /// Jobs that run, oldest first, with their attempt.
    running: Vec<(JobId, u32)>,
    /// What is to be undone, and the last thing that was done at the end.
    done: Vec<String>,
    undone: usize,
    /// In earlier rounds.
    undone_before: usize,
    /// How often it was begun or retried.
    rounds: usize,
    /// How often the workflow ended.
    ends: usize,
    can_undo: HashMap<String, bool>,
}

impl Run {
    fn context(&self) -> Context {
        Context { now: Time(self.now), chance: 0.5, actor: Actor::new("graphs"), key: None }
    }

    fn workflow(&self) -> Option<Workflow> {
        self.core.document().at("/workflows/w").map(|record| from_node(record).expect("a workflow"))
    }

    fn take(&mut self, decided: Decided) {
        let Some(change) = decided.change else { return };
        apply(&mut self.mirror, &change.ops).expect("ops fit every mirror");
        assert_eq!(&self.mirror, self.core.document(), "invariant 4");
        assert_eq!(self.core.index, Index::of(self.core.document()), "the index is a projection");
        for event in &change.events {
            let job = event.job_id.as_ref().map(|id| id.to_string()).unwrap_or_default();
            match event.topic.as_str() {
                "job.succeeded" if !job.ends_with(":undo") => {
                    let step = job.split([':', '.']).nth(1).expect("a step");
                    if self.can_undo[step] {
                        self.done.push(job);
                    }
                }
                "job.dispatched" if job.ends_with(":undo") => {
                    let last = self.done.pop().expect("something was done");
                    assert_eq!(job, format!("{last}:undo"), "S2.23: the last is undone first");
                    self.undone += 1;
                }
                "workflow.succeeded" | "workflow.failed" | "workflow.cancelled" => self.ends += 1,
                _ => {}
            }
        }
        for effect in decided.effects {
            if let Effect::Start(start) = effect {
                self.check_start(&start.id);
                self.running.push((start.id, start.attempt));
            }
        }
    }

    /// A job runs only when all that its step needs has ended.
    fn check_start(&self, id: &JobId) {
        let job: Job =
            from_node(self.core.document().at(&format!("/jobs/{id}")).expect("there")).expect("a job");
        let part = job.workflow_step.expect("a part");
        let workflow = self.workflow().expect("there");
        let step = workflow.recipe.steps.iter().find(|step| step.id == part.id).expect("there");
        if part.undo {
            assert_eq!(workflow.state, WorkflowState::Compensating, "nothing runs beside what undoes it");
            assert!(workflow.steps.values().all(|run| run.state.is_terminal()));
        } else {
            for need in &step.needs {
                assert!(workflow.steps[need].state.is_terminal(), "{id} runs before {need} has ended");
            }
        }
    }

    fn input(&mut self, input: Input) {
        if let Ok(decided) = self.core.receive(input, &self.context()) {
            self.take(decided);
        }
    }

    fn advance(&mut self) {
        while let Some(decided) = self.core.advance(&self.context()) {
            self.take(decided);
        }
    }

    /// One of the running jobs ends.
    fn end(&mut self, choice: u8) {
        let (id, attempt) = self.running.remove(usize::from(choice) % self.running.len());
        let end = match choice % 5 {
            0 => End::failed(AttemptOutcome::Errored, JobError::new("random", "it failed"), true),
            1 => End::stopped(AttemptOutcome::Interrupted),
            _ => End::succeeded(Node::from(u32::from(choice))),
        };
        self.input(Input::Report(Report { id, attempt, news: News::End(Box::new(end)) }));
    }

    fn crash(&mut self) {
        let document = self.core.document().clone();
        let recovered = Recovered { document, version: self.core.version(), ..Recovered::default() };
        self.core = Core::new(recovered, self.core.limits.clone());
        self.running.clear();
        for id in self.core.orphans() {
            self.input(Input::Rescue(id));
        }
    }

    /// Runs it again, unless it has succeeded; what is kept keeps its results.
    fn retry(&mut self) -> bool {
        let before = self.workflow().expect("there");
        if before.state == WorkflowState::Succeeded {
            return false;
        }
        self.rounds += 1;
        self.undone_before = self.undone;
        self.input(Input::Command(Command::RetryWorkflow(WorkflowRetryArgs {
            id: "w".into(),
            from: Vec::new(),
        })));
        let now = self.workflow().expect("there");
        assert_eq!((now.state, now.retries as usize), (WorkflowState::Running, self.rounds - 1));
        for (id, run) in &now.steps {
            let was = &before.steps[id];
            match run.state {
                StepState::Succeeded | StepState::Skipped => assert_eq!(run, was),
                StepState::Running => {
                    assert_eq!(run.jobs + run.again.len() as u32, run.items.expect("a list"))
                }
                state => assert_eq!((state, run.round as usize), (StepState::Waiting, self.rounds)),
            }
        }
        true
    }

    fn check_end(&self) {
        let workflow = self.workflow().expect("there");
        assert!(workflow.state.is_terminal(), "it waits for nothing: {workflow:?}");
        assert_eq!(self.ends, self.rounds, "it ends once in each round");
        assert!(workflow.steps.values().all(|run| run.state.is_terminal()));
        assert_eq!(workflow.undo.len(), 0);
        let told = self.undone_before + workflow.compensated as usize + workflow.compensation_errors.len();
        match workflow.state {
            WorkflowState::Succeeded => assert_eq!(self.undone, self.undone_before),
            _ => {
                assert_eq!(self.done, Vec::<String>::new(), "all is undone that can be");
                assert_eq!(told, self.undone);
            }
        }
        let essential = workflow.recipe.steps.iter().filter(|step| step.on_failure.is_none());
        let failed = essential.filter(|step| workflow.steps[&step.id].state == StepState::Failed).count();
        assert_eq!(workflow.error.is_some(), workflow.state == WorkflowState::Failed);
        assert!(failed == 0 || workflow.state != WorkflowState::Succeeded);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn every_workflow_ends_once_in_order_and_undoes_last_first(
        wishes in prop::collection::vec(wish(), 1..6),
        choices in prop::collection::vec(0u8..60, 0..80),
        slots in 1usize..5,
        cancel_at in prop::option::weighted(0.3, 0usize..12),
    ) {
        let limits = Limits { concurrency: slots, ..Limits::default() };
        let core = Core::new(Recovered::default(), limits);
        let recipe = recipe(&wishes);
        let can_undo = recipe.steps.iter().map(|step| (step.id.clone(), step.compensate.is_some())).collect();
        let mut run = Run {
            mirror: core.document().clone(), core, now: 0, running: Vec::new(), done: Vec::new(),
            undone: 0, undone_before: 0, rounds: 1, ends: 0, can_undo,
        };
        let args = WorkflowArgs { id: Some("w".into()), recipe, input: None };
        run.input(Input::Command(Command::StartWorkflow(Box::new(args))));
        let mut choices = choices.into_iter();
        for turn in 0.. {
            if cancel_at == Some(turn) {
                let args = WorkflowCancelArgs { id: "w".into(), reason: None };
                run.input(Input::Command(Command::CancelWorkflow(args)));
            }
            // When the choices are over everything goes well.
            let choice = choices.next();
            if choice.is_some_and(|choice| choice % 11 == 10) {
                run.crash();
            }
            run.advance();
            if !run.running.is_empty() {
                run.end(choice.unwrap_or(4));
                continue;
            }
            run.check_end();
            if run.rounds == 4 || !run.retry() {
                break;
            }
        }
    }
}
