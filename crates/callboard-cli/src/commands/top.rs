//! `callboard top`: the board in a terminal.

use crate::{failure::Outcome, place::Place, text::form::Output, top};
use clap::Args;

/// The arguments of `callboard top`.
#[derive(Args)]
pub(crate) struct TopArgs {
    /// Only these jobs: words, and state:, kind: or queue: with a part of the name
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
}

pub(crate) async fn top(place: &Place, args: TopArgs, out: &Output) -> Outcome {
    top::run(place, args.filter.join(" "), out).await
}
