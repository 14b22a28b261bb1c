//! The JSON value that the state is made of: cheap to clone, cheap to change in the middle of.
//!
//! A [`Node`] shares structure: a clone copies a pointer, a change copies only the containers on the way to
//! the changed leaf, and only while somebody else still holds them. Small objects are sorted vectors, wide ones
//! (collections of records) are persistent B-trees, so one mutation costs the same with 100 jobs in the state
//! and with 100 000 (W3.2).
//!
//! Numbers are normalised: a float with an integral value is stored as an integer, because that is what
//! JavaScript sees; otherwise a Rust and a TypeScript mirror of one state would not be equal.

mod de;
mod key;
mod object;
mod ser;
mod wide;

pub use de::from_node;
pub use key::Key;
pub use object::Object;
pub use ser::to_node;

use std::sync::Arc;

/// A JSON value with shared structure. Equality is by content.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Node {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number; see the module for the normal form.
    Number(serde_json::Number),
    /// A string.
    String(Arc<str>),
    /// An array. In the state, arrays are values and replaced whole.
    Array(Arc<Vec<Node>>),
    /// An object.
    Object(Object),
}

/// A value cannot be put into a node, or a node does not have the shape of a value.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NodeError(pub(crate) String);

impl serde::ser::Error for NodeError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        NodeError(message.to_string())
    }
}

impl serde::de::Error for NodeError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        NodeError(message.to_string())
    }
}

impl Node {
    /// An empty object.
    pub fn object() -> Self {
        Node::Object(Object::default())
    }

    /// A float in normal form; `None` when it is not finite.
    pub fn float(value: f64) -> Option<Self> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if value.fract() == 0.0 && value.abs() <= EXACT {
            return Some(Node::Number((value as i64).into()));
        }
        serde_json::Number::from_f64(value).map(Node::Number)
    }

    /// The member of an object or the element of an array that a pointer segment names.
    pub fn child(&self, segment: &str) -> Option<&Node> {
        match self {
            Node::Object(object) => object.get(segment),
            Node::Array(items) => items.get(crate::pointer::array_index(segment)?),
            _ => None,
        }
    }

    /// The value at a JSON pointer (RFC 6901), or `None`.
    pub fn at(&self, pointer: &str) -> Option<&Node> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |node, segment| {
            if segment.contains('~') {
                node.child(&segment.replace("~1", "/").replace("~0", "~"))
            } else {
                node.child(segment)
            }
        })
    }

    /// The text of a string node.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Node::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a number node that is a non-negative integer.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Node::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    /// The value of a number node.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Node::Number(number) => number.as_f64(),
            _ => None,
        }
    }

    /// The object inside, if it is one.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Node::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Node::Null)
    }

    /// How deep containers nest: 0 for a scalar.
    pub fn depth(&self) -> usize {
        match self {
            Node::Array(items) => 1 + items.iter().map(Node::depth).max().unwrap_or(0),
            Node::Object(object) => 1 + object.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// A rough count of the bytes that this value takes as JSON text; used for caps, not for accounting.
    pub fn json_len(&self) -> usize {
        match self {
            Node::Null => 4,
            Node::Bool(_) => 5,
            Node::Number(_) => 8,
            Node::String(text) => text.len() + 2,
            Node::Array(items) => 2 + items.iter().map(|item| item.json_len() + 1).sum::<usize>(),
            Node::Object(object) => {
                2 + object.iter().map(|(key, value)| key.len() + 4 + value.json_len()).sum::<usize>()
            }
        }
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Node::String(text.into())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Node::String(text.into())
    }
}

impl From<bool> for Node {
    fn from(value: bool) -> Self {
        Node::Bool(value)
    }
}

impl From<u64> for Node {
    fn from(value: u64) -> Self {
        Node::Number(value.into())
    }
}

impl From<u32> for Node {
    fn from(value: u32) -> Self {
        Node::Number(value.into())
    }
}

impl From<Object> for Node {
    fn from(object: Object) -> Self {
        Node::Object(object)
    }
}

impl From<Vec<Node>> for Node {
    fn from(items: Vec<Node>) -> Self {
        Node::Array(Arc::new(items))
    }
}

impl From<&serde_json::Value> for Node {
    fn from(value: &serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Node::Null,
            Value::Bool(value) => Node::Bool(*value),
            Value::Number(number) if number.is_f64() => {
                number.as_f64().and_then(Node::float).unwrap_or_default()
            }
            Value::Number(number) => Node::Number(number.clone()),
            Value::String(text) => Node::String(text.as_str().into()),
            Value::Array(items) => items.iter().map(Node::from).collect::<Vec<_>>().into(),
            Value::Object(map) => {
                map.iter().map(|(key, value)| (Key::new(key), Node::from(value))).collect::<Object>().into()
            }
        }
    }
}

impl From<&Node> for serde_json::Value {
    fn from(node: &Node) -> Self {
        use serde_json::Value;
        match node {
            Node::Null => Value::Null,
            Node::Bool(value) => Value::Bool(*value),
            Node::Number(number) => Value::Number(number.clone()),
            Node::String(text) => Value::String(text.to_string()),
            Node::Array(items) => Value::Array(items.iter().map(Value::from).collect()),
            Node::Object(object) => {
                Value::Object(object.iter().map(|(key, value)| (key.to_string(), value.into())).collect())
            }
        }
    }
}

impl std::fmt::Display for Node {
    /// Writes compact JSON.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&serde_json::to_string(self).map_err(|_| std::fmt::Error)?)
    }
}

impl ts_rs::TS for Node {
    type WithoutGenerics = Self;
    type OptionInnerType = Self;

    fn name(_: &ts_rs::Config) -> String {
        "JsonValue".into()
    }

    fn inline(_: &ts_rs::Config) -> String {
        "JsonValue".into()
    }
}
