//! Objects: a sorted vector while small, a persistent B-tree when wide. Which of the two is never observable.

use super::{Key, Node, wide::Wide};
use std::sync::Arc;

/// Above this many members an object becomes a tree: below it, copying the vector is cheaper than the tree.
const WIDE: usize = 32;

/// A JSON object, sorted by key.
#[derive(Clone, Debug)]
pub struct Object(Repr);

#[derive(Clone, Debug)]
enum Repr {
    Small(Arc<Vec<(Key, Node)>>),
    Wide(Wide),
}

impl Default for Object {
    fn default() -> Self {
        Object(Repr::Small(Arc::default()))
    }
}

impl Object {
    /// The number of members.
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Small(members) => members.len(),
            Repr::Wide(tree) => tree.len(),
        }
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a member.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.0 {
            Repr::Small(members) => members.iter().find(|(member, _)| member.is(key)).map(|(_, value)| value),
            Repr::Wide(tree) => tree.get(key),
        }
    }

    /// Whether there is such a member.
    pub fn contains(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The value of a member, to be changed in place; copies what is shared.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        match &mut self.0 {
            Repr::Small(members) => {
                let index = members.iter().position(|(member, _)| member.is(key))?;
                Some(&mut Arc::make_mut(members)[index].1)
            }
            Repr::Wide(tree) => tree.get_mut(key),
        }
    }

    /// Sets a member and returns its old value.
    pub fn insert(&mut self, key: Key, value: Node) -> Option<Node> {
        match &mut self.0 {
            Repr::Small(members) => match find(members, &key) {
                Ok(index) => Some(std::mem::replace(&mut Arc::make_mut(members)[index].1, value)),
                Err(index) => {
                    Arc::make_mut(members).insert(index, (key, value));
                    self.widen();
                    None
                }
            },
            Repr::Wide(tree) => tree.insert(key, value),
        }
    }

    /// Takes a member out.
    pub fn remove(&mut self, key: &str) -> Option<Node> {
        match &mut self.0 {
            Repr::Small(members) => {
                let index = find(members, key).ok()?;
                Some(Arc::make_mut(members).remove(index).1)
            }
            Repr::Wide(tree) => tree.remove(key),
        }
    }

    /// The members in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Node)> {
        match &self.0 {
            Repr::Small(members) => Members::Small(members.iter()),
            Repr::Wide(tree) => Members::Wide(Box::new(tree.iter())),
        }
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.iter().map(|(key, _)| key)
    }

    fn widen(&mut self) {
        if let Repr::Small(members) = &self.0
            && members.len() > WIDE
        {
            self.0 = Repr::Wide(members.iter().cloned().collect());
        }
    }
}

/// See [`Object::iter`]. Small objects are walked for every record that is stored or sent, so without an allocation.
enum Members<'a> {
    Small(std::slice::Iter<'a, (Key, Node)>),
    Wide(Box<super::wide::Members<'a>>),
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a Key, &'a Node);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Members::Small(members) => members.next().map(|(key, value)| (key, value)),
            Members::Wide(members) => members.next(),
        }
    }
}

/// Where a member is, or would be. To see only whether it is there, comparing lengths first is quicker.
fn find(members: &[(Key, Node)], key: &str) -> Result<usize, usize> {
    members.binary_search_by(|(member, _)| member.as_str().cmp(key))
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Small(a), Repr::Small(b)) => Arc::ptr_eq(a, b) || a == b,
            (Repr::Wide(a), Repr::Wide(b)) if a.is_same(b) => true,
            _ => self.len() == other.len() && self.iter().eq(other.iter()),
        }
    }
}

impl FromIterator<(Key, Node)> for Object {
    /// Of equal keys the last one wins.
    fn from_iter<I: IntoIterator<Item = (Key, Node)>>(members: I) -> Self {
        let mut members: Vec<_> = members.into_iter().collect();
        if !members.is_sorted_by(|a, b| a.0 < b.0) {
            members.sort_by(|a, b| a.0.cmp(&b.0));
            members.reverse();
            members.dedup_by(|a, b| a.0 == b.0);
            members.reverse();
        }
        let mut object = Object(Repr::Small(Arc::new(members)));
        object.widen();
        object
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_wide_are_one_kind() {
        let mut object = Object::default();
        for index in (0..100u32).rev() {
            assert_eq!(object.insert(Key::new(&format!("k{index:03}")), index.into()), None);
        }
        assert_eq!(object.len(), 100);
        assert!(object.keys().is_sorted());
        for index in 5..100u32 {
            assert_eq!(object.remove(&format!("k{index:03}")), Some(index.into()));
        }
        let small: Object =
            (0..5u32).map(|index| (Key::new(&format!("k{index:03}")), index.into())).collect();
        assert_eq!(object, small);
    }

    #[test]
    fn of_equal_keys_the_last_wins() {
        let object: Object = [("b", 1u32), ("a", 2), ("b", 3)]
            .map(|(k, v)| (Key::new(k), Node::from(v)))
            .into_iter()
            .collect();
        assert_eq!(object.get("b"), Some(&Node::from(3u32)));
        assert_eq!(object.len(), 2);
    }

    #[test]
    fn a_clone_does_not_see_later_changes() {
        let mut object: Object = [(Key::new("a"), Node::from(1u32))].into_iter().collect();
        let before = object.clone();
        object.insert(Key::new("a"), Node::from(2u32));
        assert_eq!(before.get("a"), Some(&Node::from(1u32)));
    }
}
