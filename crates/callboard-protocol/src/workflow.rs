//! Workflows: recipes of steps that need each other, and how far one is.

mod recipe;

pub use recipe::{Compensation, OnFailure, Problem, Recipe, Step};

use crate::{Actor, Node, Time, job::CancelInfo};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// Where a workflow is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum WorkflowState {
    /// Steps are started as soon as what they need has ended.
    Running,
    /// A step failed, or somebody cancelled it: what runs is being stopped, nothing more is started.
    Stopping,
    /// What was done is undone, the last first.
    Compensating,
    /// All steps have ended as they should.
    Succeeded,
    /// A step failed; `error` says which and why.
    Failed,
    /// Stopped on request.
    Cancelled,
}

impl WorkflowState {
    /// All states in the order of a workflow's life.
    pub const ALL: [WorkflowState; 6] = [
        WorkflowState::Running,
        WorkflowState::Stopping,
        WorkflowState::Compensating,
        WorkflowState::Succeeded,
        WorkflowState::Failed,
        WorkflowState::Cancelled,
    ];

    /// Whether nothing more happens.
    pub fn is_terminal(self) -> bool {
        matches!(self, WorkflowState::Succeeded | WorkflowState::Failed | WorkflowState::Cancelled)
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            WorkflowState::Running => "running",
            WorkflowState::Stopping => "stopping",
            WorkflowState::Compensating => "compensating",
            WorkflowState::Succeeded => "succeeded",
            WorkflowState::Failed => "failed",
            WorkflowState::Cancelled => "cancelled",
        }
    }

    /// The state with this name.
    pub fn parse(name: &str) -> Option<WorkflowState> {
        WorkflowState::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// Where a step is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum StepState {
    /// Something that it needs has not ended.
    #[default]
    Waiting,
    /// Its jobs are there.
    Running,
    /// All its jobs have succeeded.
    Succeeded,
    /// A job of it failed, or it could not be started.
    Failed,
    /// Its `when` was false; steps that need it go on.
    Skipped,
    /// The workflow ended before it.
    Cancelled,
}

impl StepState {
    /// All states.
    pub const ALL: [StepState; 6] = [
        StepState::Waiting,
        StepState::Running,
        StepState::Succeeded,
        StepState::Failed,
        StepState::Skipped,
        StepState::Cancelled,
    ];

    /// Whether nothing more happens to it.
    pub fn is_terminal(self) -> bool {
        !matches!(self, StepState::Waiting | StepState::Running)
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            StepState::Waiting => "waiting",
            StepState::Running => "running",
            StepState::Succeeded => "succeeded",
            StepState::Failed => "failed",
            StepState::Skipped => "skipped",
            StepState::Cancelled => "cancelled",
        }
    }

    /// The state with this name.
    pub fn parse(name: &str) -> Option<StepState> {
        StepState::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// Which part of its workflow a job is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WorkflowStep {
    /// The step.
    pub id: String,
    /// Which item of its list, from 0.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub item: Option<u32>,
    /// It undoes what the step did.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    #[ts(optional, as = "Option<bool>")]
    pub undo: bool,
    /// Of which round of the workflow it is: absent for the first, 2 after the first retry.
    #[serde(skip_serializing_if = "is_zero", default)]
    #[ts(optional, as = "Option<u32>")]
    pub round: u32,
}

/// What was wrong with a step, or with undoing it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StepError {
    /// The step.
    pub step: String,
    /// Which item of its list, from 0.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub item: Option<u32>,
    /// A stable word: that of the job's error, or `bad_template`, `too_large`, `cancelled`, `deadline`.
    pub code: String,
    /// A sentence.
    pub message: String,
}

