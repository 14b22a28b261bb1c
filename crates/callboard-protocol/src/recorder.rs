//! Making operations: a document under change that records what it does.

use crate::{
    ApplyError, Key, Node, Object, Op, Pointer,
    op::{add, lookup_mut, remove},
};

/// A document under change that records what it does: the only way in which the server makes operations.
///
/// Each write is applied at once and pushes the operation that did it; a write that changes nothing does
/// neither (X17). `add` is emitted only for an absent member, `replace` only for a present one.
#[derive(Debug)]
pub struct Recorder<'a> {
    document: &'a mut Node,
    ops: Vec<Op>,
    /// What was at the path of each operation before it.
    old: Vec<Option<Node>>,
}

impl<'a> Recorder<'a> {
    /// Starts recording changes of the document.
    pub fn new(document: &'a mut Node) -> Self {
        Recorder { document, ops: Vec::new(), old: Vec::new() }
    }

    /// The document as changed so far.
    pub fn document(&self) -> &Node {
        self.document
    }

    /// Sets the member at a path whose parent object exists; returns whether anything changed.
    ///
    /// # Errors
    /// When the parent is not there or is no object.
    pub fn set(&mut self, path: Pointer, value: Node) -> Result<bool, ApplyError> {
        let Some((last, parents)) = path.split_last() else {
            return Err(ApplyError::NoContainer(path));
        };
        let Node::Object(object) = lookup_mut(self.document, &path, parents.len())? else {
            return Err(ApplyError::NoContainer(path));
        };
        let Some(old) = put(object, last, &value) else { return Ok(false) };
        self.ops.push(written(path, old.is_some(), value));
        self.old.push(old);
        Ok(true)
    }

    /// Sets and removes members of the object at a path, which is looked up once; returns whether anything changed.
    /// `None` removes a member, if it is there.
    ///
    /// # Errors
    /// When there is no object at the path.
    pub fn edit(
        &mut self,
        parent: &Pointer,
        members: impl IntoIterator<Item = (Key, Option<Node>)>,
    ) -> Result<bool, ApplyError> {
        let Recorder { document, ops, old } = self;
        let Node::Object(object) = lookup_mut(document, parent, parent.segments().len())? else {
            return Err(ApplyError::NoContainer(parent.clone()));
        };
        let before = ops.len();
        for (key, value) in members {
            let (op, was) = match value {
                Some(value) => match put(object, &key, &value) {
                    Some(was) => (written(parent.child(key), was.is_some(), value), was),
                    None => continue,
                },
                None => match object.remove(&key) {
                    Some(was) => (Op::Remove { path: parent.child(key) }, Some(was)),
                    None => continue,
                },
            };
            ops.push(op);
            old.push(was);
        }
        Ok(ops.len() > before)
    }

    /// Removes the member at a path; returns whether it was there.
    pub fn remove(&mut self, path: Pointer) -> bool {
        if path.segments().is_empty() {
            return false;
        }
        let Ok(old) = remove(self.document, &path) else { return false };
        self.ops.push(Op::Remove { path });
        self.old.push(Some(old));
        true
    }

    /// The operations made so far, in order.
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// The operations made, in order.
    pub fn into_ops(self) -> Vec<Op> {
        self.ops
    }

    /// Takes everything back, the last write first. The cost is that of the writes, not of the document.
    pub fn undo(self) {
        for (op, old) in self.ops.iter().zip(self.old).rev() {
            let undone = match old {
                Some(old) => add(self.document, op.path(), old),
                None => remove(self.document, op.path()).map(drop),
            };
            debug_assert!(undone.is_ok(), "what was written can be taken back: {undone:?}");
        }
    }
}

/// Sets a member and returns what was there; `None` when it was that already.
fn put(object: &mut Object, key: &Key, value: &Node) -> Option<Option<Node>> {
    match object.get_mut(key) {
        Some(present) if present == value => None,
        Some(present) => Some(Some(std::mem::replace(present, value.clone()))),
        None => {
            object.insert(key.clone(), value.clone());
            Some(None)
        }
    }
}

/// The operation that wrote a value.
fn written(path: Pointer, was_there: bool, value: Node) -> Op {
    if was_there { Op::Replace { path, value } } else { Op::Add { path, value } }
}
