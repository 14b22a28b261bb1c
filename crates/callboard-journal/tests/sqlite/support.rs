//! What the tests store and how they look into files.

use callboard_journal::{AppendError, Journal, Snapshot, SqliteJournal, Tail};
use callboard_protocol::{Change, Commit, CommitKind, Epoch, Node, Op, Pointer, Time};
use std::path::{Path, PathBuf};

pub(crate) fn database(dir: &Path) -> PathBuf {
    dir.join("journal.sqlite")
}

/// The file behind the journal's back.
pub(crate) fn raw(dir: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(database(dir)).expect("a database")
}

pub(crate) fn open(dir: &Path) -> SqliteJournal {
    SqliteJournal::open(dir).expect("opens")
}

/// A commit of one change with a payload of some bytes.
pub(crate) fn commit(tail: &Tail, payload: usize) -> Commit {
    let seq = tail.seq + 1;
    let path = Pointer::parse(&format!("/things/{seq}")).expect("a pointer");
    // Not compressible, so that sizes are what they seem.
    let mut random = seq;
    let text: String = std::iter::repeat_with(|| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'0' + (random >> 58) as u8)
    })
    .take(payload)
    .collect();
    let change = Change {
        at: Time(1),
        key: None,
        long_key: None,
        actor: "tester".into(),
        events: Vec::new(),
        ops: vec![Op::Add { path, value: Node::from(text) }],
        result: Node::Null,
    };
    Commit {
        seq,
        epoch: Epoch::from("epoch-1"),
        node: "node-1".into(),
        base_version: tail.version,
        at: Time(1).plus_ms(seq),
        prev: tail.hash.clone(),
        kind: CommitKind::Batch,
        entries: vec![change],
    }
}

/// Appends one commit; the tail after it.
pub(crate) async fn append(journal: &dyn Journal, payload: usize) -> Result<Tail, AppendError> {
    let tail = journal.tail().await.expect("reads");
    let commit = commit(&tail, payload);
    let (seq, version, epoch, node) =
        (commit.seq, commit.head_version(), Some(commit.epoch.clone()), commit.node.clone());
    let hash = journal.append(commit.into()).await?.hash;
    Ok(Tail { seq, version, epoch, node, hash })
}

pub(crate) async fn fill(journal: &dyn Journal, count: u64) -> Tail {
    for _ in 0..count {
        append(journal, 10).await.expect("appends");
    }
    journal.tail().await.expect("reads")
}

pub(crate) fn snapshot(tail: &Tail) -> Snapshot {
    Snapshot {
        seq: tail.seq,
        version: tail.version,
        epoch: tail.epoch.clone().expect("a commit"),
        hash: tail.hash.clone(),
        at: Time(3),
        state: Node::from("state"),
        outcomes: Vec::new(),
    }
}

/// All numbers of the journal, read in pages; fails on a gap.
pub(crate) async fn count(journal: &dyn Journal, first: u64) -> u64 {
    let mut next = first;
    loop {
        let page = journal.read(next, 1000).await.expect("reads");
        if page.is_empty() {
            return next - first;
        }
        for commit in page {
            assert_eq!(commit.seq, next);
            next += 1;
        }
    }
}
