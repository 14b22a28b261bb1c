//! What is durable, kept by the world itself: a fold of its own beside the product's, and every version's state.

use crate::{
    invariant::Invariant,
    oracle::{Oracle, Seen},
    stage::Stage,
};
use callboard_core::Recovered;
use callboard_journal::{Archive, Snapshot};
use callboard_protocol::{
    Change, CommandKey, Commit, CommitKind, Node, Time, apply,
    caps::{COMMIT_ENTRIES, OUTCOME_MS},
    job::Attempt,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Where a command's key stands in the journal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    pub(crate) version: u64,
    /// When it was decided, by the board's own time.
    pub(crate) at: Time,
}

/// See the module.
pub(crate) struct Ledger {
    stage: Arc<Stage>,
    book: Mutex<Book>,
}

/// What is in it.
pub(crate) struct Book {
    pub(crate) document: Node,
    pub(crate) version: u64,
    seq: u64,
    node: String,
    /// The state after each commit: what a reader may see.
    heads: BTreeMap<u64, Node>,
    keys: HashMap<CommandKey, Kept>,
    pub(crate) oracle: Oracle,
    pub(crate) writes: u64,
    is_writing: bool,
    /// When a write last began or ended, ms of real time.
    pub(crate) active_ms: u64,
}

impl Ledger {
    pub(crate) fn new(stage: Arc<Stage>, oracle: Oracle) -> Self {
        let document = Recovered::default().document;
        let heads = BTreeMap::from([(0, document.clone())]);
        let book = Book {
            document,
            version: 0,
            seq: 0,
            node: String::new(),
            heads,
            keys: HashMap::new(),
            oracle,
            writes: 0,
            is_writing: false,
            active_ms: 0,
        };
        Ledger { stage, book: Mutex::new(book) }
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `false` when another write is on its way.
    pub(crate) fn begin_write(&self) -> bool {
        let mut book = self.book();
        book.writes += 1;
        book.active_ms = self.stage.host.elapsed_ms();
        !std::mem::replace(&mut book.is_writing, true)
    }

    pub(crate) fn end_write(&self) {
        let mut book = self.book();
        book.is_writing = false;
        book.active_ms = self.stage.host.elapsed_ms();
    }

    /// Whether nothing was written for so long.
    pub(crate) fn is_calm(&self, now_ms: u64, calm_ms: u64) -> bool {
        let book = self.book();
        !book.is_writing && book.active_ms + calm_ms <= now_ms
    }

    /// The process that wrote is gone.
    pub(crate) fn forget_write(&self) {
        self.book().is_writing = false;
    }

    /// A commit is durable from here on.
    pub(crate) fn stored(&self, commit: &Commit, archive: &[Archive]) {
        let at_ms = self.stage.host.elapsed_ms();
        let mut book = self.book();
        let mut breaches = book.check_frame(commit);
        book.seq = commit.seq;
        if commit.kind == CommitKind::Takeover {
            book.node.clone_from(&commit.node);
        }
        let attempts = archive.iter().filter_map(|row| match row {
            Archive::Attempt(attempt) => Some(attempt.clone()),
            Archive::Job(_) | Archive::DeleteJob(_) => None,
        });
        let attempts: Vec<Attempt> = attempts.collect();
        book.oracle.record(&attempts, &mut breaches);
        let seen = Seen { at_ms, boot: self.stage.boot(), is_draining: self.stage.is_draining() };
        for change in &commit.entries {
            book.fold(change, seen, &mut breaches);
        }
        let (version, document) = (book.version, book.document.clone());
        book.heads.insert(version, document);
        drop(book);
        for (invariant, what) in breaches {
            self.stage.breach(invariant, format!("commit {}: {what}", commit.seq));
        }
    }

    /// What somebody was shown must be a state that is durable.
    pub(crate) fn check_view(&self, who: &str, version: u64, document: &Node) {
        let book = self.book();
        if version > book.version {
            let what = format!("{who} shows version {version}; {} is stored", book.version);
            drop(book);
            return self.stage.breach(Invariant::DurableBeforeVisible, what);
        }
        let known = book.heads.get(&version).cloned();
        drop(book);
        match known {
            Some(known) if known == *document => {}
            Some(known) => {
                let what = format!("{who} at version {version}: {}", difference(&known, document));
                self.stage.breach(Invariant::OneFold, what);
            }
            None => {
                let what = format!("{who} stops at version {version}, inside of a commit");
                self.stage.breach(Invariant::OneFold, what);
            }
        }
    }

    pub(crate) fn check_snapshot(&self, snapshot: &Snapshot) {
        self.check_view("a snapshot", snapshot.version, &snapshot.state);
    }

    pub(crate) fn kept(&self, key: &CommandKey) -> Option<Kept> {
        self.book().keys.get(key).copied()
    }

    /// Versions that a reader may have seen.
    pub(crate) fn versions(&self) -> Vec<u64> {
        self.book().heads.keys().copied().collect()
    }
}

type Breaches = Vec<(Invariant, String)>;

impl Book {
    fn check_frame(&self, commit: &Commit) -> Breaches {
        let mut breaches = Vec::new();
        if commit.seq != self.seq + 1 || commit.base_version != self.version {
            let what = format!(
                "it has seq {} on version {}; the journal is at {} and {}",
                commit.seq, commit.base_version, self.seq, self.version
            );
            breaches.push((Invariant::Contiguous, what));
        }
        let is_batch = commit.kind == CommitKind::Batch;
        if is_batch && commit.entries.is_empty() {
            breaches.push((Invariant::Contiguous, "it has no changes".into()));
        }
        if is_batch && commit.node != self.node {
            let what = format!("process {} wrote, but {} has taken over", commit.node, self.node);
            breaches.push((Invariant::OneWriter, what));
        }
        if commit.entries.len() > COMMIT_ENTRIES {
            breaches.push((Invariant::Bounded, format!("it has {} changes", commit.entries.len())));
        }
        breaches
    }

