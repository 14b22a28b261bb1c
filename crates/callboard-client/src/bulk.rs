//! One action on all jobs that a query means: counted first, then done by a job that can be awaited.

use crate::{Client, ClientError, Code, JobHandle};
use callboard_protocol::{
    JobId, Node,
    bulk::{BulkArgs, BulkCount, BulkResult},
    error::ErrorCode,
    from_node,
    job::{Job, JobState},
    to_node,
};

/// A bulk under way: a job like any other. Dropping the handle cancels nothing.
#[derive(Clone, Debug)]
pub struct BulkHandle {
    /// The job that does it: its progress, its log, its cancel.
    pub job: JobHandle,
}

/// How a bulk ended.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkEnd {
    /// `cancelled` when somebody stopped it; `failed` when it could not go on.
    pub state: JobState,
    /// What was done by then.
    pub counts: BulkResult,
}

impl Client {
    /// Counts what an action would do, and does nothing.
    ///
    /// # Errors
    /// As [`Client::command`]; `invalid_args` for a text that is no query: [`ClientError::facts`] has the `column` and
    /// `length` of what is wrong.
    pub async fn count_bulk(&self, args: BulkArgs) -> Result<BulkCount, ClientError> {
        let counted = self.send_bulk(BulkArgs { dry_run: true, ..args }).await?;
        from_node(&counted).map_err(unreadable)
    }

    /// Begins an action on all jobs that a query means. With the `at` of a count, on those that were counted.
    ///
    /// # Errors
    /// As [`Client::count_bulk`]; `conflict` when more than [`callboard_protocol::caps::BULK_UNCONFIRMED`] jobs would
    /// be deleted and `confirm` is not their number.
    pub async fn bulk(&self, args: BulkArgs) -> Result<BulkHandle, ClientError> {
        let begun = self.send_bulk(BulkArgs { dry_run: false, ..args }).await?;
        let id = begun.child("id").and_then(Node::as_str).ok_or_else(|| unreadable("it names no job"))?;
        Ok(BulkHandle { job: self.handle(JobId::new(id)) })
    }

    async fn send_bulk(&self, args: BulkArgs) -> Result<Node, ClientError> {
        let args = to_node(&args)
            .map_err(|error| ClientError::new(Code::Server(ErrorCode::InvalidArgs), error.to_string()))?;
        // A key, so that a broken connection does not do it twice.
        let key = format!("bulk:{}", uuid::Uuid::now_v7());
        Ok(self.command("jobs.bulk", args, Some(key)).await?.result)
    }
}

impl BulkHandle {
    /// Waits for the end and says what was done.
    ///
    /// # Errors
    /// As [`JobHandle::wait`].
    pub async fn wait(&self) -> Result<BulkEnd, ClientError> {
        let Job { state, result, .. } = self.job.wait().await?;
        let counts = result.map(|result| from_node(&result).map_err(unreadable)).transpose()?;
        Ok(BulkEnd { state, counts: counts.unwrap_or_default() })
    }
}

fn unreadable(error: impl std::fmt::Display) -> ClientError {
    ClientError::new(Code::Server(ErrorCode::Internal), format!("the answer cannot be read: {error}"))
}
