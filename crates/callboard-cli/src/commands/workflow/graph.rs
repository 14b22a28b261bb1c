//! A workflow as lines: one for each step, those that need others below them.

use crate::text::{clean::clean, duration, paint};
use anstyle::{AnsiColor, Style};
use callboard_protocol::{
    Time,
    job::JobState,
    workflow::{Step, StepError, StepRun, StepState, Workflow, WorkflowState},
};

/// The sign and colour of a workflow.
pub(super) fn of_workflow(state: WorkflowState, unicode: bool) -> (&'static str, Style) {
    let like = match state {
        WorkflowState::Running => JobState::Running,
        WorkflowState::Stopping | WorkflowState::Compensating => JobState::Retrying,
        WorkflowState::Succeeded => JobState::Succeeded,
        WorkflowState::Failed => JobState::Failed,
        WorkflowState::Cancelled => JobState::Cancelled,
    };
    (paint::sign(like, unicode), paint::state(like))
}

fn of_step(state: StepState, unicode: bool) -> (&'static str, Style) {
    let like = match state {
        StepState::Waiting => JobState::Pending,
        StepState::Running => JobState::Running,
        StepState::Succeeded => JobState::Succeeded,
        StepState::Failed => JobState::Failed,
        StepState::Cancelled => JobState::Cancelled,
        StepState::Skipped => {
            let sign = if unicode { "↷" } else { "[skip]" };
            return (sign, Style::new().fg_color(Some(AnsiColor::BrightBlack.into())));
        }
    };
    (paint::sign(like, unicode), paint::state(like))
}

/// Everything there is to say.
pub(super) fn whole(workflow: &Workflow, now: Time, unicode: bool) -> Vec<String> {
    let mut lines = vec![head(workflow, now, unicode)];
    lines.extend(steps(workflow, now, unicode));
    lines.extend(tail(workflow));
    lines
}

/// The workflow itself in one line.
pub(super) fn head(workflow: &Workflow, now: Time, unicode: bool) -> String {
    let (sign, style) = of_workflow(workflow.state, unicode);
    let took = took(workflow, now);
    let name = clean(&workflow.name);
    format!("{style}{sign}{style:#} {name}  {}  {}  {took}", workflow.id, workflow.state.as_str())
}

/// How long it took, or has taken by now, since it was begun or run again.
pub(super) fn took(workflow: &Workflow, now: Time) -> String {
    let begun = workflow.retried_at.unwrap_or(workflow.created_at);
    duration::took(workflow.finished_at.unwrap_or(now).since_ms(begun))
}

/// A line for each step, in the order in which they can run; deeper ones further in.
pub(super) fn steps(workflow: &Workflow, now: Time, unicode: bool) -> Vec<String> {
    let steps = &workflow.recipe.steps;
    let depths = depths(steps);
    let mut order: Vec<usize> = (0..steps.len()).collect();
    order.sort_by_key(|index| depths[*index]);
    let widest = order.iter().map(|index| depths[*index] * 2 + steps[*index].id.len()).max().unwrap_or(0);
    let nothing = StepRun::default();
    let line = |index: usize| {
        let (step, depth) = (&steps[index], depths[index].min(MOST_DEPTH));
        let run = workflow.steps.get(&step.id).unwrap_or(&nothing);
        let (sign, style) = of_step(run.state, unicode);
        let indent = "  ".repeat(depth + 1);
        let pad = widest.saturating_sub(depth * 2 + step.id.len());
        let facts = facts(step, run, now);
        format!("{indent}{style}{sign}{style:#} {}{}  {facts}", step.id, " ".repeat(pad))
            .trim_end()
            .to_owned()
    };
    order.into_iter().map(line).collect()
}

/// What is further in than this stands in one column.
const MOST_DEPTH: usize = 12;

/// How many steps lie before each: the longest way.
fn depths(steps: &[Step]) -> Vec<usize> {
    let at = |id: &str| steps.iter().position(|step| step.id == id);
    let mut depths = vec![0; steps.len()];
    // Without a circle the longest way has fewer steps than there are.
    for _ in 0..steps.len() {
        let before = depths.clone();
        for (index, step) in steps.iter().enumerate() {
            let needs = named(step).filter_map(|id| at(&id)).filter(|need| *need != index);
            depths[index] = needs.map(|need| before[need] + 1).max().unwrap_or(0).min(steps.len());
        }
        if depths == before {
            break;
        }
    }
    depths
}

