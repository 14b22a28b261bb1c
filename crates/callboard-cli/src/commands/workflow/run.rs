//! `callboard workflow run FILE` and `retry ID`: a recipe, begun or run again, and followed to its end.

use super::graph;
use crate::{
    clock::now,
    commands::start::what,
    failure::{Failure, Outcome, exit},
    follow::{Interrupts, event},
    place::Place,
    text::{
        duration,
        form::{Form, Output},
        output::{ProgressWhen, note, print},
        table::cut,
    },
};
use callboard::{BadRecipe, RecipeFormat, read_recipe};
use callboard_client::{Client, ClientError, Code};
use callboard_protocol::{
    Node, from_node, to_node,
    workflow::{
        Recipe, StepState, Workflow, WorkflowArgs, WorkflowCancelArgs, WorkflowRetryArgs, WorkflowState,
    },
};
use clap::Args;
use serde_json::{Value, json};
use std::{collections::BTreeMap, io::Write as _, path::PathBuf, time::Duration};

/// The arguments of `callboard workflow run`.
#[derive(Args)]
pub(super) struct RunArgs {
    /// The recipe: a .json, .toml or .yaml file
    file: PathBuf,
    /// What its templates find under `input`: JSON, @FILE, or - for standard input
    #[arg(long, value_name = "JSON|@FILE|-")]
    input: Option<String>,
    /// A name of your own for the workflow
    #[arg(long)]
    id: Option<String>,
    /// The longest time for all steps together, such as 90s or 2h; then it fails
    #[arg(long, value_name = "SPAN", value_parser = duration::parse)]
    deadline: Option<u64>,
    /// Only say what is wrong with the recipe; start nothing
    #[arg(long, conflicts_with = "detach")]
    check: bool,
    /// Print the workflow's id and leave it alone
    #[arg(long, short)]
    detach: bool,
    /// How progress is shown
    #[arg(long, value_name = "HOW", default_value = "auto")]
    progress: ProgressWhen,
}

/// The arguments of `callboard workflow retry`.
#[derive(Args)]
pub(super) struct RetryArgs {
    /// The workflow: its id or a unique beginning of it
    pub(super) id: String,
    /// Also from these steps, although they succeeded, with all that need them; so also a workflow that succeeded
    #[arg(long, value_name = "STEP", value_delimiter = ',')]
    from: Vec<String>,
    /// Print the workflow's id and leave it alone
    #[arg(long, short)]
    detach: bool,
    /// How progress is shown
    #[arg(long, value_name = "HOW", default_value = "auto")]
    progress: ProgressWhen,
}

pub(super) async fn run(place: &Place, args: RunArgs, out: &Output) -> Outcome {
    let mut recipe = read(&args)?;
    recipe.deadline_ms = args.deadline.or(recipe.deadline_ms);
    if args.check {
        let told = json!({ "v": 1, "name": recipe.name, "steps": recipe.steps.len() });
        if !out.record(&Node::from(&told))? {
            print(&format!("{}: {} steps, nothing wrong", recipe.name, recipe.steps.len()))?;
        }
        return Ok(exit::OK);
    }
    let id = args.id.unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
    let input = args.input.as_deref().map(|given| what::input(Some(given))).transpose()?;
    let request = WorkflowArgs { id: Some(id.clone()), recipe, input };
    let watched = Watched { id, detach: args.detach, progress: args.progress };
    begin(place, ("workflows.start", &request), watched, out).await
}

pub(super) async fn retry(place: &Place, id: String, args: RetryArgs, out: &Output) -> Outcome {
    let request = WorkflowRetryArgs { id: id.clone(), from: args.from };
    let watched = Watched { id, detach: args.detach, progress: args.progress };
    begin(place, ("workflows.retry", &request), watched, out).await
}

/// What is begun, and how it is watched.
struct Watched {
    id: String,
    detach: bool,
    progress: ProgressWhen,
}

