//! The HTTP routes as one page without a script, so that it can be served offline under a strict policy.

use serde_json::Value;
use std::fmt::Write as _;

pub(crate) fn html(openapi: &Value) -> String {
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Callboard: HTTP</title>\n\
         <link rel=\"stylesheet\" href=\"docs.css\">\n<main>\n<h1>Callboard: HTTP</h1>\n\
         <p>Made from <a href=\"openapi.json\">openapi.json</a>. A closed lock needs \
         <code>Authorization: Bearer TOKEN</code>. Errors are <code>application/problem+json</code>.</p>\n",
    );
    for (path, methods) in openapi["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            page += &section(path, method, operation);
        }
    }
    page += "</main>\n</html>\n";
    page
}

fn section(path: &str, method: &str, operation: &Value) -> String {
    let lock = if operation["security"].is_array() { "🔒" } else { "" };
    let id = escape(operation["operationId"].as_str().unwrap_or_default());
    let mut text = format!(
        "<section id=\"{id}\">\n<h2><code>{} {}</code> {lock}</h2>\n<p>{}</p>\n",
        method.to_uppercase(),
        escape(path),
        escape(operation["summary"].as_str().unwrap_or_default())
    );
    let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
    if !parameters.is_empty() {
        text += "<table>\n";
        for parameter in parameters {
            let member = |name: &str| escape(parameter[name].as_str().unwrap_or_default());
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "<tr><th><code>{}</code></th><td>{}</td><td>{}</td></tr>",
                member("name"),
                member("in"),
                member("description")
            );
        }
        text += "</table>\n";
    }
    for (title, schema) in [
        ("Body", &operation["requestBody"]["content"]["application/json"]["schema"]),
        ("Answer", &operation["responses"]["200"]["content"]["application/json"]["schema"]),
    ] {
        if schema.is_object() {
            let schema = serde_json::to_string_pretty(schema).unwrap_or_default();
            let schema = escape(&schema.replace("#/components/schemas/", ""));
            let _ = writeln!(text, "<details><summary>{title}</summary><pre>{schema}</pre></details>");
        }
    }
    text + "</section>\n"
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
