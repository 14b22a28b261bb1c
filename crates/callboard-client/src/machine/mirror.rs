//! The mirror: a fold of what the server sends, and the rule of continuity (protocol 3, S3.12, W3.5).

use crate::caps;
use callboard_protocol::{Epoch, Node, Op, Pointer, apply, frame::StatePosition};

/// What a message did.
#[derive(Debug, PartialEq)]
pub(super) enum Applied {
    /// The state is another one now.
    Changed,
    /// Nothing: it was known already.
    Known,
    /// A part was put aside; others follow.
    Partial,
    /// Something is missing; the reason is for `state.resync`.
    Gap(&'static str),
    /// It is no part of any snapshot.
    Unreadable(&'static str),
}

/// One part of a snapshot, or all of it.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) epoch: Epoch,
    pub(super) version: u64,
    pub(super) data: Option<Node>,
    pub(super) entries: Vec<(String, Node)>,
    pub(super) number: u32,
    pub(super) more: bool,
}

/// One patch.
#[derive(Debug)]
pub(super) struct Patch {
    pub(super) epoch: Epoch,
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) ops: Vec<Op>,
}

/// A snapshot that is not whole yet. What was shown before stays until it is.
#[derive(Debug)]
struct Assembly {
    position: StatePosition,
    document: Node,
    next: u32,
}

/// The last known state and its position.
#[derive(Debug, Default)]
pub(super) struct Mirror {
    state: Node,
    position: Option<StatePosition>,
    assembly: Option<Assembly>,
}

impl Mirror {
    pub(super) fn state(&self) -> &Node {
        &self.state
    }

    pub(super) fn position(&self) -> Option<&StatePosition> {
        self.position.as_ref()
    }

    /// A new connection begins: what was not whole is lost.
    pub(super) fn connection_lost(&mut self) {
        self.assembly = None;
    }

    /// Takes a snapshot or a part of one. A whole one is the truth, also when its version is a lower one.
    pub(super) fn snapshot(&mut self, part: Part) -> Applied {
        let position = StatePosition { epoch: part.epoch, version: part.version };
        let mut assembly = match (part.data, self.assembly.take()) {
            (Some(document), _) if part.number == 0 => Assembly { position, document, next: 0 },
            (None, Some(open)) if open.position == position && open.next == part.number => open,
            _ => return Applied::Unreadable("a snapshot's part does not follow the one before"),
        };
        for (path, value) in part.entries {
            let added =
                Pointer::parse(&path).map(|path| Op::Add { path, value }.apply(&mut assembly.document));
            if !matches!(added, Ok(Ok(()))) {
                return Applied::Unreadable("an entry of a snapshot does not fit its skeleton");
            }
        }
        if part.more {
            assembly.next = part.number + 1;
            if assembly.next > caps::SNAPSHOT_PARTS {
                return Applied::Unreadable("a snapshot has too many parts");
            }
            self.assembly = Some(assembly);
            return Applied::Partial;
        }
        self.state = assembly.document;
        self.position = Some(assembly.position);
        Applied::Changed
    }

    /// Applies a patch by the rule: another epoch is a gap; an old one is known; one that fits is applied whole
    /// or not at all; anything else is a gap.
    pub(super) fn patch(&mut self, patch: &Patch) -> Applied {
        let Some(mine) = self.position.as_mut() else { return Applied::Gap("gap") };
        if mine.epoch != patch.epoch {
            return Applied::Gap("gap");
        }
        if patch.to <= mine.version {
            return Applied::Known;
        }
        if patch.from != mine.version {
            return Applied::Gap("gap");
        }
        if apply(&mut self.state, &patch.ops).is_err() {
            return Applied::Gap("apply_failed");
        }
        mine.version = patch.to;
        Applied::Changed
    }

