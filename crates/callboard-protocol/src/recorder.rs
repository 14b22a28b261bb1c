//! Making operations: a document under change that records what it does.

use crate::{
    ApplyError, Node, Op, Pointer,
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
        let (old, op) = match object.get_mut(last) {
            Some(present) if *present == value => return Ok(false),
            Some(present) => (Some(std::mem::replace(present, value.clone())), Op::Replace { path, value }),
            None => {
                object.insert(last.clone(), value.clone());
                (None, Op::Add { path, value })
            }
        };
        self.ops.push(op);
        self.old.push(old);
        Ok(true)
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
