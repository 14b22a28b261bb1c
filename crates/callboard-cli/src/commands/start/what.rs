//! What is to be done: the same for `start` and for a schedule.

use crate::{failure::Failure, text::duration};
use callboard_protocol::{Node, job::DispatchArgs};
use clap::Args;
use std::io::Read as _;

/// The arguments that make a job.
#[derive(Args)]
pub(crate) struct WhatArgs {
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
    /// A word for finding it again; may be given several times
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Lower runs first
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    priority: Option<i32>,
    /// Tries before it fails
    #[arg(long, value_name = "N")]
    max_attempts: Option<u32>,
    /// Longest time of one attempt, for example 10m
    #[arg(long, value_name = "SPAN", value_parser = duration::parse)]
    attempt_timeout: Option<u64>,
}

impl WhatArgs {
    /// The arguments of `jobs.dispatch`.
    pub(crate) fn dispatch(self) -> Result<DispatchArgs, Failure> {
        Ok(DispatchArgs {
            args: Some(input(self.args.as_deref())?),
            kind: self.kind,
            queue: self.queue,
            title: self.title,
            tags: self.tag,
            priority: self.priority,
            max_attempts: self.max_attempts,
            timeout_ms: self.attempt_timeout,
            ..DispatchArgs::default()
        })
    }
}

/// The job's arguments.
pub(crate) fn input(given: Option<&str>) -> Result<Node, Failure> {
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
