//! Rust values into nodes, and nodes into JSON text.

use super::{Key, Node, NodeError, Object};
use serde::ser::{self, Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

/// The node that a value serialises to. Field names stay static, so a record costs one allocation plus its texts.
///
/// # Errors
/// When a float is not finite or a map key is not text.
pub fn to_node<T: Serialize + ?Sized>(value: &T) -> Result<Node, NodeError> {
    value.serialize(ToNode)
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Node::Null => serializer.serialize_unit(),
            Node::Bool(value) => serializer.serialize_bool(*value),
            Node::Number(number) => number.serialize(serializer),
            Node::String(text) => serializer.serialize_str(text),
            Node::Array(items) => {
                let mut sequence = serializer.serialize_seq(Some(items.len()))?;
                for item in items.iter() {
                    sequence.serialize_element(item)?;
                }
                sequence.end()
            }
            Node::Object(object) => {
                let mut map = serializer.serialize_map(Some(object.len()))?;
                for (key, value) in object.iter() {
                    map.serialize_entry(key.as_str(), value)?;
                }
                map.end()
            }
        }
    }
}

struct ToNode;

macro_rules! integers {
    ($($method:ident: $type:ty),*) => { $(
        fn $method(self, value: $type) -> Result<Node, NodeError> { Ok(Node::Number(value.into())) }
    )* };
}

impl Serializer for ToNode {
    type Ok = Node;
    type Error = NodeError;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = ser::Impossible<Node, NodeError>;
    type SerializeMap = Members;
    type SerializeStruct = Members;
    type SerializeStructVariant = ser::Impossible<Node, NodeError>;

    integers!(serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64);

    fn serialize_bool(self, value: bool) -> Result<Node, NodeError> {
        Ok(Node::Bool(value))
    }

    fn serialize_f32(self, value: f32) -> Result<Node, NodeError> {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<Node, NodeError> {
        Node::float(value).ok_or_else(|| NodeError(format!("{value} is not a JSON number")))
    }

    fn serialize_char(self, value: char) -> Result<Node, NodeError> {
        Ok(value.to_string().into())
    }

    fn serialize_str(self, value: &str) -> Result<Node, NodeError> {
        Ok(value.into())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<Node, NodeError> {
        Err(NodeError("bytes are not JSON; store them as an artifact".into()))
    }

    fn serialize_none(self) -> Result<Node, NodeError> {
        Ok(Node::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Node, NodeError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Node, NodeError> {
        Ok(Node::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Node, NodeError> {
        Ok(Node::Null)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Node, NodeError> {
        Ok(variant.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Node, NodeError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Node, NodeError> {
        Ok([(Key::constant(variant), to_node(value)?)].into_iter().collect::<Object>().into())
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Items, NodeError> {
        Ok(Items(Vec::with_capacity(len.unwrap_or(0).min(1024))))
    }

    fn serialize_tuple(self, len: usize) -> Result<Items, NodeError> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Items, NodeError> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, NodeError> {
        Err(NodeError(format!("{name} has a tuple variant; wire types have none")))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Members, NodeError> {
        Ok(Members { members: Vec::with_capacity(len.unwrap_or(0).min(1024)), key: None })
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Members, NodeError> {
        self.serialize_map(Some(len))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, NodeError> {
        Err(NodeError(format!("{name} has an untagged struct variant; wire types are tagged")))
    }
}

struct Items(Vec<Node>);

impl ser::SerializeSeq for Items {
    type Ok = Node;
    type Error = NodeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NodeError> {
        self.0.push(to_node(value)?);
        Ok(())
    }

    fn end(self) -> Result<Node, NodeError> {
        Ok(self.0.into())
    }
}

impl ser::SerializeTuple for Items {
    type Ok = Node;
    type Error = NodeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NodeError> {
        ser::SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<Node, NodeError> {
        ser::SerializeSeq::end(self)
    }
}

impl ser::SerializeTupleStruct for Items {
    type Ok = Node;
    type Error = NodeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NodeError> {
        ser::SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<Node, NodeError> {
        ser::SerializeSeq::end(self)
    }
}

struct Members {
    members: Vec<(Key, Node)>,
    key: Option<Key>,
}

impl ser::SerializeMap for Members {
    type Ok = Node;
    type Error = NodeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), NodeError> {
        match to_node(key)? {
            Node::String(text) => self.key = Some(Key::new(&text)),
            other => return Err(NodeError(format!("{other} is not a text key"))),
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NodeError> {
        let key = self.key.take().ok_or_else(|| NodeError("a value without a key".into()))?;
        self.members.push((key, to_node(value)?));
        Ok(())
    }

    fn end(self) -> Result<Node, NodeError> {
        Ok(self.members.into_iter().collect::<Object>().into())
    }
}

impl ser::SerializeStruct for Members {
    type Ok = Node;
    type Error = NodeError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), NodeError> {
        self.members.push((Key::constant(key), to_node(value)?));
        Ok(())
    }

    fn end(self) -> Result<Node, NodeError> {
        ser::SerializeMap::end(self)
    }
}
