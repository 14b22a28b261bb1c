//! `callboard workflow`: recipes are run and followed, workflows listed, shown, cancelled, run again and removed.

mod graph;
mod run;

use super::until;
use crate::{
    api::Api,
    clock::now,
    commands::each::each,
    failure::{Failure, Outcome, exit},
    place::Place,
    text::{
        clean::clean,
        form::Output,
        output::{note, print},
        progress::short_id,
        table::{Cell, Column},
    },
};
use callboard_protocol::{
    JobId, Node, Time, caps, from_node,
    workflow::{Workflow, WorkflowCancelArgs, WorkflowName},
};
use clap::{Args, Subcommand};
use serde_json::json;
use std::time::Duration;

/// The arguments of `callboard workflow`.
#[derive(Args)]
pub(crate) struct WorkflowArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Run a recipe and show how far it is
    Run(run::RunArgs),
    /// List the workflows, the newest first
    Ls,
    /// Show everything about a workflow
    Get(NameArgs),
    /// Stop workflows and undo what they did
    Cancel(CancelArgs),
    /// Run a workflow that has ended again, from the steps that did not succeed or that are named
    Retry(run::RetryArgs),
    /// Remove workflows that have ended; their jobs stay
    Rm(NamesArgs),
}

#[derive(Args)]
struct NamesArgs {
    /// The workflows: their ids or unique beginnings of them
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
}

#[derive(Args)]
struct NameArgs {
    /// The workflow: its id or a unique beginning of it
    id: String,
}

#[derive(Args)]
struct CancelArgs {
    /// The workflow: its id or a unique beginning of it
    id: String,
    /// Why, for the record
    #[arg(long)]
    reason: Option<String>,
    /// Do not wait until it has stopped and undone what it did
    #[arg(long)]
    no_wait: bool,
}

pub(crate) async fn workflow(place: &Place, args: WorkflowArgs, out: &Output) -> Outcome {
    let api = Api::new(place.clone());
    match args.verb {
        Verb::Run(args) => Box::pin(run::run(place, args, out)).await,
        Verb::Ls => list(&api, out).await,
        Verb::Get(args) => get(&api, args, out).await,
        Verb::Cancel(args) => cancel(&api, args, out).await,
        Verb::Retry(args) => {
            let (_, workflow) = named(&api, &args.id).await?;
            Box::pin(run::retry(place, workflow.id, args, out)).await
        }
        Verb::Rm(args) => remove(&api, args, out).await,
    }
}

/// All workflows of the state, the newest first.
async fn all(api: &Api) -> Result<Vec<(Node, Workflow)>, Failure> {
    let records: Vec<Node> = match api.state("/workflows", None).await {
        Ok(state) => state.data.as_object().map_or_else(Vec::new, |workflows| {
            workflows.iter().map(|(_, workflow)| workflow.clone()).collect()
        }),
        // A board without workflows has no such part.
        Err(failure) if failure.exit == exit::NOT_FOUND => Vec::new(),
        Err(failure) => return Err(failure),
    };
    let mut read = Vec::with_capacity(records.len());
    for record in records {
        let workflow = typed(&record)?;
        read.push((record, workflow));
    }
    read.sort_by(|(_, one), (_, other)| (other.created_at, &other.id).cmp(&(one.created_at, &one.id)));
    Ok(read)
}

fn typed(record: &Node) -> Result<Workflow, Failure> {
    from_node(record).map_err(|error| {
        Failure::new(
            exit::NOT_CONNECTED,
            "protocol",
            format!("the record of a workflow cannot be read: {error}"),
        )
        .hint("are this program and the server of one version?")
    })
}

const COLUMNS: [Column; 6] = [
    Column { name: "", right: false },
    Column { name: "ID", right: false },
    Column { name: "NAME", right: false },
    Column { name: "STATE", right: false },
    Column { name: "STEPS", right: true },
    Column { name: "TOOK", right: true },
];

