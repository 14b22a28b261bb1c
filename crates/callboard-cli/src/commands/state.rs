//! `callboard state [PATH]`: the state, now or as it was.

use crate::{
    api::Api,
    failure::{Failure, Outcome, exit},
    moment::Moment,
    text::{form::Output, output::print},
};
use callboard_protocol::{Node, Pointer};
use clap::Args;
use serde_json::json;

/// The arguments of `callboard state`.
#[derive(Args)]
pub(crate) struct StateArgs {
    /// A part of it, as a JSON pointer: /jobs, /summary/queued
    #[arg(value_parser = pointer, default_value = "", hide_default_value = true)]
    path: String,
    /// As it was: a version, a span ago such as -10m, or a time
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    at: Option<Moment>,
}

/// A JSON pointer; the slash at its beginning may be left out.
pub(super) fn pointer(text: &str) -> Result<String, String> {
    let text = if text.is_empty() || text.starts_with('/') { text.to_owned() } else { format!("/{text}") };
    let text = text.strip_suffix('/').unwrap_or(&text);
    Pointer::parse(text).map(|pointer| pointer.to_string()).map_err(|error| error.to_string())
}

pub(crate) async fn state(api: &Api, args: StateArgs, out: &Output) -> Outcome {
    let at = match args.at {
        Some(moment) => Some(moment.version(api).await?),
        None => None,
    };
    let state = api.state(&args.path, at).await?;
    let whole = json!({ "v": 1, "epoch": state.epoch, "version": state.version, "path": args.path });
    let mut whole = Node::from(&whole);
    if let Node::Object(members) = &mut whole {
        members.insert(callboard_protocol::Key::constant("data"), state.data.clone());
    }
    if !out.record(&whole)? {
        print(&pretty(&state.data)?)?;
    }
    Ok(exit::OK)
}

/// JSON for the eye.
pub(super) fn pretty(node: &Node) -> Result<String, Failure> {
    serde_json::to_string_pretty(node)
        .map_err(|error| Failure::new(exit::JOB_FAILED, "output", format!("failed to write JSON: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_may_lack_their_slash() {
        for (text, expected) in [
            ("", ""),
            ("/", ""),
            ("jobs", "/jobs"),
            ("/jobs/a~1b", "/jobs/a~1b"),
            ("summary/queued/", "/summary/queued"),
        ] {
            assert_eq!(pointer(text), Ok(expected.to_owned()), "{text}");
        }
        assert!(pointer("/a~2").is_err());
    }
}
