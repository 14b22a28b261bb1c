//! `callboard wait ID|QUERY...`: until jobs are over, or in a state.

mod told;

use super::{
    bars::Bars,
    ps::{MOST, pages},
    until,
};
use crate::{
    api::Api,
    failure::{Failure, Outcome, exit},
    follow::{Connection, Interrupts, job_exit_code},
    place::Place,
    query::{checked, is_query},
    text::{
        duration,
        form::Output,
        output::{note, print},
        progress::{finished, live, short_id},
        signals::linked,
    },
};
use callboard_client::Client;
use callboard_protocol::{
    JobId,
    job::{Job, JobState},
    to_node,
};
use clap::Args;
use std::{str::FromStr, time::Duration};
use tokio::time::Instant;
use told::Told;

/// The arguments of `callboard wait`.
#[derive(Args)]
pub(crate) struct WaitArgs {
    /// The jobs: their ids or unique beginnings of them, or queries for those that there are now
    #[arg(required = true, value_name = "ID|QUERY")]
    ids: Vec<String>,
    /// What to wait for: `over`, or one of some states, for example state=running,succeeded
    #[arg(long = "for", value_name = "WHAT", default_value = "over")]
    wanted: Wanted,
    /// Give up after so long, for example 10m
    #[arg(long, value_name = "SPAN", value_parser = duration::parse)]
    timeout: Option<u64>,
}

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    /// The end, whichever.
    Over,
    /// One of these states.
    States(Vec<JobState>),
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "over" {
            return Ok(Wanted::Over);
        }
        let names = text.strip_prefix("state=").ok_or("write over, or for example state=succeeded")?;
        let state = |name: &str| {
            let known = || JobState::ALL.map(JobState::as_str).join(", ");
            JobState::parse(name).ok_or_else(|| format!("{name:?} is no state; states are {}", known()))
        };
        names.split(',').map(state).collect::<Result<_, _>>().map(Wanted::States)
    }
}

impl Wanted {
    /// Whether a job is there. One that has run was running, however short.
    fn is_met(&self, job: &Job) -> bool {
        match self {
            Wanted::Over => job.state.is_terminal(),
            Wanted::States(states) => {
                let has_run = states.contains(&JobState::Running) && job.started_at.is_some();
                has_run || states.contains(&job.state)
            }
        }
    }

    /// What the command ends with, for a job that nothing more happens to or that is where it should be.
    fn exit_code(&self, job: &Job) -> u8 {
        match self {
            Wanted::States(_) if self.is_met(job) => exit::OK,
            Wanted::States(_) if job.state == JobState::Succeeded => exit::CONFLICT,
            _ => job_exit_code(job),
        }
    }

    fn words(&self) -> String {
        match self {
            Wanted::Over => "over".into(),
            Wanted::States(states) => {
                states.iter().map(|state| state.as_str()).collect::<Vec<_>>().join(" or ")
            }
        }
    }
}

pub(crate) async fn wait(place: &Place, args: WaitArgs, out: &Output) -> Outcome {
    let deadline = args.timeout.map(|ms| Instant::now() + Duration::from_millis(ms));
    let api = Api::new(place.clone());
    let mut interrupts = Interrupts::listen()?;
    let mut ids = Vec::new();
    for text in &args.ids {
        ids.extend(meant(&api, text).await?);
    }
    let client = place.mirror().await?;
    let mut bars = Bars::new(out, place.studio(&out.screen));
    let mut told = Told::new(&ids);
    let (mut telemetry, mut connection) = (client.follow_telemetry(), Connection::open());
    let mut code = exit::OK;
    for id in &ids {
        let mut waited = std::pin::pin!(until::job(&api, &client, id, |job| args.wanted.is_met(job)));
        let job = loop {
            tokio::select! {
                job = &mut waited => break job?,
                () = late(deadline) => {
                    bars.clear();
                    return Err(timed_out(&client, id, &args.wanted));
                }
                () = interrupts.next() => {
                    bars.clear();
                    return Ok(exit::CANCELLED);
                }
                true = telemetry.changed() => if let Some(words) = connection.news(&telemetry.get().phase) {
                    bars.clear();
                    note(words);
                },
                // Those further down are shown meanwhile, and told when they have ended.
                () = bars.next() => told.draw(&mut bars, |id| client.job(id), &args.wanted, out)?,
            }
        };
        // The first job that did not do as it should decides.
        code = if code == exit::OK { args.wanted.exit_code(&job) } else { code };
        bars.clear();
        if told.is_first(id) {
            tell(&job, out, bars.studio())?;
        }
    }
    client.close().await;
    Ok(code)
}

/// The job of this name, or else those that the text asks for.
pub(super) async fn meant(api: &Api, text: &str) -> Result<Vec<JobId>, Failure> {
    let named = api.resolve(text).await;
    if !named.as_ref().is_err_and(|failure| failure.exit == exit::NOT_FOUND) || !is_query(text) {
        return named.map(|id| vec![id]);
    }
    let query = checked(&[text.to_owned()])?;
    let jobs = pages(api, &query, MOST).await?;
    let ids: Vec<JobId> = jobs.iter().filter_map(|job| job.child("id")?.as_str()).map(JobId::new).collect();
    match ids.is_empty() {
        true => Err(Failure::new(exit::NOT_FOUND, "not_found", format!("no job matches {text:?}"))),
        false => Ok(ids),
    }
}

async fn late(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn timed_out(client: &Client, id: &JobId, wanted: &Wanted) -> Failure {
    let state = client.job(id).map_or("not there", |job| job.state.as_str());
    let message = format!("{} is {state} and not {}", short_id(id), wanted.words());
    Failure::new(exit::TIMEOUT, "timeout", message).hint(format!("callboard logs {id} -f"))
}

fn tell(job: &Job, out: &Output, studio: Option<&str>) -> Result<(), Failure> {
    if out.record(&to_node(job).unwrap_or_default())? {
        return Ok(());
    }
    let line = match job.state.is_terminal() {
        true => finished(job, out.screen.unicode),
        false => live(job, crate::clock::now(), usize::MAX, out.screen.unicode),
    };
    print(&linked(&line, &job.id, studio))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::progress::tests::job;

    #[test]
    fn what_can_be_waited_for() {
        assert_eq!("over".parse(), Ok(Wanted::Over));
        assert_eq!(
            "state=running,failed".parse(),
            Ok(Wanted::States(vec![JobState::Running, JobState::Failed]))
        );
        for bad in ["", "done", "state=", "state=asleep", "state=running,", "running"] {
            assert!(bad.parse::<Wanted>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_exit_code_says_how_it_went() {
        let code = |wanted: &str, state| wanted.parse::<Wanted>().unwrap().exit_code(&job(state));
        assert_eq!(["succeeded", "failed", "cancelled"].map(|state| code("over", state)), [0, 1, 130]);
        assert_eq!(code("state=failed", "failed"), 0);
        assert_eq!(code("state=succeeded", "failed"), 1);
        assert_eq!(code("state=failed", "succeeded"), 4);
        assert_eq!(code("state=queued", "cancelled"), 130);
        // It has started, so it was running.
        assert_eq!(code("state=running", "succeeded"), 0);
    }
}
