//! `callboard kinds`: what this server can run.

use crate::{
    api::Api,
    failure::{Outcome, exit},
    text::{clean::clean, form::Output, table::Column},
};
use callboard_protocol::Node;

const COLUMNS: [Column; 3] = [
    Column { name: "KIND", right: false },
    Column { name: "TITLE", right: false },
    Column { name: "EXAMPLE", right: false },
];

pub(crate) async fn kinds(api: &Api, out: &Output) -> Outcome {
    let page: Node = api.get("/api/kinds").await?;
    let Some(Node::Array(kinds)) = page.child("kinds") else { return Ok(exit::OK) };
    if out.records("kinds", kinds)? {
        return Ok(exit::OK);
    }
    let text = |kind: &Node, member| {
        clean(kind.child(member).and_then(Node::as_str).unwrap_or_default()).to_string()
    };
    let row = |kind: &Node| {
        let example = kind.child("example").map(Node::to_string).unwrap_or_default();
        vec![text(kind, "kind").into(), text(kind, "title").into(), clean(&example).to_string().into()]
    };
    let rows: Vec<_> = kinds.iter().map(row).collect();
    out.table(&COLUMNS.each_ref(), &rows)?;
    Ok(exit::OK)
}
