//! Patches out of the journal, for those who are further behind than what is in memory. After a restart a crowd comes
//! back that is behind by the same window: whoever is the first reads it, the others wait for that.

use super::{
    hub::Hub,
    view::{PatchFrame, View},
};
use callboard_protocol::{caps, frame::StatePosition};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::OnceCell;

/// A patch that is being made, or was, or could not be.
type Slot = Arc<OnceCell<Option<Arc<PatchFrame>>>>;

/// The newest patches by where they start.
#[derive(Default)]
pub(super) struct StoredFolds(Mutex<VecDeque<(u64, Slot)>>);

impl StoredFolds {
    /// The slot of a version; a new one when what is in it leads nowhere any more.
    fn slot(&self, version: u64, leads_on: impl Fn(&PatchFrame) -> bool) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|(_, slot)| slot.get().is_none_or(|made| made.as_deref().is_some_and(&leads_on)));
        if let Some((_, slot)) = slots.iter().find(|(from, _)| *from == version) {
            return slot.clone();
        }
        let slot = Slot::default();
        slots.push_back((version, slot.clone()));
        while slots.len() > caps::VIEW_FOLDS || (slots.len() > 1 && bytes(&slots) > caps::VIEW_BYTES) {
            slots.pop_front();
        }
        slot
    }
}

fn bytes(slots: &VecDeque<(u64, Slot)>) -> usize {
    let made = slots.iter().filter_map(|(_, slot)| slot.get()?.as_ref());
    made.map(|patch| patch.text.plain().size_bytes()).sum()
}

/// The patch that leads from what a client has to what is in memory; `None` when there is none for little, or others
/// are being made.
pub(super) async fn resume(
    hub: &Hub,
    view: &Arc<View>,
    have: Option<&StatePosition>,
) -> Option<Arc<PatchFrame>> {
    let have = have.filter(|have| have.epoch == *hub.board.epoch())?;
    let slot = view.stored_folds.slot(have.version, |patch| view.board.since(patch.to).is_some());
    let make = async || {
        let _place = hub.stored_folds.try_acquire().ok()?;
        let patch = view.fold_stored(have.version).await?;
        hub.counters.stored_folds.add();
        Some(patch)
    };
    slot.get_or_init(make).await.clone()
}
