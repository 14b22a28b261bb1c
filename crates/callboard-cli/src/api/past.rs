//! The state, now and in the past, and how it came to be.

use super::Api;
use crate::failure::{Failure, exit};
use callboard_client::percent_encoded;
use callboard_protocol::{Event, Node, Op, Time, from_node};
use serde::Deserialize;

/// The state, or a part of it, at a version.
#[derive(Deserialize)]
pub(crate) struct State {
    pub(crate) epoch: String,
    pub(crate) version: u64,
    pub(crate) data: Node,
}

/// Some of what happened, the oldest first.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct History {
    pub(crate) head: u64,
    /// As on the wire.
    pub(crate) changes: Vec<Node>,
}

/// One change, as its reader needs it.
#[derive(Deserialize)]
pub(crate) struct PastChange {
    pub(crate) version: u64,
    pub(crate) at: Time,
    pub(crate) actor: String,
    #[serde(default)]
    pub(crate) events: Vec<Event>,
    pub(crate) patch: Vec<Op>,
}

/// What leads from one version to another.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Diff {
    pub(crate) from_version: u64,
    pub(crate) to_version: u64,
    pub(crate) patch: Vec<Op>,
}

impl PastChange {
    pub(crate) fn read(change: &Node) -> Result<PastChange, Failure> {
        from_node(change).map_err(|error| {
            let message = format!("a change cannot be read: {error}");
            Failure::new(exit::NOT_CONNECTED, "protocol", message)
                .hint("are this program and the server of one version?")
        })
    }
}

impl Api {
    /// What is at a pointer, now or at a version.
    pub(crate) async fn state(&self, path: &str, at: Option<u64>) -> Result<State, Failure> {
        let at = at.map_or(String::new(), |at| format!("&at={at}"));
        self.get(&format!("/api/state?path={}{at}", percent_encoded(path))).await
    }

    /// Changes that touch a pointer, of the `limit` after a version, or of the newest.
    pub(crate) async fn history(
        &self,
        path: &str,
        since: Option<u64>,
        limit: usize,
    ) -> Result<History, Failure> {
        let since = since.map_or(String::new(), |since| format!("&since={since}"));
        self.get(&format!("/api/history?path={}&limit={limit}{since}", percent_encoded(path))).await
    }

    /// What is different.
    pub(crate) async fn diff<T: serde::de::DeserializeOwned>(
        &self,
        from: u64,
        to: Option<u64>,
    ) -> Result<T, Failure> {
        let to = to.map_or(String::new(), |to| format!("&to={to}"));
        self.get(&format!("/api/diff?from={from}{to}")).await
    }
}
