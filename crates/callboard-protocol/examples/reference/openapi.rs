//! OpenAPI 3.1 out of the table of routes and the types.

use crate::routes::{In, ROUTES, Route};
use serde_json::{Map, Value, json};

pub(crate) fn document(mut schemas: Map<String, Value>) -> Value {
    schemas.insert(
        "Problem".into(),
        json!({
            "description": "What is wrong (RFC 9457). `type` is `urn:callboard:problem:` and the code.",
            "type": "object",
            "required": ["type", "title", "status", "code", "detail", "message", "retryable"],
            "properties": {
                "type": { "type": "string" },
                "title": { "type": "string" },
                "status": { "type": "integer" },
                "code": { "$ref": "#/components/schemas/ErrorCode" },
                "detail": { "type": "string" },
                "message": { "type": "string", "description": "The same as `detail`." },
                "retryable": { "type": "boolean" },
                "details": true,
            },
        }),
    );
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Callboard",
            "version": "1",
            "description": "Jobs in, one live state out. Everything needs a bearer token unless it says otherwise.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
    })
}

fn operation(route: &Route) -> Value {
    let (media, answer) = route.answer;
    let good = match answer {
        "" => json!({ "schema": { "type": "string" } }),
        name => json!({ "schema": schema(name) }),
    };
    let problem = json!({
        "description": "What is wrong",
        "content": { "application/problem+json": { "schema": schema("Problem") } },
    });
    let mut operation = json!({
        "summary": route.summary,
        "operationId": operation_id(route),
        "responses": { "200": { "description": "Good", "content": { media: good } }, "default": problem },
    });
    if !route.params.is_empty() {
        operation["parameters"] = route.params.iter().map(parameter).collect();
    }
    if let Some(body) = route.body {
        operation["requestBody"] = json!({ "content": { "application/json": { "schema": schema(body) } } });
    }
    if !route.open {
        operation["security"] = json!([{ "token": [] }]);
    }
    operation
}

fn parameter((place, name, kind, about): &(In, &str, &str, &str)) -> Value {
    let (place, required) = match place {
        In::Path => ("path", true),
        In::Query => ("query", false),
        In::Header => ("header", false),
    };
    let schema = json!({ "type": kind });
    json!({ "name": name, "in": place, "required": required, "description": about, "schema": schema })
}

fn operation_id(route: &Route) -> String {
    let words = route.path.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty() && *word != "api");
    std::iter::once(route.method).chain(words).collect::<Vec<_>>().join("_")
}

/// A type by its name, or a schema in which types are named so.
fn schema(text: &str) -> Value {
    match text {
        "any" => json!(true),
        text if text.starts_with('{') => {
            let mut schema: Value =
                serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            lengthen(&mut schema);
            schema
        }
        name => json!({ "$ref": format!("#/components/schemas/{name}") }),
    }
}

fn lengthen(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::String(name) if key == "$ref" => *name = format!("#/components/schemas/{name}"),
                    value => lengthen(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(lengthen),
        _ => {}
    }
}
