//! `callboard start KIND [ARGS]`: a job of any kind.

use crate::{
    api::Api,
    failure::{Failure, Outcome, exit},
    follow::{Ended, Follow, Interrupts, Manner, OnInterrupt, Presenter, job_exit_code},
    place::Place,
    text::output::{ProgressWhen, Screen, print},
};
use callboard_protocol::{JobId, Node, job::DispatchArgs};
use clap::Args;
use serde_json::json;
use std::io::Read as _;

/// The arguments of `callboard start`.
#[derive(Args)]
pub(crate) struct StartArgs {
    /// What to run, for example image.generate
    kind: String,
    /// Its arguments: JSON, @FILE, or - for standard input [default: {}]
    #[arg(value_name = "JSON|@FILE|-")]
    args: Option<String>,
    /// Where the job waits
    #[arg(long)]
    queue: Option<String>,
    /// A title for people
    #[arg(long)]
    title: Option<String>,
    /// Start it once at most: the same key again names the same job
    #[arg(long)]
    key: Option<String>,
    /// Tries before it fails
    #[arg(long, value_name = "N")]
    max_attempts: Option<u32>,
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

pub(crate) async fn start(place: &Place, args: StartArgs, json: bool) -> Outcome {
    let api = Api::new(place.clone());
    let input = input(args.args.as_deref())?;
    let request = DispatchArgs {
        kind: args.kind,
        args: Some(input),
        queue: args.queue,
        title: args.title,
        max_attempts: args.max_attempts,
        ..DispatchArgs::default()
    };
    if !args.wait && !args.follow {
        return dispatch(&api, request, args.key.as_deref(), json).await;
    }
    let screen = Screen::detect();
    let progress = screen.progress(args.progress);
    let manner = match (json, args.follow) {
        (true, _) => Manner::Json,
        (false, true) => Manner::Output(progress),
        (false, false) => Manner::Progress(progress),
    };
    let mut presenter = Presenter::new(screen, manner);
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
            if let Some(result) = job.result.as_ref().filter(|_| args.wait && !json) {
                print(&result.to_string())?;
            }
            Ok(job_exit_code(&job))
        }
        Ended::Left => Ok(exit::CANCELLED),
    }
}

/// Dispatches a job and prints its id.
pub(super) async fn dispatch(api: &Api, mut request: DispatchArgs, key: Option<&str>, json: bool) -> Outcome {
    let own = request.id.get_or_insert_with(|| JobId::from(uuid::Uuid::now_v7().to_string())).clone();
    let accepted = api.command("jobs.dispatch", &request, key).await?;
    // A repeated key names the job that it made the first time.
    let id = accepted.result.child("id").and_then(Node::as_str).unwrap_or(&own);
    let line = if json { json!({ "v": 1, "id": id }).to_string() } else { id.to_owned() };
    print(&line)?;
    Ok(exit::OK)
}

/// The job's arguments.
fn input(given: Option<&str>) -> Result<Node, Failure> {
    let unreadable =
        |what: &str, error: std::io::Error| Failure::usage(format!("failed to read {what}: {error}"));
    let (what, text) = match given {
        None => return Ok(Node::object()),
        Some("-") => {
            let mut text = String::new();
            let most = callboard_protocol::caps::MESSAGE_BYTES_IN as u64;
            let read = std::io::stdin().take(most).read_to_string(&mut text);
            read.map_err(|error| unreadable("standard input", error))?;
            ("standard input".to_owned(), text)
        }
        Some(given) => match given.strip_prefix('@') {
            Some(path) => {
                (path.to_owned(), std::fs::read_to_string(path).map_err(|error| unreadable(path, error))?)
            }
            None => ("the arguments".to_owned(), given.to_owned()),
        },
    };
    serde_json::from_str(&text).map_err(|error| {
        Failure::usage(format!("{what}: this is not JSON: {error}"))
            .hint(r#"for example: callboard start sleep '{"ms": 500}'"#)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_json_from_three_places() {
        assert_eq!(input(None), Ok(Node::object()));
        assert_eq!(input(Some("[1]")).unwrap().to_string(), "[1]");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("args.json");
        std::fs::write(&path, r#"{"ms": 5}"#).unwrap();
        assert_eq!(input(Some(&format!("@{}", path.display()))).unwrap().to_string(), r#"{"ms":5}"#);
        for bad in ["{", "", "ms=5", "@/nowhere/args.json"] {
            let failure = input(Some(bad)).unwrap_err();
            assert_eq!((failure.exit, failure.code), (2, "usage"), "{bad}");
        }
        assert!(input(Some("{\"a\":}")).unwrap_err().message.contains("line 1 column 6"));
    }
}
