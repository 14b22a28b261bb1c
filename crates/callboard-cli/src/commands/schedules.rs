//! `callboard schedules`: what is started at times.

use super::{each::each, start::what::WhatArgs};
use crate::{
    api::Api,
    clock::now,
    failure::{Outcome, exit},
    text::{
        clean::clean,
        duration,
        form::Output,
        output::{note, print},
        table::{Cell, Column},
    },
};
use callboard_protocol::{
    Node, Time, from_node,
    schedule::{CatchUp, Overlap, Schedule, ScheduleArgs, ScheduleName},
};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

/// The arguments of `callboard schedules`.
#[derive(Args)]
pub(crate) struct SchedulesArgs {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    /// List the schedules
    Ls,
    /// Make a schedule, or replace the one with this name
    Put(Box<PutArgs>),
    /// Take schedules away; their jobs stay
    Rm(NamesArgs),
    /// Start their jobs now, beside their times
    Trigger(NamesArgs),
}

#[derive(Args)]
struct NamesArgs {
    /// The schedules
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
}

#[derive(Args)]
struct PutArgs {
    /// Its name
    name: String,
    /// When: five fields, or six with seconds first, or a word such as @daily
    #[arg(long, value_name = "EXPRESSION", required_unless_present = "every", conflicts_with = "every")]
    cron: Option<String>,
    /// When: every so often from now on, for example 10m
    #[arg(long, value_name = "SPAN", value_parser = duration::parse)]
    every: Option<u64>,
    /// The time zone of the cron expression, for example Europe/Berlin [default: UTC]
    #[arg(long, value_name = "ZONE", requires = "cron")]
    time_zone: Option<String>,
    /// When the job of the last time is not finished
    #[arg(long, value_name = "POLICY", default_value = "skip")]
    overlap: OverlapChoice,
    /// When times were missed because no server was there
    #[arg(long, value_name = "POLICY", default_value = "skip")]
    catch_up: CatchUpChoice,
    /// Start nothing until it is put again without this
    #[arg(long)]
    paused: bool,
    #[command(flatten)]
    what: WhatArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum OverlapChoice {
    /// This time is left out
    Skip,
    /// The new job waits like any other
    Queue,
    /// The job of the last time is cancelled
    CancelPrevious,
}

#[derive(Clone, Copy, ValueEnum)]
enum CatchUpChoice {
    /// They are left out
    Skip,
    /// One job for all of them
    One,
    /// A job for each, within reason
    All,
}

pub(crate) async fn schedules(api: &Api, args: SchedulesArgs, out: &Output) -> Outcome {
    match args.verb {
        None | Some(Verb::Ls) => list(api, out).await,
        Some(Verb::Put(args)) => put(api, *args, out).await,
        Some(Verb::Rm(args)) => remove(api, args, out).await,
        Some(Verb::Trigger(args)) => trigger(api, args, out).await,
    }
}

const COLUMNS: [Column; 8] = [
    Column { name: "NAME", right: false },
    Column { name: "WHEN", right: false },
    Column { name: "ZONE", right: false },
    Column { name: "KIND", right: false },
    Column { name: "NEXT", right: true },
    Column { name: "RUNS", right: true },
    Column { name: "SKIPPED", right: true },
    Column { name: "STATUS", right: false },
];

async fn list(api: &Api, out: &Output) -> Outcome {
    let records: Vec<Node> = match api.state("/schedules", None).await {
        Ok(state) => state.data.as_object().map_or_else(Vec::new, |schedules| {
            schedules.iter().map(|(_, schedule)| schedule.clone()).collect()
        }),
        // A board without schedules has no such part.
        Err(failure) if failure.exit == exit::NOT_FOUND => Vec::new(),
        Err(failure) => return Err(failure),
    };
    if out.records("schedules", &records)? {
        return Ok(exit::OK);
    }
    if records.is_empty() {
        note("no schedules; callboard schedules put NAME --every 10m KIND makes one");
        return Ok(exit::OK);
    }
    let now = now();
    let schedules = records.iter().filter_map(|record| from_node::<Schedule>(record).ok());
    let rows: Vec<Vec<Cell>> = schedules.map(|schedule| row(&schedule, now, out.nothing())).collect();
    out.table(&COLUMNS.each_ref(), &rows)?;
    Ok(exit::OK)
}

fn row(schedule: &Schedule, now: Time, nothing: &str) -> Vec<Cell> {
    let every = || schedule.every_ms.map(|ms| format!("every {}", duration::span(ms)));
    let when = schedule.cron.clone().or_else(every).unwrap_or_default();
    let next = schedule.next_at.map(|at| format!("in {}", duration::span(at.since_ms(now))));
    let status = match &schedule.error {
        Some(error) => format!("refused: {error}"),
        None if schedule.paused => "paused".into(),
        None => schedule.last_job.as_ref().map(|job| format!("last {job}")).unwrap_or_default(),
    };
    vec![
        schedule.id.as_str().into(),
        clean(&when).into_owned().into(),
        schedule.time_zone.as_str().into(),
        schedule.job.kind.as_str().into(),
        next.unwrap_or_else(|| nothing.into()).into(),
        schedule.runs.to_string().into(),
        schedule.skipped.to_string().into(),
        clean(status.lines().next().unwrap_or_default()).into_owned().into(),
    ]
}

async fn put(api: &Api, args: PutArgs, out: &Output) -> Outcome {
    let schedule = ScheduleArgs {
        id: args.name,
        cron: args.cron,
        every_ms: args.every,
        time_zone: args.time_zone,
        job: args.what.dispatch()?,
        overlap: match args.overlap {
            OverlapChoice::Skip => Overlap::Skip,
            OverlapChoice::Queue => Overlap::Queue,
            OverlapChoice::CancelPrevious => Overlap::CancelPrevious,
        },
        catch_up: match args.catch_up {
            CatchUpChoice::Skip => CatchUp::Skip,
            CatchUpChoice::One => CatchUp::One,
            CatchUpChoice::All => CatchUp::All,
        },
        paused: args.paused,
    };
    let accepted = api.command("schedules.put", &schedule, None).await?;
    let next = accepted.result.child("nextAt").cloned().unwrap_or_default();
    if out.record(&Node::from(&json!({ "v": 1, "id": schedule.id, "nextAt": next })))? {
        return Ok(exit::OK);
    }
    let next = next.as_str().map_or_else(|| "it is paused".to_owned(), |at| format!("next at {at}"));
    print(&format!("{}: {next}", schedule.id))?;
    Ok(exit::OK)
}

async fn remove(api: &Api, args: NamesArgs, out: &Output) -> Outcome {
    each(&args.names, async |name| {
        api.command("schedules.delete", &ScheduleName { id: name.into() }, None).await?;
        match out.record(&Node::from(&json!({ "v": 1, "id": name, "removed": true })))? {
            true => Ok(()),
            false => print(name),
        }
    })
    .await
}

/// Prints the ids of the jobs, for `callboard wait`.
async fn trigger(api: &Api, args: NamesArgs, out: &Output) -> Outcome {
    each(&args.names, async |name| {
        let accepted = api.command("schedules.trigger", &ScheduleName { id: name.into() }, None).await?;
        let job = accepted.result.child("job").and_then(Node::as_str).unwrap_or_default();
        match out.record(&Node::from(&json!({ "v": 1, "id": name, "job": job })))? {
            true => Ok(()),
            false => print(job),
        }
    })
    .await
}
