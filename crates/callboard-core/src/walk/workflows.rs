//! Workflows in the walk: recipes of every shape, what befalls them, and what must be true of their records.

use super::{Step, Walk, end};
use crate::{Input, News, Report};
use callboard_protocol::{
    Event, JobId, Node,
    command::{CancelArgs, Command, JobArgs},
    from_node,
    job::{Job, JobState},
    workflow::{OnFailure, StepRun, StepState, Workflow, WorkflowState},
};
use proptest::{prelude::*, strategy::ValueTree as _};
use std::collections::{HashMap, HashSet};

/// What befalls a workflow or one of its jobs.
#[derive(Clone, Debug)]
pub(super) enum Fate {
    /// The n-th of the jobs that run for a workflow ends so.
    End(u8, u8),
    /// Somebody cancels the n-th of the jobs that are open for one.
    Cancel(u8),
    /// Somebody runs the n-th of the jobs that ended for one again.
    Again(u8),
}

/// What was seen of workflows besides the document.
#[derive(Clone, Default)]
pub(super) struct Seen {
    /// Rounds of each workflow: one begins with a start or a retry and ends once.
    open: HashMap<String, bool>,
    /// Jobs that somebody ran again by hand, which is no affair of their workflow.
    by_hand: HashSet<JobId>,
    /// What was told of workflows.
    topics: HashSet<String>,
}

/// A chain that is undone, steps beside each other of which one may fail, a list, and one with little time.
const RECIPES: [&str; 4] = [
    r#"{"name":"chain","steps":[{"id":"a","kind":"walk","compensate":{"kind":"walk"}},
        {"id":"b","kind":"walk","needs":["a"],"maxAttempts":2,"compensate":{"kind":"walk","maxAttempts":1}},
        {"id":"c","kind":"walk","args":{"b":"${steps.b.result}"}}]}"#,
    r#"{"name":"side","steps":[{"id":"a","kind":"walk","onFailure":"continue"},{"id":"b","kind":"walk"},
        {"id":"c","kind":"walk","needs":["a","b"],"when":"${steps.a.state} == 'succeeded'"}]}"#,
    r#"{"name":"list","steps":[{"id":"a","kind":"walk"},
        {"id":"each","kind":"walk","needs":["a"],"forEach":"${input.list}","compensate":{"kind":"walk"}},
        {"id":"sum","kind":"walk","args":{"all":"${steps.each.result}"}}],"input":{"list":[1,2,3]}}"#,
    r#"{"name":"late","deadlineMs":900,"steps":[{"id":"a","kind":"walk","compensate":{"kind":"walk"}},
        {"id":"b","kind":"walk","needs":["a"]}]}"#,
];

