//! `callboard run -- CMD...`: a command as a job. In the foreground it behaves like the command itself.

use super::start::dispatch;
use crate::{
    api::Api,
    failure::{Failure, Outcome},
    follow::{Ended, Follow, Interrupts, Manner, OnInterrupt, Presenter, child_exit_code},
    place::Place,
    text::{
        form::{Form, Output},
        output::ProgressWhen,
    },
};
use callboard_protocol::{Node, job::DispatchArgs};
use clap::Args;
use serde_json::json;

/// The arguments of `callboard run`.
#[derive(Args)]
pub(crate) struct RunArgs {
    /// What runs the command
    #[arg(long, default_value = "process.run")]
    kind: String,
    /// Where the job waits
    #[arg(long)]
    queue: Option<String>,
    /// A title for people
    #[arg(long)]
    title: Option<String>,
    /// Print the job's id and do not wait for it
    #[arg(long, short)]
    detach: bool,
    /// How progress is shown
    #[arg(long, value_name = "HOW", default_value = "auto")]
    progress: ProgressWhen,
    /// The program and its arguments; no shell is involved
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<String>,
}

pub(crate) async fn run(place: &Place, args: RunArgs, out: &Output) -> Outcome {
    let api = Api::new(place.clone());
    let cwd = std::env::current_dir()
        .map_err(|error| Failure::usage(format!("the working folder is gone: {error}")))?;
    let cwd = cwd.to_str().ok_or_else(|| {
        Failure::usage(format!(
            "the working folder {} is not UTF-8 and cannot be told to the server",
            cwd.display()
        ))
    })?;
    let input = json!({ "argv": args.command, "cwd": cwd });
    let request = DispatchArgs {
        kind: args.kind,
        args: Some(Node::from(&input)),
        queue: args.queue,
        title: args.title,
        ..DispatchArgs::default()
    };
    if args.detach {
        return dispatch(&api, request, None, out).await;
    }
    let manner = match &out.form {
        Form::Json(fields) => Manner::Json(fields.clone()),
        _ => Manner::Output(out.screen.progress(args.progress)),
    };
    let mut presenter = Presenter::new(out.screen, manner).linking(place.studio(&out.screen));
    let mut interrupts = Interrupts::any()?;
    let client = place.connect().await?;
    let logs = client.logs();
    let job = client.dispatch(request).await.map_err(|error| place.failure(error))?;
    presenter.accepted(job.id())?;
    let follow = Follow::new(&api, &client, &job, presenter, OnInterrupt::Cancel);
    let ended = follow.run(logs, &mut interrupts).await?;
    client.close().await;
    Ok(match ended {
        Ended::Finished(job) => child_exit_code(&job),
        Ended::Left => crate::failure::exit::CANCELLED,
    })
}
