//! A queue with a limit, a policy when it is full, and counters of what was lost (S1.10, X9).

use crate::caps;
use std::{collections::VecDeque, error::Error, fmt, str::FromStr};

/// What a full queue does with one more item.
///
/// ```
/// use callboard_flow::DropPolicy;
///
/// assert_eq!("newest".parse(), Ok(DropPolicy::Newest));
/// assert!("random".parse::<DropPolicy>().is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DropPolicy {
    /// The oldest item makes room. For what is soon replaced: states, samples, log lines.
    #[default]
    Oldest,
    /// The new item is dropped. For what must stay in one piece from its beginning.
    Newest,
    /// The new item goes back to whoever brought it. For what must not be lost: the bringer slows down.
    Reject,
}

/// A word that names no [`DropPolicy`].
///
/// ```
/// # use callboard_flow::{DropPolicy, UnknownDropPolicy};
/// let error: UnknownDropPolicy = "random".parse::<DropPolicy>().unwrap_err();
/// assert_eq!(error.to_string(), "unknown drop policy `random`: use `oldest`, `newest` or `reject`");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownDropPolicy(String);

impl fmt::Display for UnknownDropPolicy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "unknown drop policy `{}`: use `oldest`, `newest` or `reject`", self.0)
    }
}

impl Error for UnknownDropPolicy {}

impl FromStr for DropPolicy {
    type Err = UnknownDropPolicy;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "oldest" => Ok(DropPolicy::Oldest),
            "newest" => Ok(DropPolicy::Newest),
            "reject" => Ok(DropPolicy::Reject),
            _ => Err(UnknownDropPolicy(word.to_owned())),
        }
    }
}

/// What became of a pushed item, and of those that made room for it. Nothing disappears without being handed out.
///
/// `E` is what made room: one item of a queue, several of a [`ByteBuffer`](crate::ByteBuffer).
///
/// ```
/// use callboard_flow::{BoundedQueue, DropPolicy, Pushed};
///
/// let mut queue = BoundedQueue::new(1, DropPolicy::Oldest);
/// assert_eq!(queue.push('a'), Pushed::Stored);
/// assert_eq!(queue.push('b'), Pushed::Evicted('a'));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "an item that was not stored is in here"]
pub enum Pushed<T, E = T> {
    /// It is stored and nothing was lost.
    Stored,
    /// It is stored and these, the oldest, are not any more. Counted as dropped.
    Evicted(E),
    /// It is not stored. Counted as dropped.
    Dropped(T),
    /// It is not stored and is its bringer's again. Counted as rejected, not as dropped.
    Rejected(T),
}

impl<T, E> Pushed<T, E> {
    /// Whether the pushed item is in the queue now.
    ///
    /// ```
    /// # use callboard_flow::Pushed;
    /// assert!(Pushed::<u8>::Evicted(1).is_stored() && !Pushed::<u8>::Dropped(1).is_stored());
    /// ```
    pub fn is_stored(&self) -> bool {
        matches!(self, Pushed::Stored | Pushed::Evicted(_))
    }
}

/// What a queue holds and what it lost.
///
/// ```
/// # use callboard_flow::{BoundedQueue, QueueStats};
/// let stats = BoundedQueue::<u8>::default().stats();
/// assert_eq!(stats, QueueStats { max: 100, ..QueueStats::default() });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueStats {
    /// Items in it.
    pub len: usize,
    /// Items it may hold.
    pub max: usize,
    /// Items lost to the limit since the counter was last taken.
    pub dropped: u64,
    /// Items given back because of the limit since the counter was last taken.
    pub rejected: u64,
}

/// A first-in first-out queue that never holds more than its limit. Every operation takes constant time (W1.7).
///
/// ```
/// use callboard_flow::{BoundedQueue, DropPolicy};
///
/// let mut queue = BoundedQueue::new(2, DropPolicy::Oldest);
/// for line in ["one", "two", "three"] {
///     if let callboard_flow::Pushed::Evicted(lost) = queue.push(line) {
///         assert_eq!(lost, "one");
///     }
/// }
/// assert_eq!((queue.pop(), queue.stats().dropped), (Some("two"), 1));
/// ```
#[derive(Clone, Debug)]
pub struct BoundedQueue<T> {
    items: VecDeque<T>,
    max: usize,
    policy: DropPolicy,
    dropped: u64,
    rejected: u64,
}

impl<T> Default for BoundedQueue<T> {
    /// 100 items, the oldest makes room.
    fn default() -> Self {
        BoundedQueue::new(caps::QUEUE_ITEMS, DropPolicy::default())
    }
}