    /// Whether the server has served more than arrived here (protocol 5).
    pub(super) fn is_behind(&self, epoch: &Epoch, version: u64) -> bool {
        self.position.as_ref().is_none_or(|mine| mine.epoch != *epoch || mine.version < version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(json: &str) -> Node {
        serde_json::from_str(json).unwrap()
    }

    fn whole(version: u64, json: &str) -> Part {
        Part { epoch: "e".into(), version, data: Some(node(json)), entries: vec![], number: 0, more: false }
    }

    fn patch(from: u64, to: u64, ops: &str) -> Patch {
        Patch { epoch: "e".into(), from, to, ops: serde_json::from_str(ops).unwrap() }
    }

    const SET: &str = r#"[{"op":"add","path":"/a","value":1}]"#;

    /// S3.12: the table of the client's rule.
    #[test]
    fn patches_follow_the_rule() {
        let mut mirror = Mirror::default();
        assert_eq!(mirror.patch(&patch(0, 1, SET)), Applied::Gap("gap"));
        assert_eq!(mirror.snapshot(whole(5, "{}")), Applied::Changed);
        assert_eq!(mirror.patch(&patch(4, 5, SET)), Applied::Known);
        assert_eq!(mirror.patch(&patch(6, 7, SET)), Applied::Gap("gap"));
        assert_eq!(mirror.patch(&patch(4, 6, SET)), Applied::Gap("gap"));
        assert_eq!(mirror.patch(&Patch { epoch: "f".into(), ..patch(5, 6, SET) }), Applied::Gap("gap"));
        assert_eq!(mirror.state(), &node("{}"));
        assert_eq!(mirror.patch(&patch(5, 9, SET)), Applied::Changed);
        assert_eq!((mirror.state(), mirror.position().unwrap().version), (&node(r#"{"a":1}"#), 9));
    }

    #[test]
    fn a_patch_that_does_not_fit_changes_nothing() {
        let mut mirror = Mirror::default();
        mirror.snapshot(whole(1, "{}"));
        let ops = r#"[{"op":"add","path":"/a","value":1},{"op":"remove","path":"/nothing"}]"#;
        assert_eq!(mirror.patch(&patch(1, 2, ops)), Applied::Gap("apply_failed"));
        assert_eq!((mirror.state(), mirror.position().unwrap().version), (&node("{}"), 1));
    }

    #[test]
    fn parts_become_visible_together() {
        let mut mirror = Mirror::default();
        mirror.snapshot(whole(1, r#"{"old":true}"#));
        let head = Part { more: true, ..whole(9, r#"{"jobs":{}}"#) };
        assert_eq!(mirror.snapshot(head), Applied::Partial);
        assert_eq!(mirror.state(), &node(r#"{"old":true}"#));
        let part = |number, name: &str, more| Part {
            data: None,
            entries: vec![(format!("/jobs/{name}"), Node::from(number))],
            number,
            more,
            ..whole(9, "{}")
        };
        assert_eq!(mirror.snapshot(part(1, "a", true)), Applied::Partial);
        assert_eq!(mirror.snapshot(part(2, "b", false)), Applied::Changed);
        assert_eq!(mirror.state(), &node(r#"{"jobs":{"a":1,"b":2}}"#));
        assert_eq!(mirror.position().unwrap().version, 9);
    }

    #[test]
    fn parts_that_do_not_belong_together_are_refused() {
        let head = || Part { more: true, ..whole(9, r#"{"jobs":{}}"#) };
        let later = |number, version| Part { data: None, number, more: false, ..whole(version, "{}") };
        let bad_entry = Part { entries: vec![("jobs".into(), Node::Null)], ..later(1, 9) };
        let bad_place = Part { entries: vec![("/nowhere/x".into(), Node::Null)], ..later(1, 9) };
        for wrong in [later(2, 9), later(1, 8), bad_entry, bad_place] {
            let mut mirror = Mirror::default();
            mirror.snapshot(head());
            assert!(matches!(mirror.snapshot(wrong), Applied::Unreadable(_)));
            assert_eq!(mirror.position(), None);
        }
        assert!(matches!(Mirror::default().snapshot(later(0, 9)), Applied::Unreadable(_)));
    }
}
