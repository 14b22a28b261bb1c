//! Paths, a document and a patch from anywhere: no panic, and cutting down twice changes nothing.
#![no_main]

use callboard_protocol::{Node, Op, Selection};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<String>, &str, &str)| {
    let (paths, document, patch) = input;
    let Ok(selection) = Selection::parse(&paths) else { return };
    let Ok(document) = serde_json::from_str::<Node>(document) else { return };
    let projected = selection.project(&document);
    assert_eq!(selection.project(&projected), projected, "cutting twice changes nothing");
    for op in serde_json::from_str::<Vec<Op>>(patch).into_iter().flatten() {
        let _ = selection.filter(&op, &document);
    }
});
