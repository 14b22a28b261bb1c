//! A workflow as a handle: its steps, its end, and what can be asked of it.

use crate::{Client, ClientError, Code, View, client::Watch};
use callboard_protocol::{
    Node,
    command::Accepted,
    error::ErrorCode,
    frame::StatePosition,
    from_node, to_node,
    workflow::{Workflow, WorkflowArgs, WorkflowCancelArgs, WorkflowName, WorkflowRetryArgs},
};
use serde::Serialize;

/// A workflow on the board. Dropping the handle cancels nothing.
#[derive(Clone)]
pub struct WorkflowHandle {
    client: Client,
    id: String,
    /// Where its record can be seen; `None` for one that was there before: then in any mirror that is live.
    since: Option<StatePosition>,
}

impl Client {
    /// Starts a workflow under an id made here (unless `args` has one), so that it is accepted once.
    ///
    /// # Errors
    /// As [`Client::command`]; `invalid_args` with everything that is wrong with the recipe in
    /// [`ClientError::facts`].
    pub async fn start_workflow(&self, mut args: WorkflowArgs) -> Result<WorkflowHandle, ClientError> {
        let id = args.id.get_or_insert_with(|| uuid::Uuid::now_v7().to_string()).clone();
        let since = self.workflow_command("workflows.start", &args).await?.1;
        Ok(WorkflowHandle { client: self.clone(), id, since: Some(since) })
    }

    /// A handle to a workflow that exists.
    pub fn workflow(&self, id: impl Into<String>) -> WorkflowHandle {
        WorkflowHandle { client: self.clone(), id: id.into(), since: None }
    }

    /// All workflows of the mirror, the newest first.
    pub fn workflows(&self) -> Vec<Workflow> {
        let state = self.state();
        let members = state.child("workflows").and_then(Node::as_object);
        let mut found: Vec<Workflow> = members
            .into_iter()
            .flat_map(|members| members.iter())
            .filter_map(|(_, record)| from_node(record).ok())
            .collect();
        found.sort_by(|one, other| (other.created_at, &other.id).cmp(&(one.created_at, &one.id)));
        found
    }

    async fn workflow_command(
        &self,
        name: &str,
        args: &impl Serialize,
    ) -> Result<(Accepted, StatePosition), ClientError> {
        let args = to_node(args)
            .map_err(|error| ClientError::new(Code::Server(ErrorCode::InvalidArgs), error.to_string()))?;
        self.carry_out_at(name, args, format!("{name}:{}", uuid::Uuid::now_v7())).await
    }
}

impl WorkflowHandle {
    /// Its name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its record, if the mirror has it.
    pub fn record(&self) -> Option<Workflow> {
        record(&self.client.state(), &self.id)
    }

    /// Waits until nothing more happens to it, and returns its record: `succeeded`, `failed` or `cancelled`.
    ///
    /// # Errors
    /// `not_found` when it is not in the state, or no longer; why the client is closed; `unsupported` without a mirror.
    pub async fn wait(&self) -> Result<Workflow, ClientError> {
        let mut steps = self.follow();
        while let Some(workflow) = steps.next().await? {
            if workflow.state.is_terminal() {
                return Ok(workflow);
            }
        }
        Err(self.missing())
    }

    /// Follows the record: as it is now, then after each change.
    pub fn follow(&self) -> WorkflowStream {
        WorkflowStream { handle: self.clone(), views: self.client.follow(), started: false, last: None }
    }

    /// Stops all its jobs, then undoes what was done. Asking again does no harm.
    ///
    /// # Errors
    /// As [`Client::command`]; `conflict` when it has succeeded or failed.
    pub async fn cancel(&self, reason: Option<&str>) -> Result<Accepted, ClientError> {
        let args = WorkflowCancelArgs { id: self.id.clone(), reason: reason.map(str::to_owned) };
        Ok(self.client.workflow_command("workflows.cancel", &args).await?.0)
    }

    /// Runs it again from the steps that did not succeed; the handle that comes back waits for the next end.
    ///
    /// # Errors
    /// As [`Client::command`]; `conflict` when it is under way or has succeeded.
    pub async fn retry(&self) -> Result<WorkflowHandle, ClientError> {
        self.retry_from(Vec::new()).await
    }

    /// The same, also from steps that succeeded, with all that need them; so also one that has succeeded.
    ///
    /// # Errors
    /// As [`WorkflowHandle::retry`], and `invalid_args` for a step that is not there.
    pub async fn retry_from(&self, from: Vec<String>) -> Result<WorkflowHandle, ClientError> {
        let args = WorkflowRetryArgs { id: self.id.clone(), from };
        let since = self.client.workflow_command("workflows.retry", &args).await?.1;
        Ok(WorkflowHandle { since: Some(since), ..self.clone() })
    }

    /// Takes it out of the state, when it has ended; its jobs stay.
    ///
    /// # Errors
    /// As [`Client::command`]; `conflict` when it is under way.
    pub async fn delete(&self) -> Result<Accepted, ClientError> {
        Ok(self.client.workflow_command("workflows.delete", &self.name()).await?.0)
    }

    fn name(&self) -> WorkflowName {
        WorkflowName { id: self.id.clone() }
    }

    fn missing(&self) -> ClientError {
        let message = format!("there is no workflow {:?} in the live state", self.id);
        ClientError::new(Code::Server(ErrorCode::NotFound), message)
    }

    fn reached(&self, view: &View) -> bool {
        self.since.as_ref().map_or(view.live, |since| view.shows(since))
    }
}

/// The record of a workflow as it changes.
pub struct WorkflowStream {
    handle: WorkflowHandle,
    views: Watch<View>,
    started: bool,
    last: Option<Node>,
}

impl WorkflowStream {
    /// The next record that differs from the one before; several changes may become one. `None` when it is not, or no
    /// longer, in the state, and after the record of its end. Cancel-safe.
    ///
    /// # Errors
    /// Why the client is closed; `unsupported` without a mirror.
    pub async fn next(&mut self) -> Result<Option<Workflow>, ClientError> {
        if !self.handle.client.has_mirror() {
            let message = "following a workflow needs a client with a mirror";
            return Err(ClientError::new(Code::Server(ErrorCode::Unsupported), message));
        }
        loop {
            if std::mem::replace(&mut self.started, true) && !self.views.changed().await {
                return Err(self.handle.client.closed());
            }
            let view = self.views.get();
            if !self.handle.reached(&view) {
                continue;
            }
            let id = &self.handle.id;
            let Some(now) = view.state.child("workflows").and_then(|workflows| workflows.child(id)) else {
                return Ok(None);
            };
            if self.last.as_ref() == Some(now) {
                continue;
            }
            self.last = Some(now.clone());
            let workflow = from_node(now)
                .map_err(|error| ClientError::new(Code::Server(ErrorCode::Internal), error.to_string()))?;
            return Ok(Some(workflow));
        }
    }
}

fn record(state: &Node, id: &str) -> Option<Workflow> {
    from_node(state.child("workflows")?.child(id)?).ok()
}

impl std::fmt::Debug for WorkflowHandle {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("WorkflowHandle").field("id", &self.id).finish_non_exhaustive()
    }
}