    fn fold(&mut self, change: &Change, seen: Seen, breaches: &mut Breaches) {
        let before = self.document.clone();
        if let Err(error) = apply(&mut self.document, &change.ops) {
            breaches
                .push((Invariant::OneFold, format!("version {} does not apply: {error}", self.version + 1)));
            return;
        }
        self.version += 1;
        let version = self.version;
        if change.ops.is_empty() || before == self.document {
            breaches.push((Invariant::Contiguous, format!("version {version} changes nothing")));
        }
        if let Some(key) = &change.key
            && let Some(first) = self.keys.insert(key.clone(), Kept { version, at: change.at })
            && change.at.since_ms(first.at) <= OUTCOME_MS
        {
            let what = format!("key {key} was carried out at versions {} and {version}", first.version);
            breaches.push((Invariant::OneEnd, what));
        }
        let mut found = Vec::new();
        self.oracle.follow((&before, &self.document), change, seen, &mut found);
        breaches.extend(
            found.into_iter().map(|(invariant, what)| (invariant, format!("version {version}: {what}"))),
        );
    }
}

/// Where two documents differ first.
pub(crate) fn difference(stored: &Node, shown: &Node) -> String {
    fn walk(path: &str, stored: &Node, shown: &Node) -> Option<String> {
        if stored == shown {
            return None;
        }
        if let (Some(one), Some(other)) = (stored.as_object(), shown.as_object()) {
            for (key, value) in one.iter() {
                let path = format!("{path}/{key}");
                match other.get(key) {
                    None => return Some(format!("{path} is stored, not shown")),
                    Some(shown) => {
                        if let Some(found) = walk(&path, value, shown) {
                            return Some(found);
                        }
                    }
                }
            }
            let more = other.keys().find(|key| !one.contains(key));
            return more.map(|key| format!("{path}/{key} is shown, not stored"));
        }
        Some(format!("{path} is {shown}; stored is {stored}"))
    }
    walk("", stored, shown).unwrap_or_else(|| "no difference".into())
}
