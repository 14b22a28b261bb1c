//! The messages of the WebSocket, for people: a table per message, with the golden vectors as examples.

use serde_json::Value;
use std::fmt::Write as _;

const HEAD: &str = "# The protocol `callboard.v1`

Made from the Rust types by `cargo xtask codegen`. One JSON object per text frame, `type` first; unknown members and types
are ignored. How a conversation goes is told in [http.md](http.md#websocket), what a mirror must do in
[spec](../../spec/README.md). The same as JSON Schema: [schema.json](../../spec/schema.json).
";

pub(crate) fn markdown(types: &Value) -> String {
    let frames = include_str!("../../../../spec/frames.json");
    let frames: Value =
        serde_json::from_str(frames).unwrap_or_else(|error| panic!("spec/frames.json: {error}"));
    let mut page = HEAD.to_owned();
    for (title, name, side) in
        [("What a client says", "ClientFrame", "client"), ("What the server says", "ServerFrame", "server")]
    {
        page += &format!("\n## {title}\n");
        for message in list(&types[name]["oneOf"]) {
            page += &section(message, list(&frames[side]), 3);
        }
    }
    page += "\n## Types\n";
    let messages = ["ClientFrame", "ServerFrame"];
    for (name, schema) in types.as_object().into_iter().flatten() {
        if !messages.contains(&name.as_str()) {
            page += &type_section(name, schema);
        }
    }
    page
}

fn section(message: &Value, examples: &[Value], level: usize) -> String {
    let name = message["properties"]["type"]["const"].as_str().unwrap_or("?");
    let mut text = format!("\n{} `{name}`\n\n{}\n", "#".repeat(level), sentence(&message["description"]));
    text += &fields(message);
    if let Some(example) = examples.iter().find(|example| example["type"] == name) {
        // Writing to a string does not fail.
        let _ = write!(text, "\n```json\n{}\n```\n", serde_json::to_string(example).unwrap_or_default());
    }
    text
}

fn type_section(name: &str, schema: &Value) -> String {
    let mut text = format!("\n### {name}\n\n{}\n", sentence(&schema["description"]));
    if let Some(members) = schema["oneOf"].as_array().filter(|members| !members.is_empty()) {
        text.push('\n');
        for member in members {
            let _ = writeln!(text, "- {}: {}", kind(member), sentence(&member["description"]));
        }
    } else if schema["properties"].is_object() {
        text += &fields(schema);
    } else {
        let _ = writeln!(text, "\n{}", kind(schema));
    }
    text
}

fn fields(schema: &Value) -> String {
    let mut text = String::new();
    let required: Vec<&str> = list(&schema["required"]).iter().filter_map(Value::as_str).collect();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        if field["const"].is_string() {
            continue;
        }
        if text.is_empty() {
            text += "\n| member | type | |\n|---|---|---|\n";
        }
        let mark = if required.contains(&name.as_str()) { "" } else { "?" };
        let about = sentence(&field["description"]).replace('|', "\\|");
        let _ = writeln!(text, "| `{name}`{mark} | {} | {about} |", kind(field).replace('|', "\\|"));
    }
    text
}

/// A type in words.
fn kind(schema: &Value) -> String {
    if let Some(path) = schema["$ref"].as_str() {
        let name = path.rsplit('/').next().unwrap_or_default();
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if !schema["const"].is_null() {
        return format!("`{}`", schema["const"]);
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
    }
    for several in ["anyOf", "oneOf"] {
        if let Some(members) = schema[several].as_array() {
            let known = members.iter().filter(|member| member["type"] != "null").map(kind);
            return known.collect::<Vec<_>>().join(" or ");
        }
    }
    match first_type(&schema["type"]) {
        Some("array") => match &schema["prefixItems"] {
            Value::Array(items) => format!("[{}]", items.iter().map(kind).collect::<Vec<_>>().join(", ")),
            _ => format!("list of {}", kind(&schema["items"])),
        },
        Some("object") => match &schema["additionalProperties"] {
            Value::Null | Value::Bool(_) => "object".into(),
            values => format!("object of {}", kind(values)),
        },
        Some(name) => name.into(),
        None => "any".into(),
    }
}

/// The type; what may also be `null` is said to be optional elsewhere.
fn first_type(schema: &Value) -> Option<&str> {
    match schema {
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        schema => schema.as_str(),
    }
}

fn sentence(text: &Value) -> String {
    let text = text.as_str().unwrap_or_default().replace('\n', " ");
    // Links between Rust items lead nowhere here.
    text.replace("[`", "`").replace("`]", "`")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
