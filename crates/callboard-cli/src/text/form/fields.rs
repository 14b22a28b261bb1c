//! `--json=id,state`: which members are wanted.

use callboard_protocol::{Key, Node, Object};
use std::str::FromStr;

/// Members by their paths, with dots between the names; none for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields(Vec<Vec<String>>);

impl FromStr for Fields {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Fields::default());
        }
        text.split(',').map(path).collect::<Result<_, _>>().map(Fields)
    }
}

/// A path such as `progress.value`.
pub(super) fn path(text: &str) -> Result<Vec<String>, String> {
    let names: Vec<String> = text.trim().split('.').map(str::to_owned).collect();
    match names.iter().all(|name| !name.is_empty()) {
        true => Ok(names),
        false => Err(format!("{text:?} is no member; write for example id or progress.value")),
    }
}

/// What is at a path.
pub(super) fn at<'a>(record: &'a Node, path: &[String]) -> Option<&'a Node> {
    path.iter().try_fold(record, |node, name| node.child(name))
}

impl Fields {
    /// Whether nothing is left out.
    pub(crate) fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// The record with these members only, in the same shape. What it does not have is `null`.
    pub(crate) fn pick(&self, record: &Node) -> Node {
        if self.0.is_empty() {
            return record.clone();
        }
        let mut picked = Object::default();
        for path in &self.0 {
            put(&mut picked, path, at(record, path).cloned().unwrap_or_default());
        }
        picked.into()
    }
}

fn put(object: &mut Object, path: &[String], value: Node) {
    let Some((name, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        object.insert(Key::new(name), value);
        return;
    }
    let mut inner = object.get(name).and_then(Node::as_object).cloned().unwrap_or_default();
    put(&mut inner, rest, value);
    object.insert(Key::new(name), inner.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_picked_in_their_shape() {
        let record: Node =
            serde_json::from_str(r#"{"id":"a","progress":{"value":0.5,"step":2},"tags":[]}"#).unwrap();
        for (fields, expected) in [
            ("", r#"{"id":"a","progress":{"step":2,"value":0.5},"tags":[]}"#),
            ("id", r#"{"id":"a"}"#),
            ("id,progress.value", r#"{"id":"a","progress":{"value":0.5}}"#),
            ("progress.step,progress.value", r#"{"progress":{"step":2,"value":0.5}}"#),
            ("error.message", r#"{"error":{"message":null}}"#),
        ] {
            let picked = fields.parse::<Fields>().unwrap().pick(&record);
            let expected: Node = serde_json::from_str(expected).unwrap();
            assert_eq!(picked, expected, "{fields}");
        }
        for bad in [",", "a,", "a..b", "."] {
            assert!(bad.parse::<Fields>().is_err(), "{bad}");
        }
    }
}
