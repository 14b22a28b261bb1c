//! What the board does for an attempt on request: keeps its checkpoints, starts jobs on its behalf.

use crate::{Board, shared::Shared, writer::Message};
use async_trait::async_trait;
use callboard_core::{News, Report};
use callboard_exec::Runtime;
use callboard_protocol::{
    Actor, JobId, Node,
    command::{Accepted, Command},
    error::{ErrorCode, Rejection},
    job::DispatchArgs,
};
use std::sync::{Arc, Weak};
use tokio::sync::oneshot;

/// See the module. It holds the board weakly: an executor that keeps its context must not keep a closed board.
pub(crate) struct AttemptRuntime {
    shared: Weak<Shared>,
    id: JobId,
    attempt: u32,
}

impl AttemptRuntime {
    pub(crate) fn new(shared: &Arc<Shared>, id: JobId, attempt: u32) -> Self {
        AttemptRuntime { shared: Arc::downgrade(shared), id, attempt }
    }

    fn shared(&self) -> Result<Arc<Shared>, Rejection> {
        self.shared.upgrade().ok_or_else(gone)
    }
}

#[async_trait]
impl Runtime for AttemptRuntime {
    async fn checkpoint(&self, key: &str, value: Node) -> Result<(), Rejection> {
        let news = News::Checkpoint { key: key.to_owned(), value };
        let report = Report { id: self.id.clone(), attempt: self.attempt, news };
        let (reply, answer) = oneshot::channel::<Result<Accepted, Rejection>>();
        let message = Message::Request { report, reply };
        self.shared()?.inbox.send(message).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?.map(drop)
    }

    async fn spawn_child(&self, child: DispatchArgs) -> Result<JobId, Rejection> {
        let board = Board { shared: self.shared()? };
        let actor = Actor::new(format!("job:{}", self.id));
        let child = DispatchArgs { parent_id: Some(self.id.clone()), ..child };
        let accepted = board.send(Command::Dispatch(Box::new(child)), actor, None).await?;
        let id = accepted.result.child("id").and_then(Node::as_str).unwrap_or_default();
        Ok(JobId::new(id))
    }
}

fn gone() -> Rejection {
    Rejection::new(ErrorCode::Overloaded, "the board has stopped; the job goes on after the next start")
}
