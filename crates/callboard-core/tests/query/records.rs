//! Records of jobs to look at.

use callboard_protocol::{Node, Time};
use serde_json::{Value, json};

/// Now, in these tests: 2026-11-21 12:00 UTC.
pub(crate) const NOW: Time = Time(1_795_262_400_000);

/// A record with these members in place of the usual ones; `null` takes one away.
pub(crate) fn record(members: Value) -> Node {
    let mut record = json!({
        "id": "0198-a", "kind": "render.page", "queue": "gpu", "state": "failed", "priority": -5,
        "title": "A Lighthouse", "attempt": 2, "maxAttempts": 3, "tags": ["nightly", "a"],
        "args": { "prompt": "a lighthouse at dusk", "size": 512, "draft": false, "seed": null,
            "layers": [{ "name": "sky" }, { "name": "sea" }], "ratio": 1.5, "words": ["one", "two"] },
        "createdAt": "2026-11-21T10:00:00.000Z", "createdBy": "operator:ann", "scheduleId": "hourly",
        "startedAt": "2026-11-21T11:00:00.000Z", "finishedAt": "2026-11-21T11:01:30.000Z",
        "error": { "code": "timeout", "message": "the attempt was stopped after its limit of 90 s" },
        "progress": { "value": 0.5, "message": "half way" }, "result": { "pages": 3 },
    });
    for (name, value) in members.as_object().into_iter().flatten() {
        match value {
            Value::Null => drop(record.as_object_mut().and_then(|record| record.remove(name))),
            value => record[name] = value.clone(),
        }
    }
    Node::from(&record)
}
