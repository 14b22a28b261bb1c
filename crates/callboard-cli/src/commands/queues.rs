//! `callboard queues`, `pause` and `resume`: what queues let through.

mod configure;

use super::each::each;
use crate::{
    api::Api,
    failure::{Outcome, exit},
    text::{
        duration,
        form::Output,
        output::{note, print},
        table::{Cell, Column},
    },
};
use callboard_protocol::{
    Key, Node, Object, from_node,
    job::JobState,
    queue::{BOARD, Queue, QueueArgs, Rate},
};
use clap::{Args, Subcommand};
use configure::ConfigureArgs;
use serde_json::json;
use std::collections::BTreeSet;

/// The arguments of `callboard queues`.
#[derive(Args)]
pub(crate) struct QueuesArgs {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    /// List the queues with their limits and what is in them
    Ls,
    /// Set limits of a queue, or of the whole board (`*`); what is not named stays as it is
    Configure(ConfigureArgs),
    /// Start nothing more from queues; what runs goes on
    Pause(PauseArgs),
    /// Start jobs from queues again
    Resume(PauseArgs),
}

/// The arguments of `callboard pause` and `callboard resume`.
#[derive(Args)]
pub(crate) struct PauseArgs {
    /// The queues
    #[arg(required_unless_present = "all", conflicts_with = "all", value_name = "QUEUE")]
    queues: Vec<String>,
    /// The whole board
    #[arg(long)]
    all: bool,
}

pub(crate) async fn queues(api: &Api, args: QueuesArgs, out: &Output) -> Outcome {
    match args.verb {
        None | Some(Verb::Ls) => list(api, out).await,
        Some(Verb::Configure(args)) => configure::configure(api, args, out).await,
        Some(Verb::Pause(args)) => pause(api, args, out).await,
        Some(Verb::Resume(args)) => resume(api, args, out).await,
    }
}

pub(crate) async fn pause(api: &Api, args: PauseArgs, out: &Output) -> Outcome {
    switch(api, args, "queues.pause", out).await
}

pub(crate) async fn resume(api: &Api, args: PauseArgs, out: &Output) -> Outcome {
    switch(api, args, "queues.resume", out).await
}

async fn switch(api: &Api, args: PauseArgs, command: &str, out: &Output) -> Outcome {
    let queues = if args.all { vec![BOARD.to_owned()] } else { args.queues };
    each(&queues, async |queue| {
        api.command(command, &QueueArgs { queue: queue.into() }, None).await?;
        let paused = command == "queues.pause";
        if out.record(&Node::from(&json!({ "v": 1, "queue": queue, "paused": paused })))? {
            return Ok(());
        }
        let name = if queue == BOARD { "the board" } else { queue };
        print(&format!("{name} {}", if paused { "is paused" } else { "goes on" }))
    })
    .await
}

/// The record of each queue with its name and the counts of its jobs.
async fn records(api: &Api) -> Result<Vec<Node>, crate::failure::Failure> {
    Ok(records_of(&api.state("", None).await?.data))
}

/// The same of a state that is here.
pub(crate) fn records_of(state: &Node) -> Vec<Node> {
    let queues = state.child("queues").and_then(Node::as_object).cloned().unwrap_or_default();
    let counts = state.at("/summary/queues").and_then(Node::as_object).cloned().unwrap_or_default();
    let names: BTreeSet<&str> = queues.keys().chain(counts.keys()).map(Key::as_str).collect();
    let record = |name: &str| {
        let mut record = queues.get(name).and_then(Node::as_object).cloned().unwrap_or_default();
        record.insert(Key::constant("name"), name.into());
        let counted = match name {
            BOARD => state.child("summary").and_then(Node::as_object).map(active),
            name => counts.get(name).and_then(Node::as_object).map(active),
        };
        record.insert(Key::constant("counts"), counted.unwrap_or_default().into());
        Node::from(record)
    };
    names.into_iter().map(record).collect()
}

/// The counts of what is not finished.
fn active(counts: &Object) -> Object {
    let of = |state: JobState| Some((Key::constant(state.as_str()), counts.get(state.as_str())?.clone()));
    JobState::ALL.into_iter().filter(|state| !state.is_terminal()).filter_map(of).collect()
}

pub(crate) const COLUMNS: [Column; 9] = [
    Column { name: "QUEUE", right: false },
    Column { name: "STATE", right: false },
    Column { name: "RUNNING", right: true },
    Column { name: "WAITING", right: true },
    Column { name: "LIMIT", right: true },
    Column { name: "PER KEY", right: true },
    Column { name: "RATE", right: true },
    Column { name: "KEY RATE", right: true },
    Column { name: "KINDS", right: false },
];

async fn list(api: &Api, out: &Output) -> Outcome {
    let records = records(api).await?;
    if out.records("queues", &records)? {
        return Ok(exit::OK);
    }
    if records.is_empty() {
        note("no queues: nothing waits, and nothing was configured");
        return Ok(exit::OK);
    }
    let row = |record: &Node| row(record, out.nothing()).map(Cell::from).into();
    let rows: Vec<Vec<Cell>> = records.iter().map(row).collect();
    out.table(&COLUMNS.each_ref(), &rows)?;
    Ok(exit::OK)
}

/// What [`COLUMNS`] say of a queue.
pub(crate) fn row(record: &Node, nothing: &str) -> [String; 9] {
    let name = record.child("name").and_then(Node::as_str).unwrap_or_default();
    let queue: Queue = from_node(record).unwrap_or_default();
    let count =
        |state: JobState| record.child("counts").and_then(|counts| counts.child(state.as_str())?.as_u64());
    let waiting: u64 = JobState::ALL
        .into_iter()
        .filter(|state| !state.is_terminal() && *state != JobState::Running)
        .filter_map(count)
        .sum();
    let number = |limit: Option<u32>| limit.map_or_else(|| nothing.to_owned(), |limit| limit.to_string());
    let speed = |rate: Option<&Rate>| rate.map_or_else(|| nothing.to_owned(), speed);
    let kinds: Vec<String> = queue.kinds.iter().map(|(kind, limit)| format!("{kind}={limit}")).collect();
    [
        name.into(),
        if queue.paused { "paused" } else { "open" }.into(),
        count(JobState::Running).unwrap_or(0).to_string(),
        waiting.to_string(),
        number(queue.concurrency),
        number(queue.key_concurrency),
        speed(queue.rate.as_ref()),
        speed(queue.key_rate.as_ref()),
        kinds.join(" "),
    ]
}

/// As it is written on the command line: `10/1m`, `10/1m+20`.
fn speed(rate: &Rate) -> String {
    let per = match rate.per_ms {
        ms if ms % 1000 == 0 => duration::span(ms).replace(' ', ""),
        ms => format!("{ms}ms"),
    };
    let burst = rate.burst.map(|burst| format!("+{burst}")).unwrap_or_default();
    format!("{}/{per}{burst}", rate.limit)
}
