//! The fold: applying, recording and coalescing operations agree with RFC 6902 as the json-patch crate has it.

use callboard_protocol::{Coalescer, Key, Node, Op, Pointer, Recorder, apply};
use proptest::prelude::*;

/// A write somewhere in a small tree, so that writes meet.
#[derive(Clone, Debug)]
enum Write {
    Set(Vec<u8>, u8),
    SetObject(Vec<u8>, u8),
    Remove(Vec<u8>),
}

fn writes() -> impl Strategy<Value = Vec<Write>> {
    let path = || prop::collection::vec(0u8..4, 1..4);
    let write = prop_oneof![
        (path(), any::<u8>()).prop_map(|(path, value)| Write::Set(path, value)),
        (path(), any::<u8>()).prop_map(|(path, value)| Write::SetObject(path, value)),
        path().prop_map(Write::Remove),
    ];
    prop::collection::vec(write, 0..60)
}

fn pointer(path: &[u8]) -> Pointer {
    Pointer::new(path.iter().map(|segment| Key::new(["a", "b/c", "d~e", "f"][usize::from(*segment)])))
}

fn object(value: u8) -> Node {
    serde_json::from_str(&format!(r#"{{"a":{{"f":{value}}},"b/c":{value}}}"#)).expect("JSON")
}

fn record(document: &mut Node, writes: &[Write]) -> Vec<Op> {
    let mut recorder = Recorder::new(document);
    writes.iter().for_each(|write| put(&mut recorder, write));
    recorder.into_ops()
}

fn put(recorder: &mut Recorder<'_>, write: &Write) {
    // A path through something that is no object is refused, which is part of what is tested.
    let _ = match write {
        Write::Set(path, value) => recorder.set(pointer(path), u32::from(*value).into()),
        Write::SetObject(path, value) => recorder.set(pointer(path), object(*value)),
        Write::Remove(path) => Ok(recorder.remove(pointer(path))),
    };
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Invariant 4: what the recorder emits leads every mirror to the state that it made.
    #[test]
    fn recorded_ops_rebuild_the_document(before in writes(), writes in writes()) {
        let mut state = Node::object();
        record(&mut state, &before);
        let mut mirror = state.clone();
        let mut oracle = serde_json::Value::from(&state);
        let ops = record(&mut state, &writes);
        apply(&mut mirror, &ops).expect("own ops fit");
        prop_assert_eq!(&mirror, &state);
        let patch: json_patch::Patch = serde_json::from_value(serde_json::to_value(&ops).expect("ops")).expect("RFC 6902");
        json_patch::patch(&mut oracle, &patch).expect("the oracle agrees that they fit");
        prop_assert_eq!(Node::from(&oracle), state);
    }

    /// A refused decision leaves nothing behind.
    #[test]
    fn undone_writes_leave_no_trace(before in writes(), writes in writes()) {
        let mut state = Node::object();
        record(&mut state, &before);
        let was = state.clone();
        let mut recorder = Recorder::new(&mut state);
        writes.iter().for_each(|write| put(&mut recorder, write));
        recorder.undo();
        prop_assert_eq!(state, was);
    }

    /// Folding a window is the same as applying it op by op, and never longer.
    #[test]
    fn coalesced_ops_are_equal_and_not_more(before in writes(), writes in writes()) {
        let mut state = Node::object();
        record(&mut state, &before);
        let mut mirror = state.clone();
        let ops = record(&mut state, &writes);
        let mut coalescer = Coalescer::default();
        ops.iter().for_each(|op| coalescer.push(op));
        let folded = coalescer.into_ops();
        prop_assert!(folded.len() <= ops.len());
        apply(&mut mirror, &folded).expect("folded ops fit");
        prop_assert_eq!(mirror, state);
    }
}

#[test]
fn writes_that_change_nothing_emit_nothing() {
    // X17
    let mut state = object(1);
    let ops = record(&mut state, &[Write::Set(vec![1], 1), Write::Remove(vec![2])]);
    assert_eq!(ops, []);
}

#[test]
fn a_patch_applies_whole_or_not_at_all() {
    let mut state = object(1);
    let before = state.clone();
    let ops =
        [Op::Replace { path: pointer(&[1]), value: Node::from(2u32) }, Op::Remove { path: pointer(&[2]) }];
    assert!(apply(&mut state, &ops).is_err());
    assert_eq!(state, before);
}

#[test]
fn array_edits_keep_their_order() {
    let mut state: Node = serde_json::from_str(r#"{"list":[1,2,3],"a":1}"#).expect("JSON");
    let mut mirror = state.clone();
    let ops: Vec<Op> = serde_json::from_str(
        r#"[{"op":"replace","path":"/a","value":2},{"op":"add","path":"/list/0","value":0},
            {"op":"remove","path":"/list/2"},{"op":"move","from":"/a","path":"/b"},{"op":"add","path":"/list/-","value":9}]"#,
    )
    .expect("ops");
    apply(&mut state, &ops).expect("fits");
    assert_eq!(state.to_string(), r#"{"b":2,"list":[0,1,3,9]}"#);
    let mut coalescer = Coalescer::default();
    ops.iter().for_each(|op| coalescer.push(op));
    apply(&mut mirror, &coalescer.into_ops()).expect("fits");
    assert_eq!(mirror, state);
}
