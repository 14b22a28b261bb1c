//! Selections: cutting a document down and filtering operations agree at every version.

use callboard_protocol::{Coalescer, Key, Node, Op, Pointer, Recorder, Selection, apply};
use proptest::prelude::*;

const NAMES: [&str; 4] = ["a", "b/c", "d~e", "7"];

/// A write at a path: a number, an object of some shape, an array, or nothing.
type Write = (Vec<usize>, u8);

fn writes() -> impl Strategy<Value = Vec<Write>> {
    prop::collection::vec((prop::collection::vec(0..NAMES.len(), 1..5), any::<u8>()), 0..50)
}

/// Globs over the same names; 4 is `*`.
fn globs() -> impl Strategy<Value = Vec<String>> {
    let glob = prop::collection::vec(0..=NAMES.len(), 0..4).prop_map(|segments| {
        let name = |segment: usize| *NAMES.get(segment).unwrap_or(&"*");
        Pointer::new(segments.into_iter().map(|segment| Key::new(name(segment)))).to_string()
    });
    prop::collection::vec(glob, 1..4)
}

fn put(document: &mut Node, (path, value): &Write) -> Vec<Op> {
    let path = Pointer::new(path.iter().map(|segment| Key::new(NAMES[*segment])));
    let value: Option<Node> = match value % 5 {
        0 => None,
        1 => Some(u32::from(*value).into()),
        2 => serde_json::from_str(r#"{"a":{"a":1,"7":{}},"b/c":2,"d~e":{"a":null}}"#).ok(),
        3 => serde_json::from_str(r#"[{"a":1},2]"#).ok(),
        _ => Some(Node::object()),
    };
    let mut recorder = Recorder::new(document);
    // A path through something that is no object is refused.
    let _ = match value {
        Some(value) => recorder.set(path, value),
        None => Ok(recorder.remove(path)),
    };
    recorder.into_ops()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn filtered_ops_keep_a_projection_up_to_date(before in writes(), writes in writes(), globs in globs()) {
        let selection = Selection::parse(&globs).expect("globs");
        let mut document = Node::object();
        before.iter().for_each(|write| drop(put(&mut document, write)));
        let mut mirror = selection.project(&document);
        let mut folding = mirror.clone();
        let mut coalescer = Coalescer::default();
        for write in &writes {
            for op in put(&mut document, write) {
                if let Some(op) = selection.filter(&op, &document).expect("no move") {
                    apply(&mut mirror, std::slice::from_ref(&op)).expect("it fits");
                    coalescer.push(&op);
                }
            }
            prop_assert_eq!(&mirror, &selection.project(&document));
        }
        apply(&mut folding, &coalescer.into_ops()).expect("the folded ones fit");
        prop_assert_eq!(folding, mirror);
    }
}

fn select(paths: &[&str]) -> Selection {
    Selection::parse(&paths.iter().map(ToString::to_string).collect::<Vec<_>>()).expect("a selection")
}

#[test]
fn a_projection_has_what_is_selected_and_the_way_to_it() {
    let document: Node = serde_json::from_str(
        r#"{"jobs":{"a":{"state":"running","progress":{"value":0.5}},"b":{"state":"queued"}},"meta":{"x":1},"n":3}"#,
    )
    .expect("JSON");
    let project = |paths: &[&str]| select(paths).project(&document).to_string();
    assert_eq!(project(&["/jobs/*/progress"]), r#"{"jobs":{"a":{"progress":{"value":0.5}},"b":{}}}"#);
    assert_eq!(project(&["/jobs/b", "/meta"]), r#"{"jobs":{"b":{"state":"queued"}},"meta":{"x":1}}"#);
    assert_eq!(project(&["/n/below", "/absent"]), r#"{"n":null}"#);
    assert_eq!(project(&["", "/meta"]), document.to_string());
}

#[test]
fn an_object_that_enters_is_an_add_of_what_is_selected() {
    let op: Op = serde_json::from_str(
        r#"{"op":"add","path":"/jobs/c","value":{"state":"queued","progress":{"value":0},"args":{}}}"#,
    )
    .expect("an op");
    let kept =
        select(&["/jobs/*/progress"]).filter(&op, &Node::object()).expect("no move").expect("it enters");
    assert_eq!(
        serde_json::to_string(&kept).expect("an op"),
        r#"{"op":"add","path":"/jobs/c","value":{"progress":{"value":0}}}"#
    );
    let outside: Op = serde_json::from_str(r#"{"op":"remove","path":"/meta/x"}"#).expect("an op");
    assert_eq!(select(&["/jobs/*/progress"]).filter(&outside, &Node::object()), Ok(None));
}

#[test]
fn selections_that_are_written_differently_are_one() {
    assert_eq!(select(&["/b", "/a", "/b"]).paths(), select(&["/a", "/b"]).paths());
    assert_eq!(select(&["/b", ""]).paths(), [""]);
    assert!(select(&["/b", ""]).is_everything() && !select(&["/*"]).is_everything());
}
