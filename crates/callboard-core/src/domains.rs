//! Writes into open domains: `state.set`, `state.merge`, `state.delete`, `state.transact`, `state.replace` (S3.2).
//!
//! Only what differs is written, so a whole document that is set again costs what changed in it; a write that changes
//! nothing makes no change (X17).

use crate::{index::Index, projection::Projections, state::object, tx::Tx};
use callboard_protocol::{
    Key, Node, Object, Pointer, caps,
    domain::{APP, Write, is_open, open_path},
    error::{ErrorCode, Rejection},
    job::clip,
};

/// Carries the writes out in order.
pub(crate) fn write(
    tx: &mut Tx<'_>,
    index: &Index,
    projections: &Projections,
    writes: Vec<Write>,
) -> Result<Node, Rejection> {
    if writes.is_empty() || writes.len() > caps::WRITES {
        return Err(invalid(&format!("writes: {}; it must be 1 to {}", writes.len(), caps::WRITES)));
    }
    for write in writes {
        let path = write.pointer()?;
        projections.refuse(&path)?;
        match write {
            Write::Set { value, .. } => {
                check_value(&value)?;
                make_parents(tx, &path)?;
                put(tx, path, value)?;
            }
            Write::Merge { value, .. } => {
                check_value(&value)?;
                let Node::Object(members) = value else {
                    return Err(invalid("value: only an object can be merged; use state.set for others"));
                };
                make_parents(tx, &path)?;
                merge(tx, path, &members)?;
            }
            Write::Delete { .. } => remove(tx, path)?,
        }
    }
    settle(tx, index)
}

/// Makes the domains named `app.<name>` be these.
pub(crate) fn replace(
    tx: &mut Tx<'_>,
    index: &Index,
    projections: &Projections,
    state: &Node,
) -> Result<Node, Rejection> {
    let Node::Object(state) = state else {
        return Err(invalid("state: it must be an object of domains"));
    };
    let gone: Vec<Key> = open_domains(tx).filter(|domain| !state.contains(domain)).cloned().collect();
    for domain in gone {
        let path = Pointer::new([domain]);
        if projections.refuse(&path).is_ok() {
            remove(tx, path)?;
        }
    }
    for (domain, value) in state.iter() {
        let path = Pointer::new([domain.clone()]);
        open_path(&path.to_string())?;
        if !domain.starts_with(APP) {
            return Err(invalid(
                "state: only domains named app.<name> are replaced; use state.set for config",
            ));
        }
        projections.refuse(&path)?;
        check_value(value)?;
        put(tx, path, value.clone())?;
    }
    settle(tx, index)
}

/// Makes the value at a path be this one by as few writes as it takes. The parent must be there.
pub(crate) fn put(tx: &mut Tx<'_>, path: Pointer, value: Node) -> Result<(), Rejection> {
    let old = find(tx.document(), &path);
    if old == Some(&value) {
        return Ok(());
    }
    let (Some(Node::Object(old)), Node::Object(new)) = (old, &value) else {
        return set_leaf(tx, path, value);
    };
    let gone: Vec<Key> = old.keys().filter(|key| !new.contains(key)).cloned().collect();
    let differs = |(key, value): &(&Key, &Node)| old.get(key) != Some(value);
    let changed: Vec<(Key, Node)> =
        new.iter().filter(differs).map(|(key, value)| (key.clone(), value.clone())).collect();
    for key in gone {
        remove(tx, path.child(key))?;
    }
    for (key, value) in changed {
        put(tx, path.child(key), value)?;
    }
    Ok(())
}

/// RFC 7396.
fn merge(tx: &mut Tx<'_>, path: Pointer, members: &Object) -> Result<(), Rejection> {
    if !matches!(find(tx.document(), &path), Some(Node::Object(_))) {
        set_leaf(tx, path.clone(), Node::object())?;
    }
    for (key, value) in members.iter() {
        let path = path.child(key.clone());
        match value {
            Node::Null => remove(tx, path)?,
            Node::Object(members) => merge(tx, path, members)?,
            value => put(tx, path, value.clone())?,
        }
    }
    Ok(())
}

