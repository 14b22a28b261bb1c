//! What the journal says, read from a copy while no server runs: the fold of its commits, the command behind each
//! change, and the life of every job.

use crate::faults::{Fault, Faults};
use callboard_core::{Recovered, successful_attempt};
use callboard_journal::{Journal, SqliteJournal};
use callboard_protocol::{Change, Commit, CommitKind, Event, JobId, Node, job::JobState};
use std::{
    collections::{BTreeMap, HashMap},
    error::Error,
    fs,
    path::Path,
};

/// The life of a job as its events tell it. A retry by hand begins another round of it.
#[derive(Debug, Default)]
struct Life {
    dispatched: u32,
    is_over: bool,
    cancel_asked: bool,
}

/// Everything read so far.
#[derive(Default)]
pub(crate) struct Audit {
    recovered: Recovered,
    seq: u64,
    /// The version and result of every keyed change.
    applied: HashMap<String, (u64, Node)>,
    lives: BTreeMap<String, Life>,
}

impl Audit {
    /// The version of the last change.
    pub(crate) fn version(&self) -> u64 {
        self.recovered.version
    }

    pub(crate) fn epoch(&self) -> Option<&str> {
        self.recovered.epoch.as_deref()
    }

    /// The state as the fold of the journal, as text.
    pub(crate) fn state(&self) -> String {
        self.recovered.document.to_string()
    }

    /// Where and with what result a command was carried out.
    pub(crate) fn applied(&self, key: &str) -> Option<&(u64, Node)> {
        self.applied.get(key)
    }

    /// Reads on, from a copy: what the server finds at its next start is what it left.
    pub(crate) async fn read(&mut self, data: &Path, faults: &mut Faults) -> Result<(), Box<dyn Error>> {
        let copy = tempfile::tempdir()?;
        copy_journal(data, copy.path())?;
        let journal = SqliteJournal::open(copy.path())?;
        let tail = journal.tail().await?;
        while self.seq < tail.seq {
            for commit in journal.read(self.seq + 1, 256).await? {
                self.seq = commit.seq;
                self.take(&commit, faults)?;
            }
        }
        if tail.version != self.version() {
            faults.add(Fault::Other, format!("the head is {}, the fold {}", tail.version, self.version()));
        }
        journal.close().await;
        Ok(())
    }

    fn take(&mut self, commit: &Commit, faults: &mut Faults) -> Result<(), Box<dyn Error>> {
        if commit.base_version != self.version() {
            let (base, version) = (commit.base_version, self.version());
            faults.add(
                Fault::MirrorDiffers,
                format!("commit {} goes on from {base}, not {version}", commit.seq),
            );
        }
        if commit.kind == CommitKind::Batch && commit.node != self.recovered.node {
            faults.add(Fault::Other, format!("commit {} was written by a server that had ended", commit.seq));
        }
        if self.recovered.epoch.as_ref().is_some_and(|epoch| *epoch != commit.epoch) {
            faults.add(Fault::MirrorDiffers, format!("the epoch changed with commit {}", commit.seq));
        }
        self.recovered.fold(commit)?;
        for (change, version) in commit.entries.iter().zip(commit.base_version + 1..) {
            self.note_key(change, version, faults);
            for event in &change.events {
                self.note_event(change, event, faults);
            }
        }
        Ok(())
    }

    fn note_key(&mut self, change: &Change, version: u64, faults: &mut Faults) {
        let Some(key) = &change.key else { return };
        if let Some((first, _)) = self.applied.insert(key.to_string(), (version, change.result.clone())) {
            faults.add(Fault::HalfApplied, format!("{key} was carried out at {first} and at {version}"));
        }
        if let Some(job) = key.strip_prefix("dispatch:")
            && !change.events.iter().any(|event| event.topic == "job.dispatched")
        {
            faults.add(
                Fault::HalfApplied,
                format!("version {version} answers for {job} without having made it"),
            );
        }
    }

    fn note_event(&mut self, change: &Change, event: &Event, faults: &mut Faults) {
        let Some(job) = &event.job_id else { return };
        let life = self.lives.entry(job.to_string()).or_default();
        let by_cancel = change.key.as_ref().is_some_and(|key| key.starts_with("cancel:"));
        life.cancel_asked |= by_cancel;
        match event.topic.as_str() {
            "job.dispatched" => {
                life.dispatched += 1;
                if life.dispatched > 1 {
                    faults.add(Fault::HalfApplied, format!("{job} was made twice"));
                }
            }
            "job.redriven" => (life.is_over, life.cancel_asked) = (false, false),
            "job.succeeded" | "job.failed" | "job.cancelled" => {
                if std::mem::replace(&mut life.is_over, true) {
                    faults.add(Fault::EndedTwice, format!("{job}: another {}", event.topic));
                }
                if life.cancel_asked && event.topic != "job.cancelled" {
                    faults.add(
                        Fault::EndedTwice,
                        format!("{job}: {} after a cancel was accepted", event.topic),
                    );
                }
            }
            _ if life.is_over => {
                faults.add(Fault::EndedTwice, format!("{job}: {} after its end", event.topic));
            }
            _ => {}
        }
    }