impl<T> BoundedQueue<T> {
    /// An empty queue for `max` items; one for 0 holds nothing. Memory is taken as items come.
    ///
    /// ```
    /// # use callboard_flow::{BoundedQueue, DropPolicy};
    /// assert!(BoundedQueue::<u8>::new(9, DropPolicy::Reject).is_empty());
    /// ```
    pub fn new(max: usize, policy: DropPolicy) -> Self {
        BoundedQueue { items: VecDeque::new(), max, policy, dropped: 0, rejected: 0 }
    }

    /// Puts `item` at the end, or does what the policy says.
    ///
    /// ```
    /// use callboard_flow::{BoundedQueue, DropPolicy, Pushed};
    ///
    /// let mut queue = BoundedQueue::new(1, DropPolicy::Reject);
    /// assert!(queue.push("first").is_stored());
    /// assert_eq!(queue.push("second"), Pushed::Rejected("second"));
    /// assert_eq!((queue.stats().dropped, queue.stats().rejected), (0, 1));
    /// ```
    pub fn push(&mut self, item: T) -> Pushed<T> {
        if !self.is_full() {
            self.items.push_back(item);
            return Pushed::Stored;
        }
        match self.policy {
            DropPolicy::Reject => {
                self.rejected += 1;
                Pushed::Rejected(item)
            }
            DropPolicy::Newest => self.lose(item),
            DropPolicy::Oldest => match self.items.pop_front() {
                Some(oldest) => {
                    self.items.push_back(item);
                    self.dropped += 1;
                    Pushed::Evicted(oldest)
                }
                // A queue for 0 items has nobody to make room (W1.7).
                None => self.lose(item),
            },
        }
    }

    fn lose(&mut self, item: T) -> Pushed<T> {
        self.dropped += 1;
        Pushed::Dropped(item)
    }

    /// Takes the oldest item out.
    ///
    /// ```
    /// # use callboard_flow::{BoundedQueue, DropPolicy};
    /// let mut queue = BoundedQueue::new(2, DropPolicy::Oldest);
    /// let _ = (queue.push(1), queue.push(2));
    /// assert_eq!(queue.pop(), Some(1));
    /// ```
    pub fn pop(&mut self) -> Option<T> {
        self.items.pop_front()
    }

    /// The oldest item.
    ///
    /// ```
    /// # use callboard_flow::{BoundedQueue, DropPolicy};
    /// let mut queue = BoundedQueue::new(2, DropPolicy::Oldest);
    /// let _ = (queue.push(1), queue.push(2));
    /// assert_eq!((queue.peek(), queue.len()), (Some(&1), 2));
    /// ```
    pub fn peek(&self) -> Option<&T> {
        self.items.front()
    }

    /// How many items there are.
    ///
    /// ```
    /// # use callboard_flow::{BoundedQueue, DropPolicy};
    /// let mut queue = BoundedQueue::new(2, DropPolicy::Oldest);
    /// let _ = (queue.push(1), queue.push(2));
    /// assert_eq!(queue.len(), 2);
    /// ```
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    ///
    /// ```
    /// # use callboard_flow::{BoundedQueue, DropPolicy};
    /// assert!(BoundedQueue::<u8>::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether the next push is up to the policy.
    ///
    /// ```
    /// # use callboard_flow::{BoundedQueue, DropPolicy};
    /// let mut queue = BoundedQueue::new(2, DropPolicy::Oldest);
    /// let _ = (queue.push(1), queue.push(2));
    /// assert!(queue.is_full());
    /// ```
    pub fn is_full(&self) -> bool {
        self.items.len() >= self.max
    }

    /// Forgets all items; the counters stay.
    ///
    /// ```
    /// # use callboard_flow::{BoundedQueue, DropPolicy};
    /// let mut queue = BoundedQueue::new(2, DropPolicy::Oldest);
    /// let _ = (queue.push(1), queue.push(2));
    /// queue.clear();
    /// assert_eq!((queue.len(), queue.stats().dropped), (0, 0));
    /// ```
    pub fn clear(&mut self) {
        self.items.clear();
    }

    /// Takes all items out, oldest first; those the iterator did not come to are gone as well.
    ///
    /// ```
    /// # use callboard_flow::BoundedQueue;
    /// let mut queue = BoundedQueue::default();
    /// let _ = (queue.push(1), queue.push(2));
    /// assert_eq!(queue.drain().collect::<Vec<_>>(), [1, 2]);
    /// assert!(queue.is_empty());
    /// ```
    pub fn drain(&mut self) -> impl Iterator<Item = T> {
        self.items.drain(..)
    }

