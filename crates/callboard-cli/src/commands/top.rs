//! `callboard top`: the board in a terminal.

use crate::{failure::Outcome, place::Place, query::checked, text::form::Output, top};
use clap::Args;

/// The arguments of `callboard top`.
#[derive(Args)]
pub(crate) struct TopArgs {
    /// Only these jobs, as in `ps QUERY`
    #[arg(value_name = "QUERY")]
    filter: Vec<String>,
}

pub(crate) async fn top(place: &Place, args: TopArgs, out: &Output) -> Outcome {
    top::run(place, checked(&args.filter)?, out).await
}
