//! What the cases store.

use super::Checked;
use crate::{Append, Archive, JobRow, Journal, Snapshot, Tail};
use callboard_protocol::{
    Change, Commit, CommitKind, Epoch, Event, JobId, Node, Op, Pointer, Time,
    command::KeptOutcome,
    job::{Attempt, AttemptOutcome, JobError, JobState},
};

/// A commit of some changes that follows a tail.
pub(super) fn after(tail: &Tail, changes: usize) -> Commit {
    let seq = tail.seq + 1;
    Commit {
        seq,
        epoch: tail.epoch.clone().unwrap_or_else(|| Epoch::from("epoch-1")),
        node: "node-1".into(),
        base_version: tail.version,
        at: Time(1_700_000_000_000).plus_ms(seq),
        prev: tail.hash.clone(),
        kind: CommitKind::Batch,
        entries: (0..changes).map(|index| change(&format!("{seq}-{index}"))).collect(),
    }
}

/// A change that sets `/things/<name>`.
pub(super) fn change(name: &str) -> Change {
    let path = Pointer::parse(&format!("/things/{name}")).expect("a pointer");
    let event = Event { topic: "thing.made".into(), job_id: Some(name.into()), data: Node::Null };
    Change {
        at: Time(1_700_000_000_000),
        key: Some(name.into()),
        long_key: None,
        actor: "tester".into(),
        events: vec![event],
        ops: vec![Op::Add { path, value: Node::from(name) }],
        result: Node::from(name),
    }
}

/// Appends `count` commits of two changes each.
pub(super) async fn fill(journal: &dyn Journal, count: u64) -> Checked<Tail> {
    for _ in 0..count {
        let tail = journal.tail().await?;
        journal.append(after(&tail, 2).into()).await?;
    }
    Ok(journal.tail().await?)
}

/// Appends one commit with these rows.
pub(super) async fn archive(journal: &dyn Journal, rows: Vec<Archive>) -> Checked {
    let commit = after(&journal.tail().await?, 1);
    journal.append(Append { archive: rows, ..commit.into() }).await?;
    Ok(())
}

/// A job's record; its kind and state are part of it.
pub(super) fn job(id: &str, kind: &str, state: JobState, created_at: i64) -> JobRow {
    JobRow {
        id: id.into(),
        kind: kind.into(),
        queue: "default".into(),
        state,
        created_at: Time(created_at),
        finished_at: state.is_terminal().then_some(Time(created_at + 5)),
        body: vec![Node::from(id), Node::from(kind), Node::from(state.as_str())].into(),
    }
}

/// The attempt of a job.
pub(super) fn attempt(job: &str, number: u32) -> Attempt {
    Attempt {
        job_id: JobId::from(job),
        attempt: number,
        started_at: Time(10),
        finished_at: Time(20),
        outcome: AttemptOutcome::Errored,
        error: Some(JobError::new("exit_code", format!("try {number}"))),
    }
}

/// A snapshot of the state after a tail.
pub(super) fn snapshot(tail: &Tail) -> Snapshot {
    let state = vec![Node::from(tail.version), Node::from("state ".repeat(1000))].into();
    let outcome = KeptOutcome {
        key: "k".into(),
        at: Time(5),
        version: tail.version,
        result: Node::from("ok"),
        until: None,
    };
    Snapshot {
        seq: tail.seq,
        version: tail.version,
        epoch: tail.epoch.clone().unwrap_or_else(|| Epoch::from("none")),
        hash: tail.hash.clone(),
        at: Time(1_700_000_000_000),
        state,
        outcomes: vec![outcome],
    }
}

/// A value that is nested too deep to be read back.
pub(super) fn abyss() -> Node {
    (0..=crate::caps::DEPTH).fold(Node::Null, |inner, _| vec![inner].into())
}
