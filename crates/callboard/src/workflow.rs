//! Workflows of a board: started, awaited, cancelled.

use crate::Board;
use callboard_core::job_of;
use callboard_protocol::{
    Actor, JobId, Node,
    command::Command,
    error::{ErrorCode, Rejection},
    from_node,
    job::DispatchArgs,
    workflow::{
        Compensation, Step, Workflow, WorkflowArgs, WorkflowCancelArgs, WorkflowName, WorkflowRetryArgs,
        WorkflowStep,
    },
};
use std::sync::PoisonError;
use tokio::sync::oneshot;

/// A handle of a workflow. Dropping it does not cancel the workflow.
pub struct WorkflowHandle {
    board: Board,
    id: String,
    end: oneshot::Receiver<Node>,
}

/// Why a workflow's handle has no record to give.
#[derive(Debug, thiserror::Error)]
pub enum WorkflowLost {
    /// The board stopped first; the workflow goes on when its data is opened again.
    #[error("the board stopped before the workflow ended; it goes on with the next start")]
    BoardStopped,
    /// The record is of another version.
    #[error("failed to read the record of the workflow: {0}")]
    Unreadable(String),
}

impl Board {
    /// Starts a workflow and returns a handle that settles with its end.
    ///
    /// # Errors
    /// `invalid_args` that lists everything that is wrong with the recipe (one by one in `details.problems`),
    /// `unknown_kind`, `conflict` when the name is taken. Nothing was changed.
    pub async fn start_workflow(
        &self,
        mut args: WorkflowArgs,
        actor: Actor,
    ) -> Result<WorkflowHandle, Rejection> {
        let id = args.id.get_or_insert_with(|| self.shared.host.name()).clone();
        // The handle listens before the workflow exists, so that it cannot miss its end.
        let handle = WorkflowHandle::listen(self, id);
        self.send(Command::StartWorkflow(Box::new(args)), actor, None).await?;
        Ok(handle)
    }

    /// Runs a workflow that failed or was cancelled again, from the steps that did not succeed, and returns a handle
    /// that settles with its next end.
    ///
    /// # Errors
    /// `not_found`, `conflict` when it is under way or has succeeded. Nothing was changed.
    pub async fn retry_workflow(&self, id: &str, actor: Actor) -> Result<WorkflowHandle, Rejection> {
        self.retry_workflow_from(id, Vec::new(), actor).await
    }

    /// The same, also from steps that succeeded, with all that need them; so also one that has succeeded.
    ///
    /// # Errors
    /// As [`Board::retry_workflow`], `invalid_args` for a step that is not there, and `conflict` when a step that could be undone
    /// would be kept.
    pub async fn retry_workflow_from(
        &self,
        id: &str,
        from: Vec<String>,
        actor: Actor,
    ) -> Result<WorkflowHandle, Rejection> {
        let handle = WorkflowHandle::listen(self, id.to_owned());
        let args = WorkflowRetryArgs { id: id.into(), from };
        self.send(Command::RetryWorkflow(args), actor, None).await?;
        Ok(handle)
    }

    /// Takes a workflow that has ended out of the state; its jobs stay.
    ///
    /// # Errors
    /// `not_found`, `conflict` when it is under way.
    pub async fn delete_workflow(&self, id: &str, actor: Actor) -> Result<(), Rejection> {
        self.send(Command::DeleteWorkflow(WorkflowName { id: id.into() }), actor, None).await.map(drop)
    }

    /// A handle of a workflow of the live state, by whomever it was started.
    ///
    /// # Errors
    /// `not_found` when there is none.
    pub fn workflow(&self, id: &str) -> Result<WorkflowHandle, Rejection> {
        let handle = WorkflowHandle::listen(self, id.to_owned());
        let document = self.state().document;
        let Some(record) = document.child("workflows").and_then(|workflows| workflows.child(id)) else {
            let shown: String = id.chars().take(40).collect();
            return Err(Rejection::new(ErrorCode::NotFound, format!("there is no workflow {shown:?}")));
        };
        if record.child("finishedAt").is_some() {
            self.shared.watchers.settle(&watched(id), record);
        }
        Ok(handle)
    }