    /// Whether the job has ended as often as it began.
    pub(crate) fn has_ended(&self, job: &str) -> bool {
        self.lives.get(job).is_some_and(|life| life.is_over)
    }

    /// Every job's record and attempts in the store: finished, and as many attempts as were started.
    pub(crate) async fn check_store(&self, data: &Path, faults: &mut Faults) -> Result<(), Box<dyn Error>> {
        let copy = tempfile::tempdir()?;
        copy_journal(data, copy.path())?;
        let journal = SqliteJournal::open(copy.path())?;
        for job in self.lives.keys() {
            let id = JobId::from(job.as_str());
            let Some(record) = journal.job(&id).await? else {
                faults.add(Fault::NotEnded, format!("{job} is not in the store"));
                continue;
            };
            let text = |name: &str| record.child(name).and_then(Node::as_str).unwrap_or_default();
            if !JobState::parse(text("state")).is_some_and(JobState::is_terminal) {
                faults.add(Fault::NotEnded, format!("{job} is {:?} in the store", text("state")));
            }
            let started = record.child("attempt").and_then(Node::as_u64).unwrap_or_default();
            // The attempt that succeeded is in the record.
            let rows = journal.attempts(&id).await?.len() as u64;
            let ended = rows + u64::from(successful_attempt(&record).is_some());
            if started != ended {
                faults.add(Fault::HalfApplied, format!("{job} has {started} attempts, the store {ended}"));
            }
        }
        journal.close().await;
        Ok(())
    }
}

/// The database and what was not yet moved into it.
fn copy_journal(data: &Path, to: &Path) -> std::io::Result<()> {
    for name in ["journal.sqlite", "journal.sqlite-wal"] {
        let from = data.join("journal").join(name);
        if from.exists() {
            fs::copy(from, to.join(name))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use callboard_protocol::{Actor, CommandKey, Epoch, Op, Pointer, Time};

    fn change(key: Option<&str>, topic: &str) -> Change {
        let path = Pointer::parse("/settings/a").unwrap();
        Change {
            at: Time(0),
            key: key.map(CommandKey::new),
            long_key: None,
            actor: Actor::new("test"),
            events: vec![Event { topic: topic.into(), job_id: Some("a".into()), data: Node::Null }],
            ops: vec![Op::Add { path, value: Node::from(topic) }],
            result: Node::Null,
        }
    }

    fn commit(seq: u64, base_version: u64, entries: Vec<Change>) -> Commit {
        let kind = if entries.is_empty() { CommitKind::Takeover } else { CommitKind::Batch };
        let (epoch, node) = (Epoch::new("e"), "n".into());
        Commit { seq, epoch, node, base_version, at: Time(0), prev: String::new(), kind, entries }
    }

    /// The faults in a journal of one job's life.
    fn faults_of(changes: Vec<Change>) -> Faults {
        let (mut audit, mut faults) = (Audit::default(), Faults::default());
        audit.take(&commit(1, 0, Vec::new()), &mut faults).unwrap();
        for (change, seq) in changes.into_iter().zip(2..) {
            audit.take(&commit(seq, seq - 2, vec![change]), &mut faults).unwrap();
        }
        faults
    }

    #[test]
    fn an_orderly_life_has_no_faults() {
        let faults = faults_of(vec![
            change(Some("dispatch:a"), "job.dispatched"),
            change(None, "job.started"),
            change(None, "job.succeeded"),
            change(Some("retry:a:1"), "job.redriven"),
            change(Some("cancel:a"), "job.cancelled"),
        ]);
        assert!(faults.is_empty(), "{faults:?}");
    }

    #[test]
    fn a_disorderly_life_is_found_out() {
        let born = || change(Some("dispatch:a"), "job.dispatched");
        let cases = [
            (vec![born(), change(None, "job.failed"), change(None, "job.succeeded")], Fault::EndedTwice),
            (vec![born(), change(None, "job.failed"), change(None, "job.started")], Fault::EndedTwice),
            (
                vec![born(), change(Some("cancel:a"), "job.cancelling"), change(None, "job.failed")],
                Fault::EndedTwice,
            ),
            (vec![born(), change(Some("dispatch:a"), "job.started")], Fault::HalfApplied),
            (vec![born(), change(None, "job.dispatched")], Fault::HalfApplied),
            (vec![change(Some("dispatch:a"), "job.started")], Fault::HalfApplied),
        ];
        for (index, (changes, fault)) in cases.into_iter().enumerate() {
            assert!(faults_of(changes).count(fault) > 0, "case {index}");
        }
    }

    #[test]
    fn holes_and_foreign_commits_are_found_out() {
        let (mut audit, mut faults) = (Audit::default(), Faults::default());
        audit.take(&commit(1, 0, Vec::new()), &mut faults).unwrap();
        audit.take(&commit(2, 5, vec![change(None, "job.started")]), &mut faults).unwrap();
        assert_eq!(faults.count(Fault::MirrorDiffers), 1);
        let foreign = Commit { node: "another".into(), ..commit(3, 1, vec![change(None, "job.started")]) };
        audit.take(&foreign, &mut faults).unwrap();
        assert_eq!(faults.count(Fault::Other), 1);
    }
}
