//! `jobs.bulk`: one action on all jobs that a query means. A dry run counts; the real one is a job of its own.

mod count;
mod run;
mod tally;

use crate::{Board, shared::Shared};
use callboard_core::{Known, bulk};
use callboard_exec::{KindInfo, Registry};
use callboard_protocol::{
    Actor, CommandKey, Node,
    bulk::{BulkArgs, KIND, QUEUE},
    caps,
    command::{Accepted, Command},
    error::{ErrorCode, Rejection},
    job::DispatchArgs,
    to_node,
};
use count::Count;
use std::sync::{Arc, PoisonError};

/// Tries of a bulk: it goes on where it was, so another one costs nothing.
const TRIES: u32 = 3;

impl Board {
    /// Answers a dry run with what it counts, and dispatches the job of a real one.
    pub(crate) async fn bulk(
        &self,
        mut args: BulkArgs,
        actor: Actor,
        key: Option<CommandKey>,
    ) -> Result<Accepted, Rejection> {
        let query = bulk::check(&args)?;
        if let Some(reason) = &mut args.args.reason {
            self.redactor().clean(reason);
        }
        let at = *args.at.get_or_insert_with(|| self.shared.clock.now());
        if args.dry_run {
            let version = *self.head().borrow();
            let count = Count::of(self, &args, (query, at)).await?;
            return Ok(Accepted { version, result: count.answer(&args, at)?, dup: false });
        }
        if bulk::limit(&args) < u64::MAX {
            let count = Count::of(self, &args, (query, at)).await?;
            bulk::check_confirmed(&args, count.eligible)?;
        }
        let input = to_node(&args).map_err(|error| Rejection::new(ErrorCode::Internal, error.to_string()))?;
        let dispatch = DispatchArgs {
            kind: KIND.into(),
            queue: Some(QUEUE.into()),
            title: Some(format!("{}: {}", args.action.as_str(), args.query)),
            args: Some(input),
            max_attempts: Some(TRIES),
            priority: Some(-caps::PRIORITY),
            ..DispatchArgs::default()
        };
        self.post((Command::Dispatch(Box::new(dispatch)), Known::default()), actor, key).await
    }
}

/// Makes the board able to run its own jobs.
pub(crate) fn register(shared: &Arc<Shared>) {
    let info = KindInfo {
        kind: KIND.into(),
        title: "Bulk".into(),
        description: "Does something to all jobs that a query means; `jobs.bulk` dispatches it.".into(),
        example: Node::object(),
        first_run: false,
    };
    let executor = Arc::new(run::Bulk::new(Arc::downgrade(shared)));
    let mut registry = shared.registry.write().unwrap_or_else(PoisonError::into_inner);
    registry.replace(info, executor).map(drop).expect("its name is made like an id");
}

/// The kinds that people can ask for; the board's own come from its commands.
pub(crate) fn offered(registry: &Registry) -> impl Iterator<Item = &KindInfo> {
    registry.kinds().filter(|info| info.kind != KIND)
}
