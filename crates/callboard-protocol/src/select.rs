//! What a subscription selects of the state: pointers in which a segment `*` stands for any (protocol 3).
//!
//! A selection is a small trie. It has two readings that agree at every version, which a property test holds:
//! [`Selection::project`] cuts a document down, and [`Selection::filter`] turns an operation on the document into one
//! on what was cut, without looking at the document before it. That works because *presence* is kept: a container on
//! the way to something selected is there whenever it is there in the document, with nothing but the selected in it.
//! What is no object on the way shows as `null`.

use crate::{Key, Node, Object, Op, Pointer, caps, pointer::PointerError};
use std::collections::BTreeMap;

/// See the module.
#[derive(Clone, Debug)]
pub struct Selection {
    root: Branch,
    paths: Vec<String>,
}

/// Paths that select nothing that can be served.
#[derive(Debug, thiserror::Error)]
pub enum SelectionError {
    /// One is no pointer.
    #[error("paths: {0}")]
    Pointer(#[from] PointerError),
    /// None is given.
    #[error("paths must name something; \"\" is everything")]
    Empty,
    /// More than a subscription may have.
    #[error("there are {0} paths; a subscription has at most {max}", max = caps::SUB_PATHS)]
    TooMany(usize),
}

/// An operation that cannot be judged on its own: only a new snapshot helps.
#[derive(Debug, PartialEq, Eq)]
pub struct NeedsDocument;

#[derive(Clone, Debug, Default)]
struct Branch {
    /// Everything from here on.
    whole: bool,
    any: Option<Box<Branch>>,
    named: BTreeMap<Key, Branch>,
}

/// Where a path lies.
enum Place<'a> {
    /// In something that is selected whole.
    Inside,
    /// On the way to something selected.
    Above(Vec<&'a Branch>),
    Outside,
}

impl Selection {
    /// Reads paths; their order and repetitions do not matter.
    ///
    /// # Errors
    /// See [`SelectionError`].
    pub fn parse(paths: &[String]) -> Result<Self, SelectionError> {
        match paths.len() {
            0 => return Err(SelectionError::Empty),
            1..=caps::SUB_PATHS => {}
            more => return Err(SelectionError::TooMany(more)),
        }
        let mut root = Branch::default();
        let mut sorted = Vec::with_capacity(paths.len());
        for path in paths {
            let pointer = Pointer::parse(path)?;
            root.insert(pointer.segments());
            sorted.push(pointer.to_string());
        }
        sorted.sort();
        sorted.dedup();
        if root.whole {
            sorted = vec![String::new()];
        }
        Ok(Selection { root, paths: sorted })
    }

    /// Whether it is the whole document.
    pub fn is_everything(&self) -> bool {
        self.root.whole
    }

    /// The same text for all selections that were written alike.
    pub fn paths(&self) -> &[String] {
        &self.paths
    }

    /// What is selected of a document. It shares structure with it.
    pub fn project(&self, document: &Node) -> Node {
        match self.root.whole {
            true => document.clone(),
            false => project(document, &[&self.root]),
        }
    }

    /// What an operation does to the selected part; `None` when it does nothing. `later` is the document at any
    /// version from this operation on; it tells arrays from objects where a path has a number.
    ///
    /// # Errors
    /// [`NeedsDocument`] for `move` and `copy`, which the server never emits.
    pub fn filter(&self, op: &Op, later: &Node) -> Result<Option<Op>, NeedsDocument> {
        if self.root.whole {
            return Ok(Some(op.clone()));
        }
        if matches!(op, Op::Move { .. } | Op::Copy { .. }) {
            return Err(NeedsDocument);
        }
        let kept = match (self.place(op.path(), later), op) {
            (Place::Outside, _) | (Place::Above(_), Op::Test { .. }) => None,
            (Place::Inside, _) | (_, Op::Remove { .. }) => Some(op.clone()),
            (Place::Above(branches), Op::Add { path, value }) => {
                Some(Op::Add { path: path.clone(), value: project(value, &branches) })
            }
            (Place::Above(branches), Op::Replace { path, value }) => {
                Some(Op::Replace { path: path.clone(), value: project(value, &branches) })
            }
            (Place::Above(_), Op::Move { .. } | Op::Copy { .. }) => return Err(NeedsDocument),
        };
        Ok(kept)
    }

    fn place(&self, path: &Pointer, later: &Node) -> Place<'_> {
        let mut branches = vec![&self.root];
        for (depth, segment) in path.segments().iter().enumerate() {
            // An array on the way shows as null, so there is nothing below it.
            if is_index(segment) && matches!(at(later, &path.segments()[..depth]), Some(Node::Array(_))) {
                return Place::Outside;
            }
            match below(&branches, segment) {
                Place::Above(below) => branches = below,
                found => return found,
            }
        }
        Place::Above(branches)
    }
}

impl Branch {
    fn insert(&mut self, segments: &[Key]) {
        match segments.split_first() {
            None => self.whole = true,
            Some((first, rest)) if first.as_str() == "*" => self.any.get_or_insert_default().insert(rest),
            Some((first, rest)) => self.named.entry(first.clone()).or_default().insert(rest),
        }
    }
}

fn below<'a>(branches: &[&'a Branch], segment: &str) -> Place<'a> {
    let mut below = Vec::new();
    for branch in branches {
        below.extend(branch.any.as_deref());
        below.extend(branch.named.get(segment));
    }
    if below.iter().any(|branch| branch.whole) {
        Place::Inside
    } else if below.is_empty() {
        Place::Outside
    } else {
        Place::Above(below)
    }
}

fn project(node: &Node, branches: &[&Branch]) -> Node {
    let Node::Object(object) = node else { return Node::Null };
    let mut kept = Object::default();
    let mut keep = |key: &Key, value: &Node| match below(branches, key) {
        Place::Inside => drop(kept.insert(key.clone(), value.clone())),
        Place::Above(below) => drop(kept.insert(key.clone(), project(value, &below))),
        Place::Outside => {}
    };
    if branches.iter().any(|branch| branch.any.is_some()) {
        object.iter().for_each(|(key, value)| keep(key, value));
    } else {
        // Wide objects are not walked for a few names.
        let names = branches.iter().flat_map(|branch| branch.named.keys());
        names.filter_map(|key| Some((key, object.get(key)?))).for_each(|(key, value)| keep(key, value));
    }
    kept.into()
}

fn is_index(segment: &str) -> bool {
    segment == "-" || segment.bytes().all(|byte| byte.is_ascii_digit())
}

fn at<'a>(document: &'a Node, segments: &[Key]) -> Option<&'a Node> {
    segments.iter().try_fold(document, |node, segment| node.child(segment))
}