/// How far a step is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StepRun {
    /// Where it is.
    pub state: StepState,
    /// Jobs dispatched: `<workflow>:<step>`, or with a list `<workflow>:<step>:<n>` for each item, from 0. In a later
    /// round they are `<workflow>:<step>.<round>` and so on; items that need not run again are counted with them.
    #[serde(skip_serializing_if = "is_zero", default)]
    #[ts(optional, as = "Option<u32>")]
    pub jobs: u32,
    /// Items of its list.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub items: Option<u32>,
    /// Jobs that succeeded, of a step with a list.
    #[serde(skip_serializing_if = "is_zero", default)]
    #[ts(optional, as = "Option<u32>")]
    pub succeeded: u32,
    /// Jobs that did not, of a step with a list.
    #[serde(skip_serializing_if = "is_zero", default)]
    #[ts(optional, as = "Option<u32>")]
    pub failed: u32,
    /// Jobs that were asked to stop.
    #[serde(skip_serializing_if = "is_zero", default)]
    #[ts(optional, as = "Option<u32>")]
    pub stopped: u32,
    /// What it returned, when another step or a reader may want it; of a list an array in its order, `null` for items
    /// without a result.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub result: Option<Node>,
    /// The results of items so far, `i0` and so on, while the others run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub results: Option<BTreeMap<String, Node>>,
    /// The items without success, `i0` and so on, with the code of what went wrong: they are what a retry runs again.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    #[ts(optional, as = "Option<BTreeMap<String, String>>")]
    pub item_errors: BTreeMap<String, String>,
    /// The items that this round runs; all of them when absent.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[ts(optional, as = "Option<Vec<u32>>")]
    pub again: Vec<u32>,
    /// The round of its jobs: absent for the first, 2 after the first retry that ran it again.
    #[serde(skip_serializing_if = "is_zero", default)]
    #[ts(optional, as = "Option<u32>")]
    pub round: u32,
    /// The first thing that went wrong.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub error: Option<StepError>,
    /// When its first job was dispatched.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub started_at: Option<Time>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub finished_at: Option<Time>,
}

/// A workflow at `/workflows/<id>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Workflow {
    /// Its name on this board.
    pub id: String,
    /// The recipe's name.
    pub name: String,
    /// Where it is.
    pub state: WorkflowState,
    /// What is to be done.
    pub recipe: Recipe,
    /// What templates find under `input`.
    pub input: Node,
    /// How far each step is.
    pub steps: BTreeMap<String, StepRun>,
    /// The step that made it fail; when its deadline passed, the one that it waited for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub error: Option<StepError>,
    /// The cancel that was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub cancel: Option<CancelInfo>,
    /// What is to be undone if it fails: `u1` was done first and is undone last.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    #[ts(optional, as = "Option<BTreeMap<String, WorkflowStep>>")]
    pub undo: BTreeMap<String, WorkflowStep>,
    /// The job that undoes something now.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub undoing: Option<crate::JobId>,
    /// How much was undone.
    #[serde(skip_serializing_if = "is_zero", default)]
    #[ts(optional, as = "Option<u32>")]
    pub compensated: u32,
    /// What could not be undone, in the order of the tries; the first [`crate::caps::COMPENSATION_ERRORS`] of it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[ts(optional, as = "Option<Vec<StepError>>")]
    pub compensation_errors: Vec<StepError>,
    /// Bytes of results that are kept in the steps, by estimate.
    #[serde(skip_serializing_if = "is_nothing", default)]
    #[ts(optional, type = "number")]
    pub result_bytes: u64,
    /// When it was started.
    pub created_at: Time,
    /// Who started it.
    pub created_by: Actor,
    /// When it must have ended; then what runs is stopped and it fails with the code `deadline`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub deadline: Option<Time>,
    /// How often it was run again from the step that failed.
    #[serde(skip_serializing_if = "is_zero", default)]
    #[ts(optional, as = "Option<u32>")]
    pub retries: u32,
    /// When that was done last.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub retried_at: Option<Time>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub finished_at: Option<Time>,
}

/// Arguments of `workflows.start`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkflowArgs {
    /// A name of your own, at most [`crate::caps::WORKFLOW_ID_BYTES`]; it must be new on this board.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub id: Option<String>,
    /// What is to be done.
    pub recipe: Recipe,
    /// What templates find under `input`; its members take the place of those in the recipe's `input`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub input: Option<Node>,
}

/// Arguments of `workflows.cancel`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkflowCancelArgs {
    /// The workflow.
    pub id: String,
    /// Why, in words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub reason: Option<String>,
}

/// Arguments of `workflows.retry`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkflowRetryArgs {
    /// The workflow.
    pub id: String,
    /// Steps that run again although they succeeded, with all that need them. A workflow that succeeded runs again only from
    /// such steps.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub from: Vec<String>,
}

/// Arguments of `workflows.delete`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkflowName {
    /// The workflow.
    pub id: String,
}

fn is_zero(value: &u32) -> bool {
    *value == 0
}

fn is_nothing(value: &u64) -> bool {
    *value == 0
}
