//! The messages that may be megabytes, read straight into their types. Their enum is told apart by a member, for which
//! serde reads everything else into a form of its own first: a state of 4.5 MB takes a third of the time without that.

use callboard_protocol::{
    Epoch, Node, Op,
    frame::{ServerFrame, SnapshotReason},
    log::LogEntry,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Snapshot {
    sub: Option<String>,
    epoch: Epoch,
    state_version: u64,
    data: Option<Node>,
    entries: Option<Vec<(String, Node)>>,
    reason: SnapshotReason,
    part: Option<u32>,
    more: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Patch {
    sub: Option<String>,
    epoch: Epoch,
    from_version: u64,
    to_version: u64,
    patch: Vec<Op>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct History {
    epoch: Epoch,
    entries: Vec<LogEntry>,
    prev_seq: u64,
    to_seq: u64,
    capacity: u32,
    truncated: bool,
    replay: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Append {
    entries: Vec<LogEntry>,
    prev_seq: u64,
    to_seq: u64,
    dropped: Option<u64>,
}

/// Reads a message that begins with its type, as those of our server do, if it is one that may be large.
pub(super) fn read(text: &str) -> Option<serde_json::Result<ServerFrame>> {
    let (kind, _) = text.strip_prefix(r#"{"type":""#)?.split_once('"')?;
    match kind {
        "state.snapshot" => Some(serde_json::from_str::<Snapshot>(text).map(ServerFrame::from)),
        "state.patch" => Some(serde_json::from_str::<Patch>(text).map(ServerFrame::from)),
        "logs.history" => Some(serde_json::from_str::<History>(text).map(ServerFrame::from)),
        "logs.append" => Some(serde_json::from_str::<Append>(text).map(ServerFrame::from)),
        _ => None,
    }
}

impl From<Snapshot> for ServerFrame {
    fn from(message: Snapshot) -> Self {
        let Snapshot { sub, epoch, state_version, data, entries, reason, part, more } = message;
        ServerFrame::StateSnapshot { sub, epoch, state_version, data, entries, reason, part, more }
    }
}

impl From<Patch> for ServerFrame {
    fn from(message: Patch) -> Self {
        let Patch { sub, epoch, from_version, to_version, patch } = message;
        ServerFrame::StatePatch { sub, epoch, from_version, to_version, patch }
    }
}

impl From<History> for ServerFrame {
    fn from(message: History) -> Self {
        let History { epoch, entries, prev_seq, to_seq, capacity, truncated, replay } = message;
        ServerFrame::LogsHistory { epoch, entries, prev_seq, to_seq, capacity, truncated, replay }
    }
}

impl From<Append> for ServerFrame {
    fn from(message: Append) -> Self {
        let Append { entries, prev_seq, to_seq, dropped } = message;
        ServerFrame::LogsAppend { entries, prev_seq, to_seq, dropped }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_read_the_same() {
        let line = r#"{"seq":3,"ts":1,"channel":"a","emoji":"","level":"info","message":"x","color":"red"}"#;
        let texts = [
            r#"{"type":"state.snapshot","epoch":"e","stateVersion":7,"data":{"a":[1,null,"é"]},"reason":"connect"}"#,
            r#"{"type":"state.snapshot","sub":"s","epoch":"e","stateVersion":7,"entries":[["/a",1.5]],"reason":"view","part":1,"more":false}"#,
            r#"{"type":"state.patch","epoch":"e","fromVersion":1,"toVersion":2,"patch":[{"op":"add","path":"/a","value":{}}]}"#,
            &format!(
                r#"{{"type":"logs.history","epoch":"e","entries":[{line}],"prevSeq":2,"toSeq":3,"capacity":9,"truncated":true,"replay":true}}"#
            ),
            &format!(
                r#"{{"type":"logs.append","entries":[{line}],"prevSeq":2,"toSeq":3,"dropped":4,"more":1}}"#
            ),
            r#"{"type":"state.snapshot","epoch":"e","data":{},"reason":"connect"}"#,
            r#"{"type":"state.patch","epoch":"e","fromVersion":-1,"toVersion":2,"patch":[]}"#,
        ];
        for text in texts {
            let straight = read(text).expect("it may be large").ok();
            assert_eq!(straight, serde_json::from_str(text).ok(), "{text}");
        }
        assert!(read(r#"{"epoch":"e","type":"state.patch"}"#).is_none(), "the usual way finds it");
    }
}
