//! Paths, a document and a patch from anywhere: no panic, and cutting down twice changes nothing.

use callboard_protocol::{Node, Op, Selection};

/// Three parts with a zero byte between them: paths in lines, a document and a patch as JSON.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let mut parts = text.splitn(3, '\0');
    let paths: Vec<String> = parts.next().unwrap_or_default().lines().map(str::to_owned).collect();
    let Ok(selection) = Selection::parse(&paths) else { return };
    let Ok(document) = serde_json::from_str::<Node>(parts.next().unwrap_or_default()) else { return };
    let projected = selection.project(&document);
    assert_eq!(selection.project(&projected), projected, "cutting twice changes nothing");
    let patch = serde_json::from_str::<Vec<Op>>(parts.next().unwrap_or_default());
    for op in patch.into_iter().flatten() {
        // An operation that does not fit is an error, not a panic.
        let _ = selection.filter(&op, &document);
    }
}