    /// The kinds complete the steps and check those whose arguments have no templates.
    pub(crate) fn prepare_workflow(&self, args: &mut WorkflowArgs) -> Result<(), Rejection> {
        args.id.get_or_insert_with(|| self.shared.host.name());
        callboard_core::check_recipe(&args.recipe)
            .map_err(|problems| callboard_core::refused_recipe(&problems))?;
        for step in &mut args.recipe.steps {
            let named = |rejection: Rejection, what: &str| Rejection {
                message: format!("step {:?}: {what}{}", step.id, rejection.message),
                ..rejection
            };
            let mut job = of_step(step);
            self.prepare_part(&mut job).map_err(|rejection| named(rejection, ""))?;
            let mut undo = step.compensate.as_ref().map(of_compensation);
            if let Some(undo) = &mut undo {
                self.prepare_part(undo).map_err(|rejection| named(rejection, "compensate: "))?;
            }
            (step.queue, step.timeout_ms, step.max_attempts, step.retry) =
                (job.queue, job.timeout_ms, job.max_attempts, job.retry);
            if let (Some(compensation), Some(undo)) = (&mut step.compensate, undo) {
                (compensation.queue, compensation.timeout_ms) = (undo.queue, undo.timeout_ms);
                (compensation.max_attempts, compensation.retry) = (undo.max_attempts, undo.retry);
            }
        }
        Ok(())
    }

    fn prepare_part(&self, job: &mut DispatchArgs) -> Result<(), Rejection> {
        let registry = self.shared.registry.read().unwrap_or_else(PoisonError::into_inner);
        let executor =
            registry.get(&job.kind).ok_or_else(|| crate::board::unknown_kind(&registry, &job.kind))?;
        // What a place becomes is known when the step starts; then the kind looks at it.
        let is_known = !job.args.as_ref().is_some_and(has_places);
        if is_known {
            return executor.prepare(job);
        }
        executor.complete(job);
        Ok(())
    }

    /// What the store knows of jobs with the names of this workflow's first jobs.
    pub(crate) async fn look_up_workflow(&self, args: &WorkflowArgs) -> Result<Vec<Node>, Rejection> {
        let mut stored = Vec::new();
        // A name that is about to be made is new.
        let Some(id) = &args.id else { return Ok(stored) };
        for step in args.recipe.steps.iter().take(callboard_protocol::caps::STEPS) {
            for item in [None, Some(0)] {
                let part = WorkflowStep { id: step.id.clone(), item, undo: false, round: 0 };
                stored.extend(self.job(&job_of(id, &part)).await?);
            }
        }
        Ok(stored)
    }
}

impl WorkflowHandle {
    fn listen(board: &Board, id: String) -> Self {
        let (end, _) = board.shared.watchers.listen(&watched(&id));
        WorkflowHandle { board: board.clone(), id, end }
    }

    /// The workflow's name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Asks for it to stop and to undo what was done; [`WorkflowHandle::end`] says when it has.
    ///
    /// # Errors
    /// When it has ended already.
    pub async fn cancel(&self, reason: &str) -> Result<(), Rejection> {
        let args = WorkflowCancelArgs { id: self.id.clone(), reason: Some(reason.into()) };
        self.board.send(Command::CancelWorkflow(args), Actor::new("handle"), None).await.map(drop)
    }

    /// Waits for the end and returns the record.
    ///
    /// # Errors
    /// When the board stops first.
    pub async fn end(mut self) -> Result<Workflow, WorkflowLost> {
        let record = (&mut self.end).await.map_err(|_| WorkflowLost::BoardStopped)?;
        from_node(&record).map_err(|error| WorkflowLost::Unreadable(error.to_string()))
    }
}

impl Drop for WorkflowHandle {
    fn drop(&mut self) {
        self.end.close();
        self.board.shared.watchers.unlisten(&watched(&self.id));
    }
}

/// How a workflow is known among the watched jobs: no job can have this name.
pub(crate) fn watched(id: &str) -> JobId {
    JobId::new(format!("workflow/{id}"))
}

fn of_step(step: &Step) -> DispatchArgs {
    DispatchArgs {
        kind: step.kind.clone(),
        args: step.args.clone(),
        queue: step.queue.clone(),
        timeout_ms: step.timeout_ms,
        max_attempts: step.max_attempts,
        retry: step.retry.clone(),
        ..DispatchArgs::default()
    }
}

fn of_compensation(undo: &Compensation) -> DispatchArgs {
    DispatchArgs {
        kind: undo.kind.clone(),
        args: undo.args.clone(),
        queue: undo.queue.clone(),
        timeout_ms: undo.timeout_ms,
        max_attempts: undo.max_attempts,
        retry: undo.retry.clone(),
        ..DispatchArgs::default()
    }
}

fn has_places(args: &Node) -> bool {
    match args {
        Node::String(text) => text.contains("${"),
        Node::Array(items) => items.iter().any(has_places),
        Node::Object(members) => members.iter().any(|(_, value)| has_places(value)),
        _ => false,
    }
}
