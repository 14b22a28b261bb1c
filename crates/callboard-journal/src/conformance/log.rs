//! The log itself.

use super::{
    Checked, Site, fits,
    make::{abyss, after, change, fill, job},
    same,
};
use crate::{Append, AppendError, Appended, Archive, Journal, Tail, encode, hash};
use callboard_protocol::{Commit, CommitKind, Epoch, Node, caps::COMMIT_ENTRIES, job::JobState};
use std::sync::Arc;

pub(super) async fn an_empty_journal_is_at_zero(journal: Arc<dyn Journal>, _: &dyn Site) -> Checked {
    same!(journal.tail().await?, Tail::default(), "the tail");
    for from in [0, 1, 5] {
        same!(journal.read(from, 10).await?, vec![], "commits from {from}");
    }
    same!(journal.latest_snapshot().await?, None, "the snapshot");
    Ok(())
}

pub(super) async fn numbers_are_contiguous_and_hashes_chained(
    journal: Arc<dyn Journal>,
    _: &dyn Site,
) -> Checked {
    let mut tail = Tail::default();
    for changes in [1, 0, 3, COMMIT_ENTRIES] {
        let commit = after(&tail, changes);
        let expected = hash(&encode(&commit)?);
        let version = tail.version + changes as u64;
        same!(journal.append(commit.into()).await?, Appended { hash: expected.clone() }, "the hash");
        let next = journal.tail().await?;
        same!((next.seq, next.version, &next.hash), (tail.seq + 1, version, &expected), "the tail");
        tail = next;
    }
    let mut prev = String::new();
    for (seq, commit) in (1..).zip(journal.read(1, 10).await?) {
        same!((commit.seq, &commit.prev), (seq, &prev), "the place of commit {seq}");
        prev = hash(&encode(&commit)?);
    }
    same!(prev, tail.hash, "the end of the chain");
    Ok(())
}

pub(super) async fn a_commit_comes_back_as_it_was(journal: Arc<dyn Journal>, _: &dyn Site) -> Checked {
    let mut small = after(&Tail::default(), 1);
    small.entries[0].result =
        vec![Node::from("é\u{0}\"\\ 🎨"), Node::from(u64::MAX), Node::Bool(false)].into();
    small.entries[0].key = None;
    journal.append(small.clone().into()).await?;
    let mut large = after(&journal.tail().await?, 2);
    large.entries[1].result = Node::from("larger than a page ".repeat(10_000));
    journal.append(large.clone().into()).await?;
    let found = journal.read(1, 2).await?;
    same!(found, vec![Arc::new(small), Arc::new(large)], "the commits");
    Ok(())
}

pub(super) async fn a_takeover_names_epoch_and_node(journal: Arc<dyn Journal>, _: &dyn Site) -> Checked {
    let tail = fill(&*journal, 1).await?;
    let (epoch, node) = (Epoch::from("epoch-2"), String::from("node-2"));
    let takeover =
        Commit { kind: CommitKind::Takeover, epoch: epoch.clone(), node: node.clone(), ..after(&tail, 0) };
    journal.append(takeover.into()).await?;
    let found = journal.tail().await?;
    same!((found.epoch, found.node, found.version), (Some(epoch), node, tail.version), "the tail");
    Ok(())
}

pub(super) async fn a_wrong_tail_stores_nothing(journal: Arc<dyn Journal>, _: &dyn Site) -> Checked {
    let tail = fill(&*journal, 3).await?;
    let right = after(&tail, 1);
    for seq in [0, 1, 3, 5, u64::MAX] {
        let wrong = Commit { seq, ..right.clone() };
        let rows = vec![Archive::Job(job("stray", "k", JobState::Failed, 1))];
        let refused = journal.append(Append { archive: rows, ..wrong.into() }).await;
        let conflict = AppendError::Conflict { expected: seq.saturating_sub(1), found: 3 };
        same!(refused, Err(conflict), "the answer to commit {seq}");
    }
    let forked = Commit { prev: hash(b"another history"), ..right.clone() };
    let conflict = AppendError::Conflict { expected: 3, found: 3 };
    same!(journal.append(forked.into()).await, Err(conflict), "the answer to a fork");
    same!(journal.tail().await?, tail, "the tail");
    same!(journal.read(1, 10).await?.len(), 3, "the number of commits");
    same!(journal.job(&"stray".into()).await?, None, "the history");
    journal.append(right.into()).await?;
    Ok(())
}

pub(super) async fn what_does_not_fit_stores_nothing(journal: Arc<dyn Journal>, _: &dyn Site) -> Checked {
    let tail = fill(&*journal, 1).await?;
    let right = after(&tail, 1);
    let regressed = Commit { base_version: tail.version - 1, ..right.clone() };
    let crowded = after(&tail, COMMIT_ENTRIES + 1);
    let mut deep = right.clone();
    deep.entries[0].result = abyss();
    for wrong in [regressed, crowded, deep] {
        fits!(journal.append(wrong.into()).await, Err(AppendError::Rejected(_)));
    }
    same!(journal.tail().await?, tail, "the tail");
    journal.append(right.into()).await?;
    Ok(())
}

pub(super) async fn commits_come_in_pages(journal: Arc<dyn Journal>, _: &dyn Site) -> Checked {
    let mut tail = fill(&*journal, 6).await?;
    let mut large = after(&tail, 1);
    large.entries.push(change("last"));
    journal.append(large.into()).await?;
    tail.seq += 1;
    for size in [1, 2, 3, 100] {
        let mut next = 1;
        loop {
            let page = journal.read(next, size).await?;
            let numbers: Vec<u64> = page.iter().map(|commit| commit.seq).collect();
            let expected: Vec<u64> = (next..=tail.seq).take(size).collect();
            same!(numbers, expected, "the page of {size} from {next}");
            next += numbers.len() as u64;
            if numbers.is_empty() {
                break;
            }
        }
    }
    same!(journal.read(1, 0).await?, vec![], "a page of none");
    same!(journal.read(u64::MAX, 1).await?, vec![], "a page past the end");
    Ok(())
}
