//! Snapshots as they are stored.

use crate::{
    caps,
    codec::{Packer, unpack},
    error::{AppendError, DecodeError, EncodeError},
    port::{Snapshot, Tail},
};
use callboard_protocol::{Epoch, Node, Time, command::KeptOutcome};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A snapshot as it is stored: the parts to find it by, and the rest as bytes under a checksum.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StoredSnapshot {
    pub(crate) seq: u64,
    pub(crate) version: u64,
    pub(crate) epoch: Epoch,
    pub(crate) hash: String,
    pub(crate) at: Time,
    pub(crate) checksum: String,
    pub(crate) body: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct SnapshotBody<'a> {
    state: Cow<'a, Node>,
    outcomes: Cow<'a, [KeptOutcome]>,
}

impl StoredSnapshot {
    pub(crate) fn pack(snapshot: &Snapshot) -> Result<StoredSnapshot, EncodeError> {
        let outcomes = Cow::Borrowed(snapshot.outcomes.as_slice());
        let body = SnapshotBody { state: Cow::Borrowed(&snapshot.state), outcomes };
        let body = Packer::default().pack(&body, caps::SNAPSHOT_BYTES)?;
        let Snapshot { seq, version, epoch, hash, at, .. } = snapshot.clone();
        let stored = StoredSnapshot { seq, version, epoch, hash, at, checksum: String::new(), body };
        Ok(StoredSnapshot { checksum: stored.sum(), ..stored })
    }

    pub(crate) fn unpack(self) -> Result<Snapshot, DecodeError> {
        if self.sum() != self.checksum {
            return Err(DecodeError::Malformed(format!(
                "the checksum of snapshot {} does not fit",
                self.seq
            )));
        }
        let SnapshotBody { state, outcomes } = unpack(&self.body, caps::SNAPSHOT_BYTES)?;
        let StoredSnapshot { seq, version, epoch, hash, at, .. } = self;
        Ok(Snapshot {
            seq,
            version,
            epoch,
            hash,
            at,
            state: state.into_owned(),
            outcomes: outcomes.into_owned(),
        })
    }

    /// The snapshot, or nothing and a warning: recovery goes on with an older one and a longer replay.
    pub(crate) fn unpack_or_warn(self) -> Option<Snapshot> {
        let seq = self.seq;
        self.unpack().inspect_err(|error| tracing::warn!(seq, %error, "skipped a damaged snapshot")).ok()
    }

    /// Whether replay could go on after it: it is not ahead of the tail, the commits after it (from `first` on) are
    /// there, and it was made after the commit of the `known` hash.
    pub(crate) fn check(&self, tail: &Tail, first: u64, known: Option<&str>) -> Result<(), AppendError> {
        if self.seq == 0 || self.seq > tail.seq || self.seq + 1 < first {
            let (seq, last) = (self.seq, tail.seq);
            let text =
                format!("a snapshot of commit {seq} does not fit a journal of commits {first} to {last}");
            return Err(AppendError::Rejected(text));
        }
        if known.is_some_and(|known| known != self.hash) {
            let text = format!("the snapshot's hash is not the one of commit {}", self.seq);
            return Err(AppendError::Rejected(text));
        }
        Ok(())
    }

    /// BLAKE3 over everything but itself.
    fn sum(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let head = (self.seq, self.version, &self.epoch, &self.hash, self.at.0);
        hasher.update(format!("{head:?}\n").as_bytes());
        hasher.update(&self.body);
        hasher.finalize().to_hex().to_string()
    }
}
