//! The job of a bulk: step by step through the ordinary commands, from where an earlier attempt was.
//!
//! Before each step the checkpoint says which jobs it is about. After a crash the step is done again: what was done
//! already is told from the jobs themselves, so each of them is counted once and nothing is done twice.

use super::tally;
use crate::{Board, search::Scan, shared::Shared};
use async_trait::async_trait;
use callboard_core::{Query, bulk};
use callboard_exec::{AttemptContext, Executor, Outcome};
use callboard_journal::Cursor;
use callboard_protocol::{
    Actor, JobId, Node, Time,
    bulk::{BulkAction, BulkArgs, BulkResult},
    caps,
    error::{ErrorCode, Rejection},
    from_node,
    job::Progress,
    to_node,
};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use std::sync::Weak;

/// The name of the checkpoint.
const CHECKPOINT: &str = "bulk";
/// Records that are looked at before a cancel is looked for.
const LOOK: usize = 500;

/// See the module. It holds the board weakly: a registry must not keep its board.
pub(super) struct Bulk {
    shared: Weak<Shared>,
}

/// Where a bulk is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    /// The moment that the query is about.
    at: Time,
    /// Jobs that the query means, as counted at the start.
    total: u64,
    /// Jobs up to here are done with, but for those of `step`.
    after: Option<String>,
    /// Jobs of the step under way, and the number of their last attempt before it.
    step: Vec<(JobId, u64)>,
    tally: BulkResult,
}

/// Why a bulk ended before its end.
enum Stop {
    /// With what was done by then.
    Cancelled(BulkResult),
    /// What was refused may be taken another time.
    Later(Rejection),
}

impl From<Rejection> for Stop {
    fn from(rejection: Rejection) -> Self {
        Stop::Later(rejection)
    }
}

impl Bulk {
    pub(super) fn new(shared: Weak<Shared>) -> Self {
        Bulk { shared }
    }
}

#[async_trait]
impl Executor for Bulk {
    fn check(&self, args: &Node) -> Result<(), Rejection> {
        let args: BulkArgs = from_node(args).map_err(|error| {
            Rejection::new(ErrorCode::InvalidArgs, format!("the arguments of a bulk do not fit: {error}"))
        })?;
        if args.dry_run {
            let message = "dryRun: a job does it for real; jobs.bulk answers a dry run";
            return Err(Rejection::new(ErrorCode::InvalidArgs, message));
        }
        bulk::check(&args).map(drop)
    }

    async fn execute(&self, attempt: AttemptContext) -> Outcome {
        let Some(shared) = self.shared.upgrade() else {
            return Outcome::retryable("stopped", "the board has stopped");
        };
        let args: BulkArgs = match from_node(&attempt.args) {
            Ok(args) => args,
            Err(error) => return Outcome::fatal("invalid_args", error.to_string()),
        };
        let query = match bulk::check(&args) {
            Ok(query) => query,
            Err(rejection) => return Outcome::fatal("invalid_args", rejection.message),
        };
        let actor = Actor::new(format!("job:{}", attempt.job_id));
        let run = Run { board: Board { shared }, args, query, actor, attempt };
        match Box::pin(run.finish()).await {
            Ok(tally) => match to_node(&tally) {
                Ok(result) => Outcome::Succeeded(result),
                Err(error) => Outcome::fatal("internal", error.to_string()),
            },
            Err(Stop::Cancelled(tally)) => match to_node(&tally) {
                Ok(result) => Outcome::CancelledWith(result),
                Err(error) => Outcome::fatal("internal", error.to_string()),
            },
            Err(Stop::Later(rejection)) => Outcome::retryable("not_taken", rejection.message),
        }
    }
}

/// One attempt.
struct Run {
    board: Board,
    args: BulkArgs,
    query: Query,
    /// Who sends its commands.
    actor: Actor,
    attempt: AttemptContext,
}

impl Run {
    async fn finish(self) -> Result<BulkResult, Stop> {
        let restored = self.attempt.restored(CHECKPOINT).and_then(|node| from_node::<Place>(node).ok());
        let mut place = match restored {
            Some(mut place) => {
                self.redo_step(&mut place).await?;
                place
            }
            None => self.begin().await?,
        };
        let after = match &place.after {
            Some(text) => Cursor::parse(text).map_err(|error| {
                Rejection::new(ErrorCode::Internal, format!("the checkpoint cannot be read: {error}"))
            })?,
            None => Cursor::at_end_of(place.at),
        };
        let mut scan = self.scan(after, place.at).await?;
        while self.plan_next(&mut scan, &mut place).await? {
            self.attempt.checkpoint(CHECKPOINT, node(&place)?).await?;
            self.do_step(&mut place).await?;
            self.tell(&place);
        }
        Ok(place.tally)
    }

    async fn scan(&self, after: Cursor, at: Time) -> Result<Scan, Stop> {
        Ok(Scan::open(&self.board, self.query.clone(), (Some(after), at), caps::PAGE_ROWS).await?)
    }

