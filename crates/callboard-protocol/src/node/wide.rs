//! Wide objects: a persistent B-tree, and before it a small one with what has changed lately.
//!
//! A change copies the nodes on its way through a tree, because readers hold the tree as it was. The way is short in
//! the small tree however large the other one is, and what changes once mostly changes again soon: a job that runs.
//! When the small tree is full, its members move over together and share the copies that they need.

use super::{Key, Node};
use imbl::{OrdMap, ordmap};
use std::iter::Peekable;

/// Members that the small tree holds: the jobs that run at once and some that come and go. Fewer make its way shorter
/// (128: 14 % for a change of one member), more make moving them over cheaper for each.
const RECENT: usize = 256;

/// A sorted map that is cheap to clone, and whose members are cheap to change while clones live.
#[derive(Clone, Debug, Default)]
pub(super) struct Wide {
    settled: OrdMap<Key, Node>,
    /// Goes before `settled`; `None` is a member that is removed there.
    recent: OrdMap<Key, Option<Node>>,
    len: usize,
}

impl Wide {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        match self.recent.get(key) {
            Some(member) => member.as_ref(),
            None => self.settled.get(key),
        }
    }

    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        if !self.recent.contains_key(key) {
            self.make_room();
            let (key, value) = self.settled.get_key_value(key)?;
            self.recent.insert(key.clone(), Some(value.clone()));
        }
        self.recent.get_mut(key)?.as_mut()
    }

    pub(super) fn insert(&mut self, key: Key, value: Node) -> Option<Node> {
        self.make_room();
        let settled = self.settled.get(&*key).cloned();
        let old = self.recent.insert(key, Some(value)).unwrap_or(settled);
        self.len += usize::from(old.is_none());
        old
    }

    pub(super) fn remove(&mut self, key: &str) -> Option<Node> {
        self.make_room();
        let settled = self.settled.get_key_value(key).map(|(key, value)| (key.clone(), value.clone()));
        let old = match settled {
            Some((key, value)) => self.recent.insert(key, None).unwrap_or(Some(value)),
            None => self.recent.remove(key).flatten(),
        };
        self.len -= usize::from(old.is_some());
        old
    }

    /// The members in key order.
    pub(super) fn iter(&self) -> Members<'_> {
        Members { settled: self.settled.iter().peekable(), recent: self.recent.iter().peekable() }
    }

    /// Whether both are clones of one, unchanged since. `false` says nothing.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.recent.ptr_eq(&other.recent) && self.settled.ptr_eq(&other.settled)
    }

    /// Moves the members of the small tree over when it is full.
    fn make_room(&mut self) {
        if self.recent.len() < RECENT {
            return;
        }
        for (key, member) in std::mem::take(&mut self.recent) {
            match member {
                Some(value) => drop(self.settled.insert(key, value)),
                None => drop(self.settled.remove(&*key)),
            }
        }
    }
}

impl FromIterator<(Key, Node)> for Wide {
    fn from_iter<I: IntoIterator<Item = (Key, Node)>>(members: I) -> Self {
        let settled: OrdMap<Key, Node> = members.into_iter().collect();
        Wide { len: settled.len(), settled, recent: OrdMap::new() }
    }
}

/// See [`Wide::iter`].
pub(super) struct Members<'a> {
    settled: Peekable<ordmap::Iter<'a, Key, Node, imbl::shared_ptr::DefaultSharedPtr>>,
    recent: Peekable<ordmap::Iter<'a, Key, Option<Node>, imbl::shared_ptr::DefaultSharedPtr>>,
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a Key, &'a Node);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some((recent, _)) = self.recent.peek() else { return self.settled.next() };
            if self.settled.peek().is_some_and(|(settled, _)| settled < recent) {
                return self.settled.next();
            }
            self.settled.next_if(|(settled, _)| settled == recent);
            if let (key, Some(value)) = self.recent.next()? {
                return Some((key, value));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn it_is_a_sorted_map(writes in prop::collection::vec((0u16..400, 0u8..4), 0..1500)) {
            let mut wide: Wide = (0..100u16).map(|number| (name(number), Node::from(0u32))).collect();
            let mut plain: BTreeMap<Key, Node> = wide.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
            for (time, (number, write)) in writes.into_iter().enumerate() {
                let (key, value) = (name(number), Node::from(time as u64));
                match write {
                    0 => prop_assert_eq!(wide.remove(&key), plain.remove(&key)),
                    1 => match (wide.get_mut(&key), plain.get_mut(&key)) {
                        (Some(ours), Some(theirs)) => {
                            prop_assert_eq!(&*ours, &*theirs);
                            (*ours, *theirs) = (value.clone(), value);
                        }
                        (ours, theirs) => prop_assert_eq!(ours, theirs),
                    },
                    _ => prop_assert_eq!(wide.insert(key.clone(), value.clone()), plain.insert(key, value)),
                }
                prop_assert_eq!(wide.len(), plain.len());
            }
            prop_assert!(wide.iter().eq(plain.iter()));
            prop_assert!((0..400).all(|number| wide.get(&name(number)) == plain.get(&name(number))));
        }
    }

    fn name(number: u16) -> Key {
        Key::new(&format!("k{number:03}"))
    }

    #[test]
    fn a_clone_does_not_see_later_changes_and_knows_that_it_is_another() {
        let mut wide: Wide = (0..300).map(|number| (name(number), Node::Null)).collect();
        let before = wide.clone();
        assert!(wide.is_same(&before));
        *wide.get_mut("k007").expect("a member") = Node::from(true);
        wide.remove("k008");
        assert!(!wide.is_same(&before));
        assert_eq!((before.get("k007"), before.get("k008")), (Some(&Node::Null), Some(&Node::Null)));
        assert_eq!((wide.len(), before.len()), (299, 300));
    }
}
