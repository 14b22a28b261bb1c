//! spec/mirror.json: what a mirror makes of a run of messages; the TypeScript client runs the same file.

use super::{Input, script::*};
use callboard_protocol::{
    Node,
    frame::{ServerFrame, StatePosition, SubStart},
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vector {
    name: String,
    frames: Vec<ServerFrame>,
    after: After,
    resyncs: usize,
}

#[derive(Deserialize)]
struct After {
    epoch: String,
    version: u64,
    data: Node,
}

#[test]
fn a_mirror_does_what_the_vectors_say() {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../../../../spec/mirror.json")).expect("vectors");
    for Vector { name, frames, after, resyncs } in vectors {
        let mut script = Script::new();
        script.give(Input::Start);
        script.connect(SubStart::Snapshot);
        let effects: Vec<String> = frames.into_iter().flat_map(|frame| script.frame(frame)).collect();
        let view = script.machine.view();
        let position = StatePosition { epoch: after.epoch.into(), version: after.version };
        assert_eq!(view.position, Some(position), "{name}");
        assert_eq!(view.state, after.data, "{name}");
        let asked = effects.iter().filter(|effect| effect.starts_with("resync")).count();
        assert_eq!(asked, resyncs, "{name}: {effects:?}");
    }
}