/// Steps of the walk that are about workflows.
pub(super) fn steps() -> impl Strategy<Value = Step> {
    let name = || 0u8..3;
    prop_oneof![
        3 => (name(), 0..RECIPES.len()).prop_map(|(n, recipe)| Step::Say(
            "workflows.start",
            format!(r#"{{"id":"w{n}","recipe":{}}}"#, RECIPES[recipe])
        )),
        2 => name().prop_map(|n| Step::Say("workflows.cancel", format!(r#"{{"id":"w{n}"}}"#))),
        2 => name().prop_map(|n| Step::Say("workflows.retry", format!(r#"{{"id":"w{n}"}}"#))),
        1 => (name(), prop::sample::subsequence(vec!["a", "b", "c", "each", "sum"], 1..3)).prop_map(|(n, from)| {
            let args = format!(r#"{{"id":"w{n}","from":{from:?}}}"#);
            Step::Say("workflows.retry", args)
        }),
        1 => name().prop_map(|n| Step::Say("workflows.delete", format!(r#"{{"id":"w{n}"}}"#))),
        8 => (any::<u8>(), 0u8..7).prop_map(|(nth, outcome)| Step::Fate(Fate::End(nth, outcome))),
        // Success more often than chance would have it, so that steps behind the first are come to.
        6 => any::<u8>().prop_map(|nth| Step::Fate(Fate::End(nth, 0))),
        1 => any::<u8>().prop_map(|nth| Step::Fate(Fate::Cancel(nth))),
        1 => any::<u8>().prop_map(|nth| Step::Fate(Fate::Again(nth))),
    ]
}

impl Seen {
    /// Each round ends once, and only what was begun ends.
    pub(super) fn event(&mut self, event: &Event) {
        if event.topic.starts_with("workflow.") {
            self.topics.insert(event.topic.clone());
        }
        let id = || event.data.child("id").and_then(Node::as_str).unwrap_or_default().to_owned();
        match event.topic.as_str() {
            "workflow.started" | "workflow.retried" => {
                assert_ne!(self.open.insert(id(), true), Some(true), "{} began twice", id());
            }
            "workflow.succeeded" | "workflow.failed" | "workflow.cancelled" => {
                assert_eq!(self.open.insert(id(), false), Some(true), "invariant 5: {} ended twice", id());
            }
            "job.redriven" => self.by_hand.extend(event.job_id.clone()),
            "job.dispatched" | "job.succeeded" | "job.failed" | "job.cancelled" => {
                event.job_id.as_ref().map(|id| self.by_hand.remove(id));
            }
            "workflow.deleted" => assert_eq!(self.open.remove(&id()), Some(false), "{} was under way", id()),
            _ => {}
        }
    }
}

impl Walk {
    pub(super) fn fate(&mut self, fate: Fate) {
        let (Fate::End(nth, _) | Fate::Cancel(nth) | Fate::Again(nth)) = fate;
        let fits = |job: &Job| match fate {
            Fate::End(..) => job.state == JobState::Running,
            Fate::Cancel(_) => !job.state.is_terminal(),
            Fate::Again(_) => job.state.is_terminal(),
        };
        let jobs = self.jobs().into_iter().filter(|job| job.workflow_id.is_some() && fits(job));
        let mut jobs: Vec<Job> = jobs.collect();
        if jobs.is_empty() {
            return;
        }
        let Job { id, attempt, .. } = jobs.swap_remove(usize::from(nth) % jobs.len());
        self.input(match fate {
            Fate::End(_, outcome) => {
                let news = News::End(Box::new(end(outcome)));
                Input::Report(Report { id, attempt, news })
            }
            Fate::Cancel(_) => Input::Command(Command::Cancel(CancelArgs { id, reason: None })),
            Fate::Again(_) => Input::Command(Command::Retry(JobArgs { id })),
        });
    }

    /// What is true of every record at any time.
    pub(super) fn check_workflows(&self) {
        for workflow in self.workflows() {
            let (id, is_over) = (&workflow.id, workflow.state.is_terminal());
            assert_eq!(is_over, workflow.finished_at.is_some(), "{id}");
            assert_eq!(self.seen.open.get(id), Some(&!is_over), "{id}: an end is told when it is one");
            assert_eq!(workflow.state == WorkflowState::Failed, is_over && workflow.error.is_some(), "{id}");
            if is_over {
                assert!(
                    workflow.undoing.is_none() && workflow.undo.is_empty(),
                    "{id} is undone or cannot be"
                );
                let open = workflow.steps.iter().find(|(_, run)| !run.state.is_terminal());
                assert_eq!(open, None, "{id} is {} with an open step", workflow.state.as_str());
            }
            for step in &workflow.recipe.steps {
                let run = &workflow.steps[&step.id];
                Self::check_run(&format!("{id}:{}", step.id), run);
                let may_fail = step.on_failure == Some(OnFailure::Continue);
                let is_done = matches!(run.state, StepState::Succeeded | StepState::Skipped);
                let is_well = is_done || (may_fail && run.state == StepState::Failed);
                assert!(workflow.state != WorkflowState::Succeeded || is_well, "{id}: {}", step.id);
            }
        }
    }

    fn check_run(name: &str, run: &StepRun) {
        assert!(run.succeeded + run.failed <= run.jobs && run.stopped <= run.jobs, "{name}: {run:?}");
        assert!(run.items.is_none_or(|items| run.jobs <= items), "{name}: {run:?}");
        assert_eq!(
            run.state.is_terminal(),
            run.finished_at.is_some() || run.state == StepState::Cancelled,
            "{name}"
        );
    }

    /// What is true when nothing is left to do: whatever is open waits for a job, and what is over has none.
    pub(super) fn check_resting_workflows(&self) {
        let jobs = self.jobs();
        for workflow in self.workflows() {
            let id = &workflow.id;
            let is_open = |job: &&Job| job.workflow_id.as_ref() == Some(id) && !job.state.is_terminal();
            let mut open = jobs.iter().filter(is_open);
            // What somebody runs again by hand may outlive the workflow.
            let own = open.clone().find(|job| !self.seen.by_hand.contains(&job.id)).map(|job| &job.id);
            match workflow.state {
                state if state.is_terminal() => assert_eq!(own, None, "{id} is over, and this goes on"),
                state => assert!(open.next().is_some(), "{id} is {} and waits for nothing", state.as_str()),
            }
            let late = workflow.deadline.is_some_and(|at| at.0 <= self.now);
            assert!(!(late && workflow.state == WorkflowState::Running), "{id} is late");
        }
    }

    fn workflows(&self) -> Vec<Workflow> {
        // The domain comes with the first one.
        let workflows = self.core.document().child("workflows").and_then(Node::as_object);
        workflows
            .into_iter()
            .flat_map(|workflows| workflows.iter())
            .map(|(_, record)| from_node(record).expect("a workflow"))
            .collect()
    }
}

/// The walk is worth something only where it comes to.
#[test]
fn the_walk_comes_to_every_end() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut topics = HashSet::new();
    for _ in 0..100 {
        let steps = prop::collection::vec(super::step(), 120).new_tree(&mut runner).expect("steps").current();
        let mut walk = Walk::new();
        steps.into_iter().for_each(|step| walk.step(step));
        topics.extend(walk.seen.topics);
    }
    let ends =
        ["succeeded", "failed", "cancelled", "retried", "deleted", "compensated", "compensation_failed"];
    for end in ends {
        assert!(topics.contains(&format!("workflow.{end}")), "{end}: {topics:?}");
    }
}
