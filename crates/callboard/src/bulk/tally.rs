//! What a bulk has done so far; its checkpoint and its result.

use callboard_protocol::{
    JobId,
    bulk::{BulkRefused, BulkResult},
    caps,
    error::Rejection,
    job::clip,
};

/// Bytes of an error's message: the first errors must fit into a checkpoint beside the jobs of a step.
const MESSAGE_BYTES: usize = 200;

pub(super) fn skip(tally: &mut BulkResult, reason: &str) {
    *tally.skipped.entry(reason.to_owned()).or_default() += 1;
}

pub(super) fn fail(tally: &mut BulkResult, id: &JobId, rejection: &Rejection) {
    tally.failed += 1;
    if tally.errors.len() < caps::BULK_SAMPLE {
        let message = clip(&rejection.message);
        let message = message[..message.floor_char_boundary(MESSAGE_BYTES)].to_owned();
        tally.errors.push(BulkRefused { id: id.clone(), code: rejection.code, message });
    }
}
