//! `callboard kinds`: what this server can run.

use crate::{
    api::Api,
    failure::{Outcome, exit},
    text::{
        clean::clean,
        output::{Screen, print},
        table::{self, Column},
    },
};
use callboard_protocol::Node;
use serde_json::json;

const COLUMNS: [Column; 3] = [
    Column { name: "KIND", right: false },
    Column { name: "TITLE", right: false },
    Column { name: "EXAMPLE", right: false },
];

pub(crate) async fn kinds(api: &Api, json: bool) -> Outcome {
    let page: Node = api.get("/api/kinds").await?;
    let kinds = page.child("kinds").cloned().unwrap_or_default();
    if json {
        print(&json!({ "v": 1, "kinds": kinds }).to_string())?;
        return Ok(exit::OK);
    }
    let Node::Array(kinds) = kinds else { return Ok(exit::OK) };
    let text = |kind: &Node, member| {
        clean(kind.child(member).and_then(Node::as_str).unwrap_or_default()).to_string()
    };
    let row = |kind: &Node| {
        let example = kind.child("example").map(Node::to_string).unwrap_or_default();
        vec![text(kind, "kind").into(), text(kind, "title").into(), clean(&example).to_string().into()]
    };
    let rows: Vec<_> = kinds.iter().map(row).collect();
    let screen = Screen::detect();
    for line in table::lines(&COLUMNS.each_ref(), &rows, screen.out_is_terminal.then_some(screen.width)) {
        print(&line)?;
    }
    Ok(exit::OK)
}
