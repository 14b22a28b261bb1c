//! A map that knows which of its entries was used the longest time ago; every operation takes constant time (W2.6).

use std::{collections::HashMap, sync::Arc};

/// Entries by key, in the order of their last use.
pub(crate) struct Lru<V> {
    places: HashMap<Arc<str>, usize>,
    slots: Vec<Slot<V>>,
    free: Vec<usize>,
    /// The entry that was used last, and the one that was not used for longest.
    newest: Option<usize>,
    oldest: Option<usize>,
}

struct Slot<V> {
    entry: Option<(Arc<str>, V)>,
    newer: Option<usize>,
    older: Option<usize>,
}

impl<V> Lru<V> {
    pub(crate) fn new() -> Self {
        Lru { places: HashMap::new(), slots: Vec::new(), free: Vec::new(), newest: None, oldest: None }
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// An entry, which is the newest from now on.
    pub(crate) fn touch(&mut self, key: &str) -> Option<&V> {
        let at = *self.places.get(key)?;
        self.unlink(at);
        self.link_newest(at);
        self.slots[at].entry.as_ref().map(|(_, value)| value)
    }

    /// Puts an entry in as the newest.
    pub(crate) fn insert(&mut self, key: &str, value: V) {
        self.remove(key);
        let key: Arc<str> = key.into();
        let slot = Slot { entry: Some((key.clone(), value)), newer: None, older: None };
        let at = match self.free.pop() {
            Some(at) => {
                self.slots[at] = slot;
                at
            }
            None => {
                self.slots.push(slot);
                self.slots.len() - 1
            }
        };
        self.places.insert(key, at);
        self.link_newest(at);
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<V> {
        let at = self.places.remove(key)?;
        self.unlink(at);
        self.free.push(at);
        self.slots[at].entry.take().map(|(_, value)| value)
    }

    /// Takes out the entry that was not used for longest.
    pub(crate) fn pop_oldest(&mut self) -> Option<V> {
        let key = self.slots[self.oldest?].entry.as_ref().map(|(key, _)| key.clone())?;
        self.remove(&key)
    }

    /// Keeps only what fits; how many were taken out.
    pub(crate) fn retain(&mut self, fits: impl Fn(&str, &V) -> bool) -> usize {
        let entries = self.slots.iter().filter_map(|slot| slot.entry.as_ref());
        let gone: Vec<_> =
            entries.filter(|(key, value)| !fits(key, value)).map(|(key, _)| key.clone()).collect();
        gone.iter().for_each(|key| drop(self.remove(key)));
        gone.len()
    }

    pub(crate) fn clear(&mut self) {
        *self = Lru::new();
    }

    fn unlink(&mut self, at: usize) {
        let (newer, older) = (self.slots[at].newer.take(), self.slots[at].older.take());
        match newer {
            Some(newer) => self.slots[newer].older = older,
            None if self.newest == Some(at) => self.newest = older,
            None => {}
        }
        match older {
            Some(older) => self.slots[older].newer = newer,
            None if self.oldest == Some(at) => self.oldest = newer,
            None => {}
        }
    }

    fn link_newest(&mut self, at: usize) {
        self.slots[at].older = self.newest;
        if let Some(newest) = self.newest {
            self.slots[newest].newer = Some(at);
        }
        self.newest = Some(at);
        self.oldest.get_or_insert(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What the list does in the plainest way: the newest last.
    #[derive(Default)]
    struct Model(Vec<(String, u32)>);

    impl Model {
        fn take(&mut self, key: &str) -> Option<(String, u32)> {
            let at = self.0.iter().position(|(known, _)| known == key)?;
            Some(self.0.remove(at))
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Touch(u8),
        Insert(u8, u32),
        Remove(u8),
        Pop,
        KeepEven,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..12u8).prop_map(Step::Touch),
            (0..12u8, any::<u32>()).prop_map(|(key, value)| Step::Insert(key, value)),
            (0..12u8).prop_map(Step::Remove),
            Just(Step::Pop),
            Just(Step::KeepEven),
        ]
    }

    proptest! {
        #[test]
        fn it_is_a_list_in_the_order_of_use(steps in prop::collection::vec(step(), 0..200)) {
            let (mut lru, mut model) = (Lru::new(), Model::default());
            for step in steps {
                match step {
                    Step::Touch(key) => {
                        let key = key.to_string();
                        let expected = model.take(&key);
                        prop_assert_eq!(lru.touch(&key).copied(), expected.as_ref().map(|(_, value)| *value));
                        model.0.extend(expected);
                    }
                    Step::Insert(key, value) => {
                        let key = key.to_string();
                        lru.insert(&key, value);
                        model.take(&key);
                        model.0.push((key, value));
                    }
                    Step::Remove(key) => {
                        let key = key.to_string();
                        prop_assert_eq!(lru.remove(&key), model.take(&key).map(|(_, value)| value));
                    }
                    Step::Pop => {
                        let oldest = (!model.0.is_empty()).then(|| model.0.remove(0).1);
                        prop_assert_eq!(lru.pop_oldest(), oldest);
                    }
                    Step::KeepEven => {
                        let before = model.0.len();
                        model.0.retain(|(_, value)| value % 2 == 0);
                        prop_assert_eq!(lru.retain(|_, value| value % 2 == 0), before - model.0.len());
                    }
                }
                prop_assert_eq!(lru.len(), model.0.len());
            }
        }
    }
}
