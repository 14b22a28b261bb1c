//! `callboard diff A [B]`: what is different between two versions.

use crate::{
    api::{Api, Diff},
    failure::{Failure, Outcome, exit},
    moment::Moment,
    text::{
        form::Output,
        op_line,
        output::{note, print},
    },
};
use callboard_protocol::{Node, from_node};
use clap::Args;

/// The arguments of `callboard diff`.
#[derive(Args)]
pub(crate) struct DiffArgs {
    /// From: a version, a span ago such as -10m, or a time
    #[arg(allow_hyphen_values = true)]
    from: Moment,
    /// To [default: now]
    #[arg(allow_hyphen_values = true)]
    to: Option<Moment>,
}

pub(crate) async fn diff(api: &Api, args: DiffArgs, out: &Output) -> Outcome {
    let from = args.from.version(api).await?;
    let to = match args.to {
        Some(moment) => Some(moment.version(api).await?),
        None => None,
    };
    let answer: Node = api.diff(from, to).await?;
    if out.record(&answer)? {
        return Ok(exit::OK);
    }
    let diff: Diff = from_node(&answer).map_err(|error| {
        Failure::new(exit::NOT_CONNECTED, "protocol", format!("the difference cannot be read: {error}"))
    })?;
    if diff.patch.is_empty() {
        note(&format!("version {} and version {} are the same", diff.from_version, diff.to_version));
        return Ok(exit::OK);
    }
    let before = api.state("", Some(from)).await?.data;
    note(&format!("version {} to version {}", diff.from_version, diff.to_version));
    for op in &diff.patch {
        print(&op_line::line(op, before.at(&op.path().to_string()), &out.screen))?;
    }
    Ok(exit::OK)
}
