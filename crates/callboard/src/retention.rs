//! Finished jobs that only the store has: they go when their time is over, or on request, in small steps.
//!
//! The core lets the jobs of the live state go and says so in the journal. Rows of the store are no state, so they go
//! without a word.

use crate::{Board, Retention, shared::Shared};
use callboard_core::Known;
use callboard_journal::{Prune, ReadError};
use callboard_protocol::{
    Actor, CommandKey, Node, Time, caps,
    command::{Accepted, Command},
    error::Rejection,
    job::{ClearArgs, JobState},
};
use std::{sync::Weak, time::Duration};

/// Between two looks at the store. A board on which nothing happens does not look at all.
const PAUSE: Duration = Duration::from_secs(3600);

/// Lets stored jobs go as long as the board is there.
pub(crate) async fn follow(shared: Weak<Shared>, retention: Retention) {
    let Some(mut changes) = shared.upgrade().map(|shared| shared.version.subscribe()) else { return };
    loop {
        let Some(board) = shared.upgrade() else { return };
        for state in JobState::ALL.into_iter().filter(|state| state.is_terminal()) {
            let until = Time(board.clock.now().0.saturating_sub_unsigned(retention.of(state)));
            let wanted = Prune { state, until, kind: None, queue: None, limit: caps::CLEAR_STEP };
            if let Err(error) = prune(&board, wanted).await {
                tracing::warn!(%error, "old jobs were not taken out of the store");
            }
        }
        drop(board);
        if changes.changed().await.is_err() {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Removes all that fits, step by step, with the logs; how many they were.
async fn prune(shared: &Shared, wanted: Prune) -> Result<u64, ReadError> {
    let mut count = 0;
    loop {
        let gone = shared.journal.prune(wanted.clone()).await?;
        count += gone.len() as u64;
        gone.iter().for_each(|id| shared.logs.forget(id));
        if gone.len() < wanted.limit {
            return Ok(count);
        }
    }
}

impl Board {
    /// `jobs.clear`: the live state first, one change for each step, then the store.
    pub(crate) async fn clear(
        &self,
        args: &ClearArgs,
        actor: Actor,
        key: Option<CommandKey>,
    ) -> Result<Accepted, Rejection> {
        let (mut key, mut deleted) = (key, 0);
        let accepted = loop {
            let command = Command::Clear(args.clone());
            let step = self.post((command, Known::default()), actor.clone(), key.take()).await?;
            deleted += step.result.child("deleted").and_then(Node::as_u64).unwrap_or(0);
            if step.dup || step.result.child("more") != Some(&Node::from(true)) {
                break step;
            }
        };
        let until = self.shared.clock.now().0.saturating_sub_unsigned(args.older_than_ms.unwrap_or(0));
        let fits = |state: &JobState| args.states.is_empty() || args.states.contains(state);
        for state in JobState::ALL.into_iter().filter(|state| state.is_terminal()).filter(fits) {
            let (kind, queue) = (args.kind.clone(), args.queue.clone());
            let wanted = Prune { state, until: Time(until), kind, queue, limit: caps::CLEAR_STEP };
            deleted += prune(&self.shared, wanted).await.map_err(crate::history::unreadable)?;
        }
        let result = [(callboard_protocol::Key::constant("deleted"), Node::from(deleted))];
        let result = result.into_iter().collect::<callboard_protocol::Object>().into();
        Ok(Accepted { result, ..accepted })
    }
}
