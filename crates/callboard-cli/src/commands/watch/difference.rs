//! What leads from one value to another: objects member by member, everything else as a whole.

use callboard_protocol::{Key, Node, Op, Pointer};

/// The operations, in the order of the members.
pub(super) fn difference(root: &Pointer, old: Option<&Node>, new: Option<&Node>) -> Vec<Op> {
    let mut ops = Vec::new();
    let mut path = root.segments().to_vec();
    match (old, new) {
        (Some(old), Some(new)) => descend(old, new, &mut path, &mut ops),
        (None, Some(new)) => ops.push(Op::Add { path: root.clone(), value: new.clone() }),
        (Some(_), None) => ops.push(Op::Remove { path: root.clone() }),
        (None, None) => {}
    }
    ops
}

fn descend(old: &Node, new: &Node, path: &mut Vec<Key>, ops: &mut Vec<Op>) {
    let (Some(before), Some(after)) = (old.as_object(), new.as_object()) else {
        if old != new {
            ops.push(Op::Replace { path: Pointer::new(path.iter().cloned()), value: new.clone() });
        }
        return;
    };
    let at = |path: &[Key], key: &Key| Pointer::new(path.iter().chain([key]).cloned());
    for (key, old) in before.iter() {
        match after.get(key.as_str()) {
            None => ops.push(Op::Remove { path: at(path, key) }),
            Some(new) if old == new => {}
            Some(new) => {
                path.push(key.clone());
                descend(old, new, path, ops);
                path.pop();
            }
        }
    }
    for (key, new) in after.iter().filter(|(key, _)| !before.contains(key.as_str())) {
        ops.push(Op::Add { path: at(path, key), value: new.clone() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use callboard_protocol::apply;

    fn node(json: &str) -> Node {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_operations_lead_from_one_to_the_other() {
        let values = [
            "{}",
            r#"{"a":1}"#,
            r#"{"a":{"b":[1,2]},"c":null}"#,
            r#"{"a":{"b":[1],"d":{}},"e":"x"}"#,
            r#"{"a":{"d":{"f":1}}}"#,
            "[]",
            "5",
        ];
        for (from, to) in values.iter().flat_map(|from| values.iter().map(move |to| (from, to))) {
            let mut document = node(&format!(r#"{{"at":{from}}}"#));
            let root = Pointer::parse("/at").unwrap();
            let ops = difference(&root, Some(&node(from)), Some(&node(to)));
            apply(&mut document, &ops).unwrap();
            assert_eq!(document.child("at"), Some(&node(to)), "{from} {to}");
            assert_eq!(ops.is_empty(), from == to);
        }
    }

    #[test]
    fn only_what_differs_is_named() {
        let (old, new) = (node(r#"{"a":{"x":1,"y":2},"b":3}"#), node(r#"{"a":{"x":1,"y":4},"b":3}"#));
        let ops = difference(&Pointer::default(), Some(&old), Some(&new));
        let path = Pointer::parse("/a/y").unwrap();
        assert_eq!(ops, [Op::Replace { path, value: Node::from(4u32) }]);
    }
}