    /// All items, oldest first.
    ///
    /// ```
    /// # use callboard_flow::{BoundedQueue, DropPolicy};
    /// let mut queue = BoundedQueue::new(2, DropPolicy::Oldest);
    /// let _ = (queue.push(1), queue.push(2));
    /// assert_eq!(queue.iter().copied().collect::<Vec<_>>(), [1, 2]);
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter()
    }

    /// What it holds and what it lost.
    ///
    /// ```
    /// # use callboard_flow::{BoundedQueue, DropPolicy};
    /// let mut queue = BoundedQueue::new(2, DropPolicy::Oldest);
    /// let _ = (queue.push(1), queue.push(2));
    /// assert!(queue.push(3).is_stored());
    /// assert_eq!((queue.stats().len, queue.stats().dropped), (2, 1));
    /// ```
    pub fn stats(&self) -> QueueStats {
        let BoundedQueue { items, max, dropped, rejected, .. } = self;
        QueueStats { len: items.len(), max: *max, dropped: *dropped, rejected: *rejected }
    }

    /// How many items were dropped since the last such call, and counts from 0 again.
    ///
    /// ```
    /// # use callboard_flow::{BoundedQueue, DropPolicy};
    /// let mut queue = BoundedQueue::new(0, DropPolicy::Newest);
    /// let _ = queue.push(1);
    /// assert_eq!((queue.take_dropped(), queue.take_dropped()), (1, 0));
    /// ```
    pub fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filled(max: usize, policy: DropPolicy, count: u32) -> (BoundedQueue<u32>, Vec<Pushed<u32>>) {
        let mut queue = BoundedQueue::new(max, policy);
        let pushed = (1..=count).map(|item| queue.push(item)).collect();
        (queue, pushed)
    }

    /// S1.10, each policy on one push too many.
    #[test]
    fn each_policy_does_what_it_says() {
        let cases = [
            (DropPolicy::Oldest, Pushed::Evicted(1), vec![2, 3], (1, 0)),
            (DropPolicy::Newest, Pushed::Dropped(3), vec![1, 2], (1, 0)),
            (DropPolicy::Reject, Pushed::Rejected(3), vec![1, 2], (0, 1)),
        ];
        for (policy, last, held, (dropped, rejected)) in cases {
            let (mut queue, pushed) = filled(2, policy, 3);
            assert_eq!(pushed, [Pushed::Stored, Pushed::Stored, last], "{policy:?}");
            assert_eq!(queue.iter().copied().collect::<Vec<_>>(), held);
            assert_eq!(queue.stats(), QueueStats { len: 2, max: 2, dropped, rejected });
            assert_eq!((queue.peek(), queue.is_full()), (Some(&held[0]), true));
            assert_eq!(queue.take_dropped(), dropped);
            assert_eq!(queue.drain().collect::<Vec<_>>(), held);
            assert_eq!((queue.pop(), queue.peek(), queue.stats().dropped), (None, None, 0));
        }
    }

    /// W1.7: the original's queue for 0 items held one.
    #[test]
    fn a_queue_for_nothing_holds_nothing() {
        for policy in [DropPolicy::Oldest, DropPolicy::Newest, DropPolicy::Reject] {
            let (queue, pushed) = filled(0, policy, 2);
            assert!(pushed.iter().all(|pushed| !pushed.is_stored()), "{policy:?}");
            let QueueStats { len, dropped, rejected, .. } = queue.stats();
            assert_eq!((len, dropped + rejected), (0, 2));
        }
    }

    #[test]
    fn clear_is_not_a_loss() {
        let (mut queue, _) = filled(3, DropPolicy::Oldest, 3);
        queue.clear();
        assert_eq!(queue.stats(), QueueStats { len: 0, max: 3, dropped: 0, rejected: 0 });
    }

    proptest! {
        /// Every item is held, taken, dropped or given back, once; the limit holds; the order stays.
        #[test]
        fn nothing_disappears(max in 0usize..5, which in 0usize..3, steps in proptest::collection::vec(any::<bool>(), 0..60)) {
            let policy = [DropPolicy::Oldest, DropPolicy::Newest, DropPolicy::Reject][which];
            let mut queue = BoundedQueue::new(max, policy);
            let (mut taken, mut lost, mut back, mut pushes) = (Vec::new(), 0, 0, 0u64);
            for is_push in steps {
                if is_push {
                    pushes += 1;
                    match queue.push(pushes) {
                        Pushed::Stored => {}
                        Pushed::Evicted(_) | Pushed::Dropped(_) => lost += 1,
                        Pushed::Rejected(_) => back += 1,
                    }
                } else {
                    taken.extend(queue.pop());
                }
                prop_assert!(queue.len() <= max);
                prop_assert_eq!((queue.stats().dropped, queue.stats().rejected), (lost, back));
                prop_assert_eq!(pushes, taken.len() as u64 + queue.len() as u64 + lost + back);
            }
            taken.extend(queue.drain());
            prop_assert!(taken.is_sorted());
        }
    }
}
