//! `callboard start KIND [ARGS]`: a job of any kind.

pub(super) mod what;

use crate::{
    api::Api,
    failure::{Outcome, exit},
    follow::{Ended, Follow, Interrupts, Manner, OnInterrupt, Presenter, job_exit_code},
    place::Place,
    text::{
        duration,
        form::{Form, Output},
        output::{ProgressWhen, print},
    },
};
use callboard_protocol::{JobId, Node, job::DispatchArgs, to_node};
use clap::Args;
use serde_json::json;
use what::WhatArgs;

/// The arguments of `callboard start`.
#[derive(Args)]
pub(crate) struct StartArgs {
    #[command(flatten)]
    what: WhatArgs,
    /// Not before so long from now, for example 10m
    #[arg(long, value_name = "SPAN", value_parser = duration::parse)]
    delay: Option<u64>,
    /// Only when these jobs have succeeded
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    after: Vec<String>,
    /// In the name of this job: a cancel of that one cancels this one too. Within a job that is $CALLBOARD_JOB_ID
    #[arg(long, value_name = "ID")]
    parent: Option<String>,
    /// Start it once at most: the same key again names the same job
    #[arg(long)]
    key: Option<String>,
    /// Wait for the job and print its result
    #[arg(long, conflicts_with = "follow")]
    wait: bool,
    /// Show the job's output until it is over
    #[arg(long, short)]
    follow: bool,
    /// How progress is shown
    #[arg(long, value_name = "HOW", default_value = "auto")]
    progress: ProgressWhen,
}

pub(crate) async fn start(place: &Place, args: StartArgs, out: &Output) -> Outcome {
    let api = Api::new(place.clone());
    let mut request = args.what.dispatch()?;
    request.delay_ms = args.delay;
    for text in &args.after {
        request.depends_on.push(api.resolve(text).await?);
    }
    if let Some(text) = &args.parent {
        request.parent_id = Some(api.resolve(text).await?);
    }
    if !args.wait && !args.follow {
        return dispatch(&api, request, args.key.as_deref(), out).await;
    }
    let progress = out.screen.progress(args.progress);
    let manner = match (&out.form, args.follow) {
        (Form::Json(fields), _) => Manner::Json(fields.clone()),
        (_, true) => Manner::Output(progress),
        (_, false) => Manner::Progress(progress),
    };
    let mut presenter = Presenter::new(out.screen, manner).linking(place.studio(&out.screen));
    let mut interrupts = Interrupts::listen()?;
    let client = place.connect().await?;
    let logs = client.logs();
    let dispatched = match args.key {
        Some(key) => client.dispatch_once(request, key).await,
        None => client.dispatch(request).await,
    };
    let job = dispatched.map_err(|error| place.failure(error))?;
    presenter.accepted(job.id())?;
    let follow = Follow::new(&api, &client, &job, presenter, OnInterrupt::Leave);
    let ended = follow.run(logs, &mut interrupts).await?;
    client.close().await;
    match ended {
        Ended::Finished(job) => {
            match (&out.form, &job.result) {
                (Form::People, Some(result)) if args.wait => print(&result.to_string())?,
                (Form::Lines(_), _) => drop(out.record(&to_node(&*job).unwrap_or_default())?),
                _ => {}
            }
            Ok(job_exit_code(&job))
        }
        Ended::Left => Ok(exit::CANCELLED),
    }
}

/// Dispatches a job and prints its id.
pub(super) async fn dispatch(
    api: &Api,
    mut request: DispatchArgs,
    key: Option<&str>,
    out: &Output,
) -> Outcome {
    let own = request.id.get_or_insert_with(|| JobId::from(uuid::Uuid::now_v7().to_string())).clone();
    let accepted = api.command("jobs.dispatch", &request, key).await?;
    // A repeated key names the job that it made the first time.
    let id = accepted.result.child("id").and_then(Node::as_str).unwrap_or(&own);
    if !out.record(&Node::from(&json!({ "v": 1, "id": id })))? {
        print(id)?;
    }
    Ok(exit::OK)
}
