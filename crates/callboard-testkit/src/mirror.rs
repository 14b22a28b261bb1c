//! A fold of what a server sends to one client. Where a real client would ask again, this one calls it a fault.

use callboard_protocol::{
    Epoch, Node, Op, Pointer, apply,
    frame::{ServerFrame, StatePosition},
};

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Mirror {
    document: Node,
    position: Option<StatePosition>,
    /// A snapshot whose last part has not come.
    assembly: Option<(StatePosition, Node, u32)>,
    /// Snapshots that were taken over.
    pub snapshots: u64,
    /// Patches that were applied.
    pub patches: u64,
}

impl Mirror {
    /// The state; `null` before the first snapshot.
    pub fn document(&self) -> &Node {
        &self.document
    }

    /// Where in its history; nothing before the first snapshot.
    pub fn position(&self) -> Option<&StatePosition> {
        self.position.as_ref()
    }

    /// The version, 0 before the first snapshot.
    pub fn version(&self) -> u64 {
        self.position.as_ref().map_or(0, |position| position.version)
    }

    /// A new connection begins: a snapshot that was not whole is lost.
    pub fn connection_lost(&mut self) {
        self.assembly = None;
    }

    /// Takes a message; `true` when the state is another one now.
    ///
    /// # Errors
    /// What the server did wrong: a version that goes back or leaves a hole, an operation that does not fit, a
    /// changed epoch, a part out of turn.
    pub fn take(&mut self, frame: ServerFrame) -> Result<bool, String> {
        match frame {
            ServerFrame::StateSnapshot { epoch, state_version, data, entries, part, more, .. } => {
                let position = StatePosition { epoch, version: state_version };
                let part = (part.unwrap_or(0), more.unwrap_or(false));
                self.snapshot(position, data, entries.unwrap_or_default(), part)
            }
            ServerFrame::StatePatch { epoch, from_version, to_version, patch, .. } => {
                self.patch(&epoch, (from_version, to_version), &patch).map(|()| true)
            }
            _ => Ok(false),
        }
    }

    fn snapshot(
        &mut self,
        position: StatePosition,
        data: Option<Node>,
        entries: Vec<(String, Node)>,
        (part, more): (u32, bool),
    ) -> Result<bool, String> {
        let mut document = match (data, self.assembly.take()) {
            (Some(document), _) if part == 0 => document,
            (None, Some((open, document, next))) if open == position && next == part => document,
            _ => return Err(format!("part {part} of snapshot {} is out of turn", position.version)),
        };
        for (path, value) in entries {
            let path = Pointer::parse(&path).map_err(|error| format!("{path}: {error}"))?;
            apply(&mut document, &[Op::Add { path, value }]).map_err(|error| error.to_string())?;
        }
        if more {
            self.assembly = Some((position, document, part + 1));
            return Ok(false);
        }
        if let Some(mine) = &self.position {
            if mine.epoch != position.epoch {
                return Err(format!("epoch {} became {}", mine.epoch, position.epoch));
            }
            if mine.version > position.version {
                return Err(format!("version {} went back to {}", mine.version, position.version));
            }
        }
        (self.document, self.position) = (document, Some(position));
        self.snapshots += 1;
        Ok(true)
    }

    fn patch(&mut self, epoch: &Epoch, (from, to): (u64, u64), ops: &[Op]) -> Result<(), String> {
        let Some(mine) = self.position.as_mut().filter(|mine| mine.epoch == *epoch) else {
            return Err(format!("a patch of epoch {epoch} came without its snapshot"));
        };
        if from != mine.version || to <= from {
            return Err(format!("a patch from {from} to {to} came at version {}", mine.version));
        }
        apply(&mut self.document, ops).map_err(|error| format!("version {to}: {error}"))?;
        mine.version = to;
        self.patches += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(json: &str) -> ServerFrame {
        serde_json::from_str(json).unwrap()
    }

    fn patch(from: u64, to: u64) -> ServerFrame {
        frame(&format!(
            r#"{{"type":"state.patch","epoch":"e","fromVersion":{from},"toVersion":{to},"patch":
            [{{"op":"add","path":"/a","value":{to}}}]}}"#
        ))
    }

    fn snapshot(version: u64) -> ServerFrame {
        frame(&format!(
            r#"{{"type":"state.snapshot","epoch":"e","stateVersion":{version},"data":{{}},"reason":"connect"}}"#
        ))
    }

    #[test]
    fn holes_and_steps_back_are_faults() {
        let mut mirror = Mirror::default();
        assert!(mirror.take(patch(0, 1)).is_err(), "no snapshot yet");
        assert_eq!(mirror.take(snapshot(3)), Ok(true));
        assert_eq!(mirror.take(patch(3, 5)), Ok(true));
        assert_eq!(mirror.document().to_string(), r#"{"a":5}"#);
        for wrong in [patch(4, 6), patch(6, 7), patch(5, 5), snapshot(4)] {
            assert!(mirror.clone().take(wrong).is_err());
        }
    }
}