/// Makes the objects on the way to a path.
fn make_parents(tx: &mut Tx<'_>, path: &Pointer) -> Result<(), Rejection> {
    let segments = path.segments();
    for depth in 1..segments.len() {
        let parent = Pointer::new(segments[..depth].iter().cloned());
        match find(tx.document(), &parent) {
            Some(Node::Object(_)) => {}
            None => set_leaf(tx, parent, Node::object())?,
            Some(_) => {
                let message =
                    format!("path: {parent} is no object, so nothing can be put into it; set it whole");
                return Err(invalid(clip(&message)));
            }
        }
    }
    Ok(())
}

fn set_leaf(tx: &mut Tx<'_>, path: Pointer, value: Node) -> Result<(), Rejection> {
    let (domain, name) = ends(&path)?;
    let before = find(tx.document(), &path).map(Node::json_len);
    let name_len = if path.segments().len() > 1 { name + 4 } else { 0 };
    let by = value.json_len() as i64 - before.map_or(-(name_len as i64), |len| len as i64);
    tx.set(path, value)?;
    tx.domains.push((domain, by));
    Ok(())
}

fn remove(tx: &mut Tx<'_>, path: Pointer) -> Result<(), Rejection> {
    let (domain, name) = ends(&path)?;
    let segments = path.segments();
    let in_array = matches!(
        find(tx.document(), &Pointer::new(segments[..segments.len() - 1].iter().cloned())),
        Some(Node::Array(_))
    );
    if in_array {
        return Err(invalid(clip(&format!("path: {path} is in an array; arrays are set whole"))));
    }
    if let Some(old) = find(tx.document(), &path) {
        let by = -((old.json_len() + name + 4) as i64);
        tx.remove(path);
        tx.domains.push((domain, by));
    }
    Ok(())
}

/// The domain of a path, and the length of its last segment.
fn ends(path: &Pointer) -> Result<(Key, usize), Rejection> {
    match path.segments() {
        [domain, .., last] => Ok((domain.clone(), last.len())),
        [domain] => Ok((domain.clone(), domain.len())),
        [] => Err(invalid("path: the root is not one domain")),
    }
}

fn find<'a>(document: &'a Node, path: &Pointer) -> Option<&'a Node> {
    path.segments().iter().try_fold(document, |node, segment| node.child(segment))
}

fn check_value(value: &Node) -> Result<(), Rejection> {
    if value.depth() > caps::JSON_DEPTH {
        let message = format!("value: it nests deeper than {} levels", caps::JSON_DEPTH);
        return Err(Rejection::new(ErrorCode::TooLarge, message));
    }
    Ok(())
}

/// What must hold after all writes.
fn settle(tx: &mut Tx<'_>, index: &Index) -> Result<Node, Rejection> {
    let known = open_domains(tx).count();
    if known > caps::DOMAINS {
        let message = format!("there would be {known} domains; the limit is {}", caps::DOMAINS);
        return Err(Rejection::new(ErrorCode::Overloaded, message));
    }
    let mut touched: Vec<Key> = tx.domains.iter().map(|(domain, _)| domain.clone()).collect();
    touched.sort();
    touched.dedup();
    for domain in &touched {
        let by: i64 = tx.domains.iter().filter(|(other, _)| other == domain).map(|(_, by)| by).sum();
        let bytes = index.domain_bytes(domain).saturating_add_signed(by as isize);
        if by > 0 && bytes > caps::DOMAIN_BYTES {
            let message = format!(
                "the domain {domain} would have about {bytes} bytes; the limit is {}",
                caps::DOMAIN_BYTES
            );
            return Err(Rejection::new(ErrorCode::TooLarge, message));
        }
        tx.board_event("state.written", object([("domain", domain.as_str().into())]));
    }
    Ok(Node::Null)
}

fn open_domains<'a>(tx: &'a Tx<'_>) -> impl Iterator<Item = &'a Key> {
    let domains = tx.document().as_object().into_iter().flat_map(Object::keys);
    domains.filter(|domain| is_open(domain) && domain.starts_with(APP))
}

fn invalid(message: &str) -> Rejection {
    Rejection::new(ErrorCode::InvalidArgs, message)
}
