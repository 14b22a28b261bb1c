//! One RFC 6902 operation, and applying operations to the document.

use crate::{Node, Pointer, pointer::array_index};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One RFC 6902 operation. The server emits only `add` (of an absent member), `replace` (of a present one) and
/// `remove`; the others are accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Op {
    /// Sets a member or inserts into an array.
    Add {
        /// Where.
        path: Pointer,
        /// What.
        value: Node,
    },
    /// Sets something that is there.
    Replace {
        /// Where.
        path: Pointer,
        /// What.
        value: Node,
    },
    /// Takes something away.
    Remove {
        /// Where.
        path: Pointer,
    },
    /// Moves a value.
    Move {
        /// From where.
        from: Pointer,
        /// To where.
        path: Pointer,
    },
    /// Copies a value.
    Copy {
        /// From where.
        from: Pointer,
        /// To where.
        path: Pointer,
    },
    /// Fails the whole patch unless the value is equal.
    Test {
        /// Where.
        path: Pointer,
        /// What must be there.
        value: Node,
    },
}

/// A patch did not fit the document. The document is as it was.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum ApplyError {
    /// There is nothing at the path.
    #[error("nothing at {0}")]
    Absent(Pointer),
    /// The path goes through something that is no container, or an index is out of range.
    #[error("{0} does not lead into an object or array")]
    NoContainer(Pointer),
    /// A `test` found another value.
    #[error("the value at {0} is not the expected one")]
    TestFailed(Pointer),
    /// A value was to be moved into itself.
    #[error("{0} cannot be moved into itself")]
    IntoItself(Pointer),
}

impl Op {
    /// The path that the operation writes (or tests).
    pub fn path(&self) -> &Pointer {
        match self {
            Op::Add { path, .. }
            | Op::Replace { path, .. }
            | Op::Remove { path }
            | Op::Move { path, .. }
            | Op::Copy { path, .. }
            | Op::Test { path, .. } => path,
        }
    }

    /// Applies this operation alone; on an error the document is untouched.
    ///
    /// # Errors
    /// See [`ApplyError`].
    pub fn apply(&self, document: &mut Node) -> Result<(), ApplyError> {
        match self {
            Op::Add { path, value } => add(document, path, value.clone()),
            Op::Replace { path, value } => {
                *lookup_mut(document, path, path.segments().len())? = value.clone();
                Ok(())
            }
            Op::Remove { path } => remove(document, path).map(drop),
            Op::Move { from, path } if from == path => lookup(document, from).map(drop),
            Op::Move { from, path } => relocate(document, from, path),
            Op::Copy { from, path } => {
                let value = lookup(document, from)?.clone();
                add(document, path, value)
            }
            Op::Test { path, value } => match lookup(document, path)? == value {
                true => Ok(()),
                false => Err(ApplyError::TestFailed(path.clone())),
            },
        }
    }
}

/// Applies a patch: all of it or nothing.
///
/// # Errors
/// The first operation that does not fit; the document is then as it was.
pub fn apply(document: &mut Node, ops: &[Op]) -> Result<(), ApplyError> {
    if let [op] = ops {
        return op.apply(document);
    }
    let before = document.clone();
    for op in ops {
        if let Err(error) = op.apply(document) {
            *document = before;
            return Err(error);
        }
    }
    Ok(())
}

pub(crate) fn lookup<'a>(document: &'a Node, path: &Pointer) -> Result<&'a Node, ApplyError> {
    let found = path.segments().iter().try_fold(document, |node, segment| node.child(segment));
    found.ok_or_else(|| ApplyError::Absent(path.clone()))
}

/// The node that the first `depth` segments of the path lead to.
pub(crate) fn lookup_mut<'a>(
    document: &'a mut Node,
    path: &Pointer,
    depth: usize,
) -> Result<&'a mut Node, ApplyError> {
    path.segments()[..depth]
        .iter()
        .try_fold(document, |node, segment| match node {
            Node::Object(object) => object.get_mut(segment),
            Node::Array(items) => Arc::make_mut(items).get_mut(array_index(segment)?),
            _ => None,
        })
        .ok_or_else(|| ApplyError::Absent(path.clone()))
}

pub(crate) fn add(document: &mut Node, path: &Pointer, value: Node) -> Result<(), ApplyError> {
    let Some((last, parents)) = path.split_last() else {
        *document = value;
        return Ok(());
    };
    let fail = || Err(ApplyError::NoContainer(path.clone()));
    match lookup_mut(document, path, parents.len())? {
        Node::Object(object) => drop(object.insert(last.clone(), value)),
        Node::Array(items) if last.as_str() == "-" => Arc::make_mut(items).push(value),
        Node::Array(items) => match array_index(last) {
            Some(index) if index <= items.len() => Arc::make_mut(items).insert(index, value),
            _ => return fail(),
        },
        _ => return fail(),
    }
    Ok(())
}

pub(crate) fn remove(document: &mut Node, path: &Pointer) -> Result<Node, ApplyError> {
    let Some((last, parents)) = path.split_last() else {
        return Ok(std::mem::take(document));
    };
    lookup(document, path)?;
    match lookup_mut(document, path, parents.len())? {
        Node::Object(object) => object.remove(last),
        Node::Array(items) => array_index(last).map(|index| Arc::make_mut(items).remove(index)),
        _ => None,
    }
    .ok_or_else(|| ApplyError::Absent(path.clone()))
}

fn relocate(document: &mut Node, from: &Pointer, path: &Pointer) -> Result<(), ApplyError> {
    if from.contains(path) {
        return Err(ApplyError::IntoItself(from.clone()));
    }
    let before = document.clone();
    let value = remove(document, from)?;
    add(document, path, value).inspect_err(|_| *document = before)
}