/// Steps that a step names, in its needs and in its templates.
fn named(step: &Step) -> impl Iterator<Item = String> {
    let texts = [
        step.args.as_ref().map(ToString::to_string),
        step.for_each.as_ref().map(ToString::to_string),
        step.when.clone(),
    ];
    let mut ids = step.needs.clone();
    for text in texts.into_iter().flatten() {
        let places = text.split("${steps.").skip(1).filter_map(|rest| rest.split(['.', '}']).next());
        ids.extend(places.map(str::to_owned));
    }
    ids.into_iter()
}

fn facts(step: &Step, run: &StepRun, now: Time) -> String {
    let mut facts = vec![clean(&step.kind).into_owned()];
    if let Some(items) = run.items {
        facts.push(format!("{} of {items}", run.succeeded));
        if run.failed > 0 {
            facts.push(format!("{} failed", run.failed));
        }
    }
    if let Some(started) = run.started_at {
        facts.push(duration::took(run.finished_at.unwrap_or(now).since_ms(started)));
    }
    if let Some(error) = &run.error {
        facts.push(clean(error.message.lines().next().unwrap_or_default()).into_owned());
    }
    facts.join("  ")
}

/// What went wrong, and what could not be undone.
pub(super) fn tail(workflow: &Workflow) -> Vec<String> {
    let told = |error: &StepError| {
        let item = error.item.map(|item| format!(" #{item}")).unwrap_or_default();
        format!("{}{item}: {}", error.step, clean(&error.message))
    };
    let mut lines: Vec<String> = Vec::new();
    lines.extend(workflow.error.iter().map(|error| format!("failed at {}", told(error))));
    let reason = workflow.cancel.as_ref().and_then(|cancel| cancel.reason.as_deref());
    lines.extend(reason.map(|reason| format!("cancelled: {}", clean(reason))));
    if workflow.compensated > 0 {
        lines.push(format!("undone: {}", workflow.compensated));
    }
    lines.extend(workflow.compensation_errors.iter().map(|error| format!("could not undo {}", told(error))));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use callboard_protocol::workflow::Recipe;

    #[test]
    fn a_step_stands_below_what_it_needs() {
        let steps = [
            Step::new("end", "k").needs(["b"]),
            Step::new("b", "k").arg("x", "${steps.a.result.y}"),
            Step::new("a", "k"),
            Step::new("alone", "k"),
        ];
        assert_eq!(depths(&steps), [2, 1, 0, 0]);
        // A server refuses it; it must not hang here.
        assert_eq!(depths(&[Step::new("x", "k").needs(["y"]), Step::new("y", "k").needs(["x"])]).len(), 2);
        let recipe = steps.into_iter().fold(Recipe::new("n"), Recipe::step);
        let json = serde_json::json!({
            "id": "w", "name": "n", "state": "failed", "recipe": recipe, "input": {}, "createdAt": "2024-01-01T00:00:00.000Z",
            "createdBy": "t", "finishedAt": "2024-01-01T00:00:02.500Z", "compensated": 1,
            "error": { "step": "b", "code": "x", "message": "no" },
            "steps": {
                "a": { "state": "succeeded", "startedAt": "2024-01-01T00:00:00.000Z", "finishedAt": "2024-01-01T00:00:01.000Z" },
                "b": { "state": "failed", "items": 3, "succeeded": 1, "failed": 1, "error": { "step": "b", "code": "x", "message": "no" } },
                "end": { "state": "cancelled" }, "alone": { "state": "skipped" },
            },
        });
        let workflow: Workflow = serde_json::from_value(json).expect("a workflow");
        let now = Time(0);
        let plain: Vec<String> = whole(&workflow, now, false)
            .iter()
            .map(|line| anstream::adapter::strip_str(line).to_string())
            .collect();
        assert_eq!(
            plain,
            [
                "[x] n  w  failed  2.5s",
                "  [ok] a        k  1.0s",
                "  [skip] alone    k",
                "    [x] b      k  1 of 3  1 failed  no",
                "      [-] end  k",
                "failed at b: no",
                "undone: 1",
            ]
        );
    }
}