async fn list(api: &Api, out: &Output) -> Outcome {
    let workflows = all(api).await?;
    let records: Vec<Node> = workflows.iter().map(|(record, _)| record.clone()).collect();
    if out.records("workflows", &records)? {
        return Ok(exit::OK);
    }
    if workflows.is_empty() {
        note("no workflows; callboard workflow run FILE starts one");
        return Ok(exit::OK);
    }
    let now = now();
    let rows: Vec<Vec<Cell>> = workflows.iter().map(|(_, workflow)| row(workflow, now, out)).collect();
    out.table(&COLUMNS.each_ref(), &rows)?;
    Ok(exit::OK)
}

fn row(workflow: &Workflow, now: Time, out: &Output) -> Vec<Cell> {
    let over = workflow.steps.values().filter(|run| run.state.is_terminal()).count();
    let (sign, style) = graph::of_workflow(workflow.state, out.screen.unicode);
    vec![
        Cell::styled(sign, style),
        short_id(&JobId::new(workflow.id.as_str())).into(),
        clean(&workflow.name).into_owned().into(),
        workflow.state.as_str().into(),
        format!("{over}/{}", workflow.steps.len()).into(),
        graph::took(workflow, now).into(),
    ]
}

/// The workflow that a text names: its id, or a unique beginning of it.
async fn named(api: &Api, text: &str) -> Result<(Node, Workflow), Failure> {
    let mut found: Vec<(Node, Workflow)> =
        all(api).await?.into_iter().filter(|(_, workflow)| workflow.id.starts_with(text)).collect();
    if let Some(at) = found.iter().position(|(_, workflow)| workflow.id == text) {
        return Ok(found.swap_remove(at));
    }
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(Failure::new(exit::NOT_FOUND, "not_found", format!("no workflow matches {text:?}"))
            .hint("callboard workflow ls")),
        count => {
            let ids: Vec<&str> = found.iter().take(5).map(|(_, workflow)| workflow.id.as_str()).collect();
            Err(Failure::new(exit::USAGE, "ambiguous", format!("{count} workflows match {text:?}"))
                .hint(ids.join("\n")))
        }
    }
}

async fn get(api: &Api, args: NameArgs, out: &Output) -> Outcome {
    let (record, workflow) = named(api, &args.id).await?;
    if out.record(&record)? {
        return Ok(exit::OK);
    }
    for line in graph::whole(&workflow, now(), out.screen.unicode) {
        print(&line)?;
    }
    Ok(exit::OK)
}

/// A job is asked to stop and killed after its grace; then something may have to be undone.
const WAIT: Duration = Duration::from_millis(3 * (caps::GRACE_MS + 5_000));

async fn cancel(api: &Api, args: CancelArgs, out: &Output) -> Outcome {
    let (_, workflow) = named(api, &args.id).await?;
    let command = WorkflowCancelArgs { id: workflow.id.clone(), reason: args.reason };
    api.command("workflows.cancel", &command, None).await?;
    let (_, mut now) = named(api, &workflow.id).await?;
    if !args.no_wait && !now.state.is_terminal() {
        let client = api.mirror().await?;
        let ended = tokio::time::timeout(WAIT, until::workflow_end(&client, &workflow.id)).await;
        client.close().await;
        now = ended.ok().flatten().unwrap_or(now);
    }
    if out.record(&Node::from(&json!({ "v": 1, "id": now.id, "state": now.state })))? {
        return Ok(exit::OK);
    }
    print(&format!("{} {}", short_id(&JobId::new(now.id.as_str())), now.state.as_str()))?;
    Ok(exit::OK)
}

async fn remove(api: &Api, args: NamesArgs, out: &Output) -> Outcome {
    each(&args.ids, async |text| {
        let (_, workflow) = named(api, text).await?;
        let id = workflow.id;
        api.command("workflows.delete", &WorkflowName { id: id.clone() }, None).await?;
        match out.record(&Node::from(&json!({ "v": 1, "id": id, "removed": true })))? {
            true => Ok(()),
            false => print(&id),
        }
    })
    .await
}