    /// Counts what is to be done, so that progress can be told.
    async fn begin(&self) -> Result<Place, Stop> {
        let at = self.args.at.unwrap_or_else(|| self.board.shared.clock.now());
        let mut scan = self.scan(Cursor::at_end_of(at), at).await?;
        let (mut total, mut looked) = (0, 0);
        while let Some(found) = scan.next().await? {
            total += u64::from(found.fits && found.place.id != self.attempt.job_id);
            looked += 1;
            if looked % LOOK == 0 {
                self.check_cancel(&BulkResult::default())?;
            }
        }
        Ok(Place { at, total, ..Place::default() })
    }

    /// Plans a step, or leaves behind how far it came.
    async fn plan_next(&self, scan: &mut Scan, place: &mut Place) -> Result<bool, Stop> {
        let planned = self.plan_step(scan, place).await;
        if matches!(planned, Err(Stop::Cancelled(_))) {
            self.attempt.checkpoint(CHECKPOINT, node(place)?).await?;
        }
        planned
    }

    /// Finds the jobs of the next step; `false` when there is nothing more to do.
    async fn plan_step(&self, scan: &mut Scan, place: &mut Place) -> Result<bool, Stop> {
        let mut looked = 0;
        loop {
            if looked % LOOK == 0 {
                self.check_cancel(&place.tally)?;
            }
            let Some(found) = scan.next().await? else { return Ok(!place.step.is_empty()) };
            looked += 1;
            if found.fits && found.place.id != self.attempt.job_id {
                self.plan_job(&found.place.id, place).await?;
            }
            place.after = Some(found.place.to_string());
            if place.step.len() >= caps::BULK_STEP {
                return Ok(true);
            }
        }
    }

    /// The job may have gone on since the scan began, so it is looked at once more.
    async fn plan_job(&self, id: &JobId, place: &mut Place) -> Result<(), Stop> {
        let record = self.board.job(id).await?.filter(|record| self.query.fits(record, place.at));
        let Some(record) = record else {
            tally::skip(&mut place.tally, "changed");
            return Ok(());
        };
        if place.tally.done + place.step.len() as u64 >= bulk::limit(&self.args) {
            tally::skip(&mut place.tally, "unconfirmed");
        } else if let Err(skip) = bulk::eligible(&self.args, &record) {
            tally::skip(&mut place.tally, skip.as_str());
        } else {
            let attempt = record.child("attempt").and_then(Node::as_u64).unwrap_or(0);
            place.step.push((id.clone(), attempt));
        }
        Ok(())
    }

    /// The step of an attempt that was cut off: what it has done is counted, the rest is done.
    async fn redo_step(&self, place: &mut Place) -> Result<(), Stop> {
        let mut left = Vec::new();
        for (id, attempt) in std::mem::take(&mut place.step) {
            let record = self.board.job(&id).await?;
            if bulk::was_done(&self.args, &self.actor, attempt, record.as_ref()) {
                place.tally.done += 1;
            } else {
                left.push((id, attempt));
            }
        }
        place.step = left;
        self.do_step(place).await
    }

    /// Sends the commands of the step, all at once: they share a commit.
    async fn do_step(&self, place: &mut Place) -> Result<(), Stop> {
        let step = std::mem::take(&mut place.step);
        let sent = join_all(step.iter().map(|(id, _)| Box::pin(self.send(id)))).await;
        let mut later = None;
        for ((id, _), sent) in step.iter().zip(sent) {
            match sent {
                Ok(()) => place.tally.done += 1,
                Err(rejection) => match rejection.code {
                    ErrorCode::NotFound | ErrorCode::Conflict => tally::skip(&mut place.tally, "changed"),
                    code if code.is_retryable() => later = Some(rejection),
                    _ => tally::fail(&mut place.tally, id, &rejection),
                },
            }
        }
        // The checkpoint still has the step, so the next attempt finds out what of it is done.
        later.map_or(Ok(()), |rejection| Err(Stop::Later(rejection)))
    }

    async fn send(&self, id: &JobId) -> Result<(), Rejection> {
        // Only new tags depend on the old ones.
        let record = match self.args.action {
            BulkAction::Tag => self.board.job(id).await?.unwrap_or_default(),
            _ => Node::Null,
        };
        let command = bulk::command(&self.args, id, &record);
        self.board.send(command, self.actor.clone(), None).await.map(drop)
    }

    fn tell(&self, place: &Place) {
        let handled = place.tally.handled();
        let total = place.total.max(handled);
        let value = if total == 0 { 1.0 } else { handled as f64 / total as f64 };
        let message = Some(format!("{handled} of {total}"));
        self.attempt.reporter.progress(Progress { value, message, ..Progress::default() });
    }

    fn check_cancel(&self, so_far: &BulkResult) -> Result<(), Stop> {
        if self.attempt.cancel.is_cancelled() { Err(Stop::Cancelled(so_far.clone())) } else { Ok(()) }
    }
}

fn node(place: &Place) -> Result<Node, Stop> {
    let made = to_node(place).map_err(|error| Rejection::new(ErrorCode::Internal, error.to_string()));
    Ok(made?)
}
