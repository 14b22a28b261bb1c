//! JSON text into nodes, and nodes into Rust values.

use super::{Key, Node, NodeError, Object};
use serde::de::{self, Deserialize, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

/// Reads a Rust value out of a node.
///
/// # Errors
/// When the node does not have the shape of `T`; the message names the field.
pub fn from_node<T: DeserializeOwned>(node: &Node) -> Result<T, NodeError> {
    T::deserialize(node)
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::float(value).unwrap_or_default())
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members: Vec<(Key, Node)> = Vec::new();
        while let Some(entry) = map.next_entry()? {
            members.push(entry);
        }
        Ok(members.into_iter().collect::<Object>().into())
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a text key")
            }

            fn visit_str<E>(self, text: &str) -> Result<Key, E> {
                Ok(Key::new(text))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = NodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        match self {
            Node::Null => visitor.visit_unit(),
            Node::Bool(value) => visitor.visit_bool(*value),
            Node::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(value), _, _) => visitor.visit_u64(value),
                (_, Some(value), _) => visitor.visit_i64(value),
                (_, _, Some(value)) => visitor.visit_f64(value),
                _ => Err(NodeError(format!("{number} is out of range"))),
            },
            Node::String(text) => visitor.visit_borrowed_str(text),
            Node::Array(items) => visitor.visit_seq(de::value::SeqDeserializer::new(items.iter().map(Wrap))),
            Node::Object(object) => visitor.visit_map(de::value::MapDeserializer::new(
                object.iter().map(|(key, value)| (key.as_str(), Wrap(value))),
            )),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        match self {
            Node::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, NodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NodeError> {
        match self {
            Node::String(text) => visitor.visit_enum(de::value::BorrowedStrDeserializer::new(text)),
            other => Err(NodeError(format!("expected the name of a variant, found {other}"))),
        }
    }

    /// What nobody wants to know is not looked at.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier
    }
}

struct Wrap<'a>(&'a Node);

impl<'de> de::IntoDeserializer<'de, NodeError> for Wrap<'de> {
    type Deserializer = &'de Node;

    fn into_deserializer(self) -> &'de Node {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use crate::node::{Node, from_node, to_node};
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(rename_all = "camelCase")]
    struct Sample {
        whole_float: f64,
        count: u64,
        text: String,
        maybe: Option<Vec<i32>>,
    }

    #[test]
    fn a_value_survives_the_way_there_and_back() {
        let sample =
            Sample { whole_float: 1.0, count: u64::MAX, text: "ü".into(), maybe: Some(vec![-1, 2]) };
        let node = to_node(&sample).expect("plain data");
        let text = serde_json::to_string(&node).expect("plain data");
        assert_eq!(text, r#"{"count":18446744073709551615,"maybe":[-1,2],"text":"ü","wholeFloat":1}"#);
        assert_eq!(from_node::<Sample>(&node).expect("same shape"), sample);
        assert_eq!(serde_json::from_str::<Node>(&text).expect("valid"), node);
    }

    #[test]
    fn floats_are_normal_so_that_a_browser_sees_the_same_document() {
        assert_eq!(serde_json::from_str::<Node>("1.0").expect("valid"), Node::from(1u32));
        assert_eq!(serde_json::from_str::<Node>("-0.0").expect("valid"), Node::from(0u32));
        assert_eq!(Node::float(0.5).expect("finite").to_string(), "0.5");
        assert!(to_node(&f64::NAN).is_err());
    }
}
