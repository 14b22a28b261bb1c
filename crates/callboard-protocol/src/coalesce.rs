//! Many patches into one: a trie of pending writes whose output paths are disjoint and hence order-free.
//!
//! Used for the debounce window, for a lagging client and for resuming from the ring (design: sync, coalescing).
//! Folding gives the same document as applying operation by operation; a property test holds that.

use crate::{Key, Node, Op, Pointer, op::apply};
use std::collections::BTreeMap;

/// Collects operations and gives back an equal, shorter list.
#[derive(Debug, Default)]
pub struct Coalescer {
    root: Pending,
}

#[derive(Debug, Clone)]
enum Pending {
    /// Nothing here; perhaps something below.
    Kids(BTreeMap<Key, Pending>),
    /// The value is set to this. `fresh`: the member was absent before.
    Set { value: Node, fresh: bool },
    /// The member, present before, is removed.
    Gone,
    /// Operations that do not fold (array indexes, `move`, `copy`, `test`), kept in order.
    Ordered(Vec<Op>),
}

impl Default for Pending {
    fn default() -> Self {
        Pending::Kids(BTreeMap::new())
    }
}

impl Coalescer {
    /// Takes in the next operation. Operations must come in the order in which they were applied.
    pub fn push(&mut self, op: &Op) {
        match op {
            Op::Add { path, .. } | Op::Replace { path, .. } | Op::Remove { path } if !indexes(path) => {
                push_at(&mut self.root, path.segments(), 0, op);
            }
            _ => freeze(&mut self.root, &[]).push(op.clone()),
        }
    }

    /// The folded operations.
    pub fn into_ops(self) -> Vec<Op> {
        let mut ops = Vec::new();
        emit(self.root, &mut Vec::new(), &mut ops);
        ops
    }
}

/// Whether the path may index an array: a segment of digits or `-`.
fn indexes(path: &Pointer) -> bool {
    path.segments().iter().any(|key| key.as_str() == "-" || key.bytes().all(|byte| byte.is_ascii_digit()))
}

fn push_at(node: &mut Pending, segments: &[Key], depth: usize, op: &Op) {
    match node {
        Pending::Ordered(ops) => ops.push(op.clone()),
        Pending::Set { value, .. } if depth < segments.len() => edit_below(value, &segments[depth..], op),
        Pending::Kids(kids) if depth < segments.len() => {
            let below = kids.entry(segments[depth].clone()).or_default();
            push_at(below, segments, depth + 1, op);
            if matches!(below, Pending::Kids(kids) if kids.is_empty()) {
                kids.remove(&segments[depth]);
            }
        }
        _ => replace_here(node, op),
    }
}

/// A write exactly here, where something may be pending already.
fn replace_here(node: &mut Pending, op: &Op) {
    let was_fresh = matches!(node, Pending::Set { fresh: true, .. });
    let was_untouched = matches!(node, Pending::Kids(kids) if kids.is_empty());
    *node = match op {
        Op::Add { value, .. } => Pending::Set { value: value.clone(), fresh: was_fresh || was_untouched },
        Op::Replace { value, .. } => Pending::Set { value: value.clone(), fresh: was_fresh },
        _ if was_fresh => Pending::default(),
        _ => Pending::Gone,
    };
}

/// An operation below a pending value changes that value in place.
fn edit_below(value: &mut Node, below: &[Key], op: &Op) {
    let path = Pointer::new(below.iter().cloned());
    let local = match op {
        Op::Add { value, .. } => Op::Add { path, value: value.clone() },
        Op::Replace { value, .. } => Op::Replace { path, value: value.clone() },
        _ => Op::Remove { path },
    };
    // The operation applied to the document, so it applies to the value that the document holds there.
    let applied = apply(value, &[local]);
    debug_assert!(applied.is_ok(), "an op that fits the document fits its pending part: {applied:?}");
}

/// Turns everything pending under `node` into an ordered list, to which unfoldable operations may be added.
fn freeze<'a>(node: &'a mut Pending, prefix: &[Key]) -> &'a mut Vec<Op> {
    if !matches!(node, Pending::Ordered(_)) {
        let mut ops = Vec::new();
        emit(std::mem::take(node), &mut prefix.to_vec(), &mut ops);
        *node = Pending::Ordered(ops);
    }
    match node {
        Pending::Ordered(ops) => ops,
        _ => unreachable!("frozen just above"),
    }
}

fn emit(node: Pending, prefix: &mut Vec<Key>, ops: &mut Vec<Op>) {
    let path = Pointer::new(prefix.iter().cloned());
    match node {
        Pending::Set { value, fresh: true } => ops.push(Op::Add { path, value }),
        Pending::Set { value, fresh: false } => ops.push(Op::Replace { path, value }),
        Pending::Gone => ops.push(Op::Remove { path }),
        Pending::Ordered(more) => ops.extend(more),
        Pending::Kids(kids) => {
            for (key, below) in kids {
                prefix.push(key);
                emit(below, prefix, ops);
                prefix.pop();
            }
        }
    }
}
