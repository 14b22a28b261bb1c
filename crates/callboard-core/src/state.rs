//! The state document of a new board, and paths into it.

use callboard_protocol::{JobId, Key, Node, Object, Pointer, config::ServerConfig, job::JobState, to_node};

/// The document at version 0: every domain is there, empty.
///
/// The fold of a journal starts from it, so it must never change for an existing schema of the journal.
pub fn initial() -> Node {
    let empty = ["jobs", "results", "queues", "devices", "streams", "settings"];
    let domains = empty.map(|domain| (Key::constant(domain), Node::object()));
    let summary = JobState::ALL.map(|state| (Key::constant(state.as_str()), Node::from(0u32)));
    let meta = [("status", Node::from("booting")), ("boots", Node::from(0u32))];
    let logs = ["nextSeq", "capacity", "size", "head"].map(|name| (Key::constant(name), Node::from(0u32)));
    let config = [("requestSample", Node::from(1u32)), ("features", Node::object())];
    let server = to_node(&ServerConfig::default()).unwrap_or_default();
    let more = [
        (Key::constant("summary"), Node::from(summary.into_iter().collect::<Object>())),
        (Key::constant("meta"), object(meta)),
        (Key::constant("logs"), Node::from(logs.into_iter().collect::<Object>())),
        (Key::constant("config"), object(config)),
        (Key::constant("serverConfig"), server),
    ];
    domains.into_iter().chain(more).collect::<Object>().into()
}

pub(crate) fn object<const N: usize>(members: [(&'static str, Node); N]) -> Node {
    members.into_iter().map(|(key, value)| (Key::constant(key), value)).collect::<Object>().into()
}

/// `/<domain>/<member>`.
pub(crate) fn in_domain(domain: &'static str, member: impl Into<Key>) -> Pointer {
    Pointer::new([Key::constant(domain), member.into()])
}

/// `/jobs/<id>`.
pub(crate) fn job_path(id: &JobId) -> Pointer {
    in_domain("jobs", id)
}