/// Sends the command and shows what becomes of it.
async fn begin(
    place: &Place,
    (name, request): (&str, &impl serde::Serialize),
    Watched { id, detach, progress }: Watched,
    out: &Output,
) -> Outcome {
    let mut interrupts = Interrupts::any()?;
    let client = place.mirror().await?;
    let from = send(&client, name, request).await.map_err(|error| place.failure(error))?;
    if detach {
        client.close().await;
        if !out.record(&Node::from(&json!({ "v": 1, "id": id })))? {
            print(&id)?;
        }
        return Ok(exit::OK);
    }
    let mut screen = Follower::new(out, out.screen.progress(progress));
    screen.event("accepted", &json!({ "id": id }))?;
    let ended = follow(&client, (&id, from), &mut screen, &mut interrupts).await?;
    client.close().await;
    Ok(match ended.map(|workflow| workflow.state) {
        Some(WorkflowState::Succeeded) => exit::OK,
        Some(WorkflowState::Failed) => exit::JOB_FAILED,
        _ => exit::CANCELLED,
    })
}

fn read(args: &RunArgs) -> Result<Recipe, Failure> {
    let shown = args.file.display();
    let format = RecipeFormat::of(&args.file).ok_or_else(|| {
        Failure::usage(format!("{shown}: a recipe is a .json, .toml or .yaml file"))
            .hint("callboard workflow run --help")
    })?;
    let text = std::fs::read_to_string(&args.file)
        .map_err(|error| Failure::usage(format!("failed to read {shown}: {error}")))?;
    read_recipe(&text, format).map_err(|bad: BadRecipe| {
        let lines: Vec<String> = bad.to_string().lines().map(|line| format!("{shown}: {line}")).collect();
        Failure::new(exit::USAGE, "bad_recipe", lines.join("\n"))
    })
}

/// Sends a command; the version at which its effect is visible.
async fn send(client: &Client, name: &str, args: &impl serde::Serialize) -> Result<u64, ClientError> {
    let node = to_node(args).map_err(|error| {
        ClientError::new(Code::Server(callboard_protocol::error::ErrorCode::InvalidArgs), error.to_string())
    })?;
    client.command(name, node, Some(uuid::Uuid::now_v7().to_string())).await.map(|accepted| accepted.version)
}

/// How often the times on the screen move on.
const TICK: Duration = Duration::from_millis(100);

/// Follows it to its end; `None` when the user left before. What is shown before `from` is of an earlier round.
async fn follow(
    client: &Client,
    (id, from): (&str, u64),
    screen: &mut Follower<'_>,
    interrupts: &mut Interrupts,
) -> Result<Option<Workflow>, Failure> {
    let mut views = client.follow();
    let mut interrupted = false;
    let mut was_there = false;
    loop {
        let view = views.get();
        let is_there = view.position.as_ref().is_some_and(|position| position.version >= from);
        let workflows = view.state.child("workflows").filter(|_| is_there);
        let record = workflows.and_then(|workflows| workflows.child(id));
        match record.and_then(|record| from_node::<Workflow>(record).ok()) {
            Some(workflow) => {
                was_there = true;
                screen.show(&workflow)?;
                if workflow.state.is_terminal() {
                    screen.finished(&workflow)?;
                    return Ok(Some(workflow));
                }
            }
            None if was_there && view.live => {
                let message =
                    format!("the workflow {id} is no longer in the state; nothing more is known of it");
                return Err(Failure::new(exit::NOT_FOUND, "not_found", message));
            }
            None => {}
        }
        tokio::select! {
            open = views.changed() => if !open {
                return Err(Failure::new(exit::NOT_CONNECTED, "closed", "the connection was closed"));
            },
            () = tokio::time::sleep(TICK), if screen.is_live() => {}
            () = interrupts.next() => {
                if std::mem::replace(&mut interrupted, true) {
                    screen.note("left before it had ended");
                    return Ok(None);
                }
                screen.note("cancelling the workflow; press Ctrl-C again to leave at once");
                let args = WorkflowCancelArgs { id: id.into(), reason: Some("interrupted by the user".into()) };
                let client = client.clone();
                // Its outcome shows in the state; the loop must go on meanwhile.
                tokio::spawn(async move { send(&client, "workflows.cancel", &args).await });
            }
        }
    }
}

