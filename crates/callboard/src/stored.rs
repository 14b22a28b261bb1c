//! What the store knows of jobs that a command names, read before the command is decided: the core reads nothing.

use crate::Board;
use callboard_core::Known;
use callboard_protocol::{Node, caps, command::Command, error::Rejection, job::DispatchArgs};

impl Board {
    /// Records of the jobs that a command names: as they are shown now, or from the store. The core knows better of
    /// those that it has; but one that is shown may have left its state, and then it must not be thought unknown.
    pub(crate) async fn look_up(&self, command: &Command) -> Result<Known, Rejection> {
        let as_of = *self.head().borrow();
        let records = self.records_for(command).await?;
        Ok(Known { as_of, records })
    }

    async fn records_for(&self, command: &Command) -> Result<Vec<Node>, Rejection> {
        match command {
            Command::Dispatch(args) => {
                let mut stored = self.records_of_needs(args).await?;
                if let Some(id) = &args.id {
                    stored.extend(self.job(id).await?);
                }
                Ok(stored)
            }
            Command::StartWorkflow(args) => self.look_up_workflow(args).await,
            Command::Retry(args) | Command::Delete(args) => Ok(Vec::from_iter(self.job(&args.id).await?)),
            _ => Ok(Vec::new()),
        }
    }

    /// The same, of what a new job depends on.
    pub(crate) async fn look_up_needs(&self, args: &DispatchArgs) -> Result<Known, Rejection> {
        let as_of = *self.head().borrow();
        let records = self.records_of_needs(args).await?;
        Ok(Known { as_of, records })
    }

    async fn records_of_needs(&self, args: &DispatchArgs) -> Result<Vec<Node>, Rejection> {
        let mut stored = Vec::new();
        // The core refuses more than it can take; there is no reason to look for them all.
        for id in args.depends_on.iter().take(caps::DEPENDENCIES) {
            stored.extend(self.job(id).await?);
        }
        Ok(stored)
    }
}
