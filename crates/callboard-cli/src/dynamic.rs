//! Completion of ids, kinds, queues, schedules and workflows, asked of the server while somebody types:
//! `source <(COMPLETE=bash callboard)`.
//!
//! Everything that this needs of `clap_complete`'s unstable half is here, so that it can go without a trace. Whatever fails
//! is silent: somebody who types has not asked for an error.

use crate::{
    api::Api,
    cli::Cli,
    globals::{ColorWhen, Globals},
    place::Place,
};
use callboard_protocol::{Key, Node};
use clap::{Arg, Command, CommandFactory as _};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use std::time::Duration;

/// What a person waits for without noticing.
const BUDGET: Duration = Duration::from_millis(150);
/// Jobs that are offered: the newest.
const JOBS: usize = 50;

/// Answers a shell that asks, and ends the process; does nothing when this is an ordinary run.
pub(crate) fn answer() {
    clap_complete::CompleteEnv::with_factory(|| with_values(Cli::command(), "")).bin("callboard").complete();
}

/// What a value of the command line names.
#[derive(Clone, Copy, Debug)]
enum Thing {
    Job,
    Kind,
    Queue,
    Schedule,
    Workflow,
}

/// The command with candidates for the values of its arguments.
fn with_values(command: Command, parent: &str) -> Command {
    let name = command.get_name().to_owned();
    let command = command.mut_args(|arg| match (parent, arg.get_id().as_str()) {
        ("schedules", "name" | "names") => offer(arg, Thing::Schedule),
        ("workflow", "id") => offer(arg, Thing::Workflow),
        (_, "id" | "ids" | "of" | "after") => offer(arg, Thing::Job),
        (_, "kind") => offer(arg, Thing::Kind),
        (_, "queue" | "queues") => offer(arg, Thing::Queue),
        _ => arg,
    });
    command.mut_subcommands(|below| with_values(below, &name))
}

fn offer(arg: Arg, thing: Thing) -> Arg {
    arg.add(ArgValueCandidates::new(move || candidates(thing).unwrap_or_default()))
}

fn candidates(thing: Thing) -> Option<Vec<CompletionCandidate>> {
    let api = Api::new(Place::find(&globals()).ok()?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let asked = async { tokio::time::timeout(BUDGET, values(&api, thing)).await.ok()? };
    let values = runtime.block_on(asked)?;
    let candidate = |(value, about): (String, String)| {
        let about = crate::text::clean::clean(&about).into_owned();
        CompletionCandidate::new(value).help((!about.is_empty()).then(|| about.into()))
    };
    Some(values.into_iter().map(candidate).collect())
}

/// Names, each with a few words about it.
async fn values(api: &Api, thing: Thing) -> Option<Vec<(String, String)>> {
    let text =
        |node: &Node, member: &str| node.child(member).and_then(Node::as_str).unwrap_or_default().to_owned();
    let names = |object: Option<&Node>| {
        let keys = object.and_then(Node::as_object).into_iter().flat_map(|object| object.keys());
        keys.map(|key: &Key| (key.as_str().to_owned(), String::new())).collect::<Vec<_>>()
    };
    match thing {
        Thing::Job => {
            let page = api.search("", None, JOBS).await.ok()?;
            let about = |job: &Node| format!("{} {}", text(job, "state"), text(job, "title"));
            Some(page.jobs.iter().map(|job| (text(job, "id"), about(job))).collect())
        }
        Thing::Kind => {
            let page: Node = api.get("/api/kinds").await.ok()?;
            let Some(Node::Array(kinds)) = page.child("kinds") else { return None };
            Some(kinds.iter().map(|kind| (text(kind, "kind"), text(kind, "title"))).collect())
        }
        Thing::Queue => {
            let mut queues = names(Some(&api.state("/queues", None).await.ok()?.data));
            let counted = api.state("/summary/queues", None).await.ok().map(|state| state.data);
            queues.extend(names(counted.as_ref()));
            queues.sort();
            queues.dedup();
            Some(queues)
        }
        Thing::Schedule => Some(names(Some(&api.state("/schedules", None).await.ok()?.data))),
        Thing::Workflow => Some(names(Some(&api.state("/workflows", None).await.ok()?.data))),
    }
}

/// Which server: as the environment says, and the words that are on the line already.
fn globals() -> Globals {
    let words: Vec<String> = std::env::args().skip_while(|word| word != "--").collect();
    let said = |flag: &str, variable: &str| {
        let at = words.iter().position(|word| word == flag);
        let behind = at.and_then(|at| words.get(at + 1).cloned());
        behind.or_else(|| std::env::var(variable).ok().filter(|value| !value.is_empty()))
    };
    Globals {
        data: said("--data", "CALLBOARD_DATA").map(Into::into),
        url: said("--url", "CALLBOARD_URL"),
        token: said("--token", "CALLBOARD_TOKEN"),
        json: None,
        format: None,
        color: ColorWhen::Never,
        ascii: false,
    }
}
