//! JSON Schema of the types that serialise by hand.

use crate::{Node, Op, Pointer, Time};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

macro_rules! schemas {
    ($($type:ty, $name:literal, $schema:tt;)*) => { $(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )* };
}

schemas! {
    Node, "Node", { "description": "Any JSON value." };
    Pointer, "Pointer", { "description": "A JSON pointer (RFC 6901).", "type": "string" };
    Time, "Time", { "description": "A moment, RFC 3339 in UTC.", "type": "string", "format": "date-time" };
    Op, "Op", {
        "description": "One operation on the state (RFC 6902). The server sends add, replace and remove.",
        "type": "object",
        "required": ["op", "path"],
        "properties": {
            "op": { "enum": ["add", "replace", "remove", "move", "copy", "test"] },
            "path": { "type": "string" },
            "from": { "type": "string" },
            "value": true
        }
    };
}
