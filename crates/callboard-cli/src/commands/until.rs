//! Waiting on the mirror: what is waited for is seen when the server tells it, and nobody asks over and over.

use crate::{
    api::{Api, typed},
    failure::Failure,
};
use callboard_client::Client;
use callboard_protocol::{JobId, job::Job, workflow::Workflow};
use std::time::Duration;

/// How often the server is asked for a job that the mirror does not hold.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Waits until the job is where it should be, or has ended.
pub(super) async fn job(
    api: &Api,
    client: &Client,
    id: &JobId,
    is_met: impl Fn(&Job) -> bool,
) -> Result<Job, Failure> {
    let mut views = client.follow();
    loop {
        let view = views.get();
        let job = match view.job(id) {
            // The newest finished ones are in the mirror; the others, and those that it never saw, are in the store.
            None if view.live => Some(typed(&api.job(id).await?)?),
            job => job,
        };
        match job {
            Some(job) if job.state.is_terminal() || is_met(&job) => return Ok(job),
            _ => drop(tokio::time::timeout(ASK_AGAIN, views.changed()).await),
        }
    }
}

/// Waits until the workflow has ended; `None` when it is gone, or the connection is closed for good.
pub(super) async fn workflow_end(client: &Client, id: &str) -> Option<Workflow> {
    let mut views = client.follow();
    loop {
        let view = views.get();
        match view.workflow(id) {
            Some(workflow) if workflow.state.is_terminal() => return Some(workflow),
            None if view.live => return None,
            _ if !views.changed().await => return None,
            _ => {}
        }
    }
}
