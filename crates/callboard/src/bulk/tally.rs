//! What a bulk has done so far; its checkpoint and its result.

use callboard_protocol::{JobId, caps, error::Rejection, job::clip};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bytes of an error's message: the first errors must fit into a checkpoint beside the jobs of a step.
const MESSAGE_BYTES: usize = 200;

/// Counts of jobs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tally {
    /// It was done to them.
    pub(super) done: u64,
    /// Nothing was done to them, by reason.
    pub(super) skipped: BTreeMap<String, u64>,
    /// It was refused.
    pub(super) failed: u64,
    /// The first of those.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(super) errors: Vec<Refused>,
}

/// A job whose command was refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Refused {
    id: JobId,
    code: callboard_protocol::error::ErrorCode,
    message: String,
}

impl Tally {
    pub(super) fn skip(&mut self, reason: &str) {
        *self.skipped.entry(reason.to_owned()).or_default() += 1;
    }

    pub(super) fn fail(&mut self, id: &JobId, rejection: &Rejection) {
        self.failed += 1;
        if self.errors.len() < caps::BULK_SAMPLE {
            let message = clip(&rejection.message);
            let message = message[..message.floor_char_boundary(MESSAGE_BYTES)].to_owned();
            self.errors.push(Refused { id: id.clone(), code: rejection.code, message });
        }
    }

    /// Jobs that were looked after, one way or another.
    pub(super) fn handled(&self) -> u64 {
        self.done + self.failed + self.skipped.values().sum::<u64>()
    }
}