/// Shows a workflow while it goes on.
struct Follower<'a> {
    out: &'a Output,
    progress: ProgressWhen,
    /// Lines on the screen that are drawn again.
    drawn: usize,
    state: Option<WorkflowState>,
    steps: BTreeMap<String, StepState>,
}

impl<'a> Follower<'a> {
    fn new(out: &'a Output, progress: ProgressWhen) -> Self {
        Follower { out, progress, drawn: 0, state: None, steps: BTreeMap::new() }
    }

    /// Whether a person watches it.
    fn is_live(&self) -> bool {
        self.out.is_for_people() && self.progress == ProgressWhen::Tty
    }

    fn show(&mut self, workflow: &Workflow) -> Result<(), Failure> {
        if self.is_live() {
            self.draw(workflow);
        }
        let before = self.state.replace(workflow.state);
        if before != Some(workflow.state) {
            self.event("state", &json!({ "id": workflow.id, "state": workflow.state }))?;
            if self.is_plain() {
                note(&graph::head(workflow, now(), self.out.screen.unicode));
            }
        }
        for (step, run) in &workflow.steps {
            let before = self.steps.insert(step.clone(), run.state);
            if before == Some(run.state) || (before.is_none() && run.state == StepState::Waiting) {
                continue;
            }
            self.event(
                "step",
                &json!({ "id": workflow.id, "step": step, "state": run.state, "error": run.error }),
            )?;
            if self.is_plain() {
                let error =
                    run.error.as_ref().map(|error| format!(": {}", error.message)).unwrap_or_default();
                note(&format!("{step} {}{error}", run.state.as_str()));
            }
        }
        Ok(())
    }

    fn is_plain(&self) -> bool {
        self.out.is_for_people() && self.progress == ProgressWhen::Plain
    }

    /// Draws the graph again where it was.
    fn draw(&mut self, workflow: &Workflow) {
        self.clear();
        let screen = &self.out.screen;
        let mut lines = vec![graph::head(workflow, now(), screen.unicode)];
        lines.extend(graph::steps(workflow, now(), screen.unicode));
        // What scrolls away cannot be drawn again.
        if lines.len() > MOST_LINES {
            let more = lines.len() - MOST_LINES + 1;
            lines.truncate(MOST_LINES - 1);
            lines.push(format!("  … {more} more steps"));
        }
        self.drawn = lines.len();
        let lines: Vec<String> = lines.iter().map(|line| cut_styled(line, screen.width)).collect();
        write(&format!("{}\n", lines.join("\n")));
    }

    /// Takes away what was drawn.
    fn clear(&mut self) {
        if self.drawn > 0 {
            write(&format!("\u{1b}[{}A\u{1b}[J", std::mem::take(&mut self.drawn)));
        }
    }

    fn note(&mut self, text: &str) {
        if self.out.is_for_people() {
            self.clear();
            note(text);
        }
    }

    fn finished(&mut self, workflow: &Workflow) -> Result<(), Failure> {
        self.clear();
        self.event("finished", &json!({ "workflow": workflow }))?;
        if self.out.is_for_people() {
            for line in graph::whole(workflow, now(), self.out.screen.unicode) {
                print(&line)?;
            }
        } else if let Form::Lines(_) = self.out.form {
            let record = to_node(workflow).unwrap_or_default();
            self.out.record(&record)?;
        }
        Ok(())
    }

    /// One line of the stream for programs.
    fn event(&self, name: &str, members: &Value) -> Result<(), Failure> {
        match &self.out.form {
            Form::Json(fields) => event(fields, name, members),
            _ => Ok(()),
        }
    }
}

/// Lines that are drawn again at most; terminals are hardly ever lower.
const MOST_LINES: usize = 22;

/// A line with colours that is too long loses its colours before its end.
fn cut_styled(line: &str, width: usize) -> String {
    let plain = anstream::adapter::strip_str(line).to_string();
    if plain.chars().count() <= width { line.to_owned() } else { cut(&plain, width) }
}

fn write(text: &str) {
    let mut err = anstream::stderr().lock();
    // A picture that cannot be shown is no reason to stop.
    let _ = write!(err, "{text}").and_then(|()| err.flush());
}
