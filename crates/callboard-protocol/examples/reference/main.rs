//! Writes the reference out of the Rust types: JSON Schema, OpenAPI, and the pages for people.
//!
//! `reference ROOT` writes below the root of the repository; `cargo xtask codegen` runs it.

mod openapi;
mod page;
mod protocol;
mod routes;

use callboard_protocol::{Event, Op, bulk, command, config, error, frame, job, log};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};
use std::path::Path;

/// Every type of the wire, under its name.
fn definitions(path: &'static str) -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = path.into());
    let mut generator = settings.into_generator();
    fn add<T: JsonSchema>(generator: &mut SchemaGenerator) {
        let _ = generator.subschema_for::<T>();
    }
    add::<frame::ClientFrame>(&mut generator);
    add::<frame::ServerFrame>(&mut generator);
    add::<error::Rejection>(&mut generator);
    add::<command::Accepted>(&mut generator);
    add::<job::DispatchArgs>(&mut generator);
    add::<bulk::BulkArgs>(&mut generator);
    add::<bulk::BulkCount>(&mut generator);
    add::<bulk::BulkResult>(&mut generator);
    add::<command::CancelArgs>(&mut generator);
    add::<command::JobArgs>(&mut generator);
    add::<command::ConfigArgs>(&mut generator);
    add::<job::Job>(&mut generator);
    add::<job::Attempt>(&mut generator);
    add::<job::ResultRecord>(&mut generator);
    add::<log::LogEntry>(&mut generator);
    add::<config::ServerConfig>(&mut generator);
    add::<Event>(&mut generator);
    add::<Op>(&mut generator);
    generator.take_definitions(true)
}

fn write(root: &Path, path: &str, text: &str) -> std::io::Result<()> {
    let path = root.join(path);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}

fn pretty(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    text + "\n"
}

fn main() -> std::io::Result<()> {
    let root = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    let root = Path::new(&root);
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "callboard.v1",
        "description": "A message of the WebSocket: one JSON object per text frame.",
        "oneOf": [{ "$ref": "#/$defs/ClientFrame" }, { "$ref": "#/$defs/ServerFrame" }],
        "$defs": definitions("/$defs"),
    });
    write(root, "spec/schema.json", &pretty(&schema))?;
    write(root, "docs/reference/protocol.md", &protocol::markdown(&schema["$defs"]))?;
    let openapi = openapi::document(definitions("/components/schemas"));
    write(root, "spec/openapi.json", &pretty(&openapi))?;
    write(root, "spec/openapi.html", &page::html(&openapi))
}
