//! A queue that is bounded in bytes as well, and whose books are right (S1.11, W1.3).

use super::queue::{DropPolicy, Pushed};
use crate::caps;
use std::{collections::VecDeque, sync::Arc};

/// How many bytes an item keeps, as far as a limit is concerned.
///
/// It is asked once, when the item comes in; later the same number is given back. So the books stay right even for
/// an item that changes behind a shared reference.
///
/// ```
/// use callboard_flow::ByteSize;
///
/// struct Message { topic: &'static str, body: Vec<u8> }
///
/// impl ByteSize for Message {
///     fn byte_size(&self) -> usize {
///         self.topic.len() + self.body.len()
///     }
/// }
/// ```
pub trait ByteSize {
    /// The bytes of its content.
    fn byte_size(&self) -> usize;
}

impl ByteSize for str {
    fn byte_size(&self) -> usize {
        self.len()
    }
}

impl ByteSize for [u8] {
    fn byte_size(&self) -> usize {
        self.len()
    }
}

impl ByteSize for String {
    fn byte_size(&self) -> usize {
        self.len()
    }
}

impl ByteSize for Vec<u8> {
    fn byte_size(&self) -> usize {
        self.len()
    }
}

impl<T: ByteSize + ?Sized> ByteSize for &T {
    fn byte_size(&self) -> usize {
        (**self).byte_size()
    }
}

impl<T: ByteSize + ?Sized> ByteSize for Box<T> {
    fn byte_size(&self) -> usize {
        (**self).byte_size()
    }
}

impl<T: ByteSize + ?Sized> ByteSize for Arc<T> {
    fn byte_size(&self) -> usize {
        (**self).byte_size()
    }
}

/// The limits of a [`ByteBuffer`] and what it does at them.
///
/// ```
/// use callboard_flow::BufferOptions;
///
/// let strict = BufferOptions { max_bytes: 4096, oversized: false, ..BufferOptions::default() };
/// assert_eq!(strict.max_items, 1000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferOptions {
    /// Items it may hold; 0 holds nothing.
    pub max_items: usize,
    /// Bytes it may hold.
    pub max_bytes: usize,
    /// What happens to an item for which there is no room.
    pub policy: DropPolicy,
    /// Whether an item larger than `max_bytes` is kept when it is alone (S1.11). Without it, it never comes in.
    pub oversized: bool,
}

impl Default for BufferOptions {
    /// 1000 items, 1 MiB, the oldest make room, one oversized item is kept alone.
    fn default() -> Self {
        BufferOptions {
            max_items: caps::BUFFER_ITEMS,
            max_bytes: caps::BUFFER_BYTES,
            policy: DropPolicy::Oldest,
            oversized: true,
        }
    }
}

/// What a buffer holds and what it lost.
///
/// ```
/// # use callboard_flow::{BufferStats, ByteBuffer};
/// let stats: BufferStats = ByteBuffer::<String>::default().stats();
/// assert_eq!((stats.bytes, stats.max_bytes), (0, 1024 * 1024));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BufferStats {
    /// Items in it.
    pub len: usize,
    /// Bytes in it: the sum of its items' sizes, always.
    pub bytes: usize,
    /// Items it may hold.
    pub max_items: usize,
    /// Bytes it may hold.
    pub max_bytes: usize,
    /// Items lost to a limit.
    pub dropped: u64,
    /// Bytes lost to a limit.
    pub dropped_bytes: u64,
    /// Items given back because of a limit.
    pub rejected: u64,
}

/// A first-in first-out buffer that is bounded in items and in bytes.
///
/// ```
/// use callboard_flow::{BufferOptions, ByteBuffer, Pushed};
///
/// let mut buffer = ByteBuffer::new(BufferOptions { max_bytes: 10, ..BufferOptions::default() });
/// assert_eq!(buffer.push("12345"), Pushed::Stored);
/// assert_eq!(buffer.push("67890"), Pushed::Stored);
/// assert_eq!(buffer.push("more!!"), Pushed::Evicted(vec!["12345", "67890"]));
/// assert_eq!((buffer.stats().bytes, buffer.stats().dropped_bytes), (6, 10));
/// ```
#[derive(Clone, Debug)]
pub struct ByteBuffer<T> {
    /// Each with its size when it came.
    items: VecDeque<(usize, T)>,
    options: BufferOptions,
    bytes: usize,
    dropped: u64,
    dropped_bytes: u64,
    rejected: u64,
}

impl<T: ByteSize> Default for ByteBuffer<T> {
    fn default() -> Self {
        ByteBuffer::new(BufferOptions::default())
    }
}

impl<T: ByteSize> ByteBuffer<T> {
    /// An empty buffer. Memory is taken as items come.
    ///
    /// ```
    /// # use callboard_flow::{BufferOptions, ByteBuffer};
    /// assert!(ByteBuffer::<String>::new(BufferOptions::default()).is_empty());
    /// ```
    pub fn new(options: BufferOptions) -> Self {
        ByteBuffer { items: VecDeque::new(), options, bytes: 0, dropped: 0, dropped_bytes: 0, rejected: 0 }
    }

    /// Puts `item` at the end, or does what the policy says. Whatever is not kept is handed out.
    ///
    /// ```
    /// use callboard_flow::{BufferOptions, ByteBuffer, Pushed};
    ///
    /// let options = BufferOptions { max_bytes: 4, oversized: false, ..BufferOptions::default() };
    /// let mut buffer = ByteBuffer::new(options);
    /// assert!(buffer.push("1234").is_stored());
    /// assert_eq!(buffer.push("12345"), Pushed::Dropped("12345"), "nobody makes room for what never fits");
    /// ```
    pub fn push(&mut self, item: T) -> Pushed<T, Vec<T>> {
        let size = item.byte_size();
        let mut evicted = Vec::new();
        if self.options.policy == DropPolicy::Oldest && self.could_ever_fit(size) {
            while !self.has_room(size)
                && let Some((size, oldest)) = self.items.pop_front()
            {
                self.bytes -= size;
                self.count_dropped(size);
                evicted.push(oldest);
            }
        }
        if self.has_room(size) {
            self.bytes += size;
            self.items.push_back((size, item));
            return if evicted.is_empty() { Pushed::Stored } else { Pushed::Evicted(evicted) };
        }
        if self.options.policy == DropPolicy::Reject {
            self.rejected += 1;
            return Pushed::Rejected(item);
        }
        self.count_dropped(size);
        Pushed::Dropped(item)
    }

    fn has_room(&self, size: usize) -> bool {
        let BufferOptions { max_items, max_bytes, oversized, .. } = self.options;
        let fits = self.bytes.checked_add(size).is_some_and(|bytes| bytes <= max_bytes);
        self.items.len() < max_items && (fits || (oversized && self.items.is_empty()))
    }

    fn could_ever_fit(&self, size: usize) -> bool {
        self.options.max_items > 0 && (self.options.oversized || size <= self.options.max_bytes)
    }

    fn count_dropped(&mut self, size: usize) {
        self.dropped += 1;
        self.dropped_bytes = self.dropped_bytes.saturating_add(size as u64);
    }

    /// Takes the oldest item out.
    ///
    /// ```
    /// # use callboard_flow::ByteBuffer;
    /// let mut buffer = ByteBuffer::default();
    /// let _ = (buffer.push("one"), buffer.push("two"));
    /// assert_eq!((buffer.pop(), buffer.stats().bytes), (Some("one"), 3));
    /// ```
    pub fn pop(&mut self) -> Option<T> {
        let (size, item) = self.items.pop_front()?;
        self.bytes -= size;
        Some(item)
    }

    /// The oldest item. With [`ByteBuffer::pop`] after it was sent, a failed send loses nothing (W1.6).
    ///
    /// ```
    /// # use callboard_flow::ByteBuffer;
    /// let mut buffer = ByteBuffer::default();
    /// let _ = buffer.push("hello");
    /// let sent = buffer.peek().is_some_and(|message| message.len() < 3);
    /// if sent {
    ///     buffer.pop();
    /// }
    /// assert_eq!(buffer.len(), 1);
    /// ```
    pub fn peek(&self) -> Option<&T> {
        self.items.front().map(|(_, item)| item)
    }

    /// How many items there are.
    ///
    /// ```
    /// # use callboard_flow::ByteBuffer;
    /// let mut buffer = ByteBuffer::default();
    /// let _ = (buffer.push("one"), buffer.push("two"));
    /// assert_eq!(buffer.len(), 2);
    /// ```
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    ///
    /// ```
    /// # use callboard_flow::ByteBuffer;
    /// assert!(ByteBuffer::<String>::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Forgets all items; the counters of losses stay.
    ///
    /// ```
    /// # use callboard_flow::ByteBuffer;
    /// let mut buffer = ByteBuffer::default();
    /// let _ = (buffer.push("one"), buffer.push("two"));
    /// buffer.clear();
    /// assert_eq!(buffer.stats().bytes, 0);
    /// ```
    pub fn clear(&mut self) {
        self.bytes = 0;
        self.items.clear();
    }

    /// Takes all items out, oldest first; those the iterator did not come to are gone as well.
    ///
    /// ```
    /// # use callboard_flow::ByteBuffer;
    /// let mut buffer = ByteBuffer::default();
    /// let _ = buffer.push("hello");
    /// assert_eq!(buffer.drain().count(), 1);
    /// assert_eq!(buffer.stats().bytes, 0);
    /// ```
    pub fn drain(&mut self) -> impl Iterator<Item = T> {
        self.bytes = 0;
        self.items.drain(..).map(|(_, item)| item)
    }

    /// All items, oldest first.
    ///
    /// ```
    /// # use callboard_flow::ByteBuffer;
    /// let mut buffer = ByteBuffer::default();
    /// let _ = (buffer.push("one"), buffer.push("two"));
    /// assert_eq!(buffer.iter().map(|text| text.len()).sum::<usize>(), buffer.stats().bytes);
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter().map(|(_, item)| item)
    }

    /// What it holds and what it lost.
    ///
    /// ```
    /// # use callboard_flow::ByteBuffer;
    /// let mut buffer = ByteBuffer::default();
    /// let _ = (buffer.push("one"), buffer.push("two"));
    /// assert_eq!((buffer.stats().len, buffer.stats().bytes), (2, 6));
    /// ```
    pub fn stats(&self) -> BufferStats {
        BufferStats {
            len: self.items.len(),
            bytes: self.bytes,
            max_items: self.options.max_items,
            max_bytes: self.options.max_bytes,
            dropped: self.dropped,
            dropped_bytes: self.dropped_bytes,
            rejected: self.rejected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn buffer(max_items: usize, max_bytes: usize, policy: DropPolicy) -> ByteBuffer<String> {
        ByteBuffer::new(BufferOptions { max_items, max_bytes, policy, oversized: true })
    }

    fn real_bytes(buffer: &ByteBuffer<String>) -> usize {
        buffer.iter().map(String::len).sum()
    }

    /// W1.3: with a limit of 200 bytes the original said 76 and held 7128.
    #[test]
    fn the_bound_in_bytes_holds() {
        let mut buffer = buffer(1000, 200, DropPolicy::Oldest);
        for _ in 0..100 {
            let _ = buffer.push("x".repeat(38));
            assert_eq!(buffer.stats().bytes, real_bytes(&buffer));
        }
        let BufferStats { len, bytes, dropped, dropped_bytes, .. } = buffer.stats();
        assert_eq!((len, bytes, dropped, dropped_bytes), (5, 190, 95, 95 * 38), "and losses are told");
    }

    /// W1.3: when the count was the limit the original claimed 2800 bytes and held 168; after `drain` it still did.
    #[test]
    fn a_bound_in_items_keeps_the_books_right() {
        let mut buffer = buffer(3, 1 << 20, DropPolicy::Oldest);
        for _ in 0..50 {
            let _ = buffer.push("x".repeat(56));
        }
        assert_eq!((buffer.stats().bytes, real_bytes(&buffer)), (168, 168));
        drop(buffer.drain());
        assert_eq!((buffer.stats().bytes, buffer.len()), (0, 0));
    }

    /// W1.6: the original took a message off before it was sent, so a socket that was not open swallowed it.
    #[test]
    fn a_send_that_fails_loses_nothing() {
        let mut buffer = ByteBuffer::default();
        for message in ["one", "two", "three"] {
            let _ = buffer.push(message);
        }
        let (mut sent, mut is_open) = (Vec::new(), [true, false, false, true, true].into_iter());
        while let (Some(message), Some(is_open)) = (buffer.peek().copied(), is_open.next()) {
            if is_open {
                sent.push(message);
                buffer.pop();
            }
        }
        assert_eq!((sent, buffer.len(), buffer.stats().bytes), (vec!["one", "two", "three"], 0, 0));
    }

    /// S1.11: larger than the whole limit, and alone.
    #[test]
    fn one_oversized_item_is_kept_alone() {
        let mut queue = buffer(10, 4, DropPolicy::Oldest);
        assert!(queue.push("12".into()).is_stored());
        assert_eq!(queue.push("123456".into()), Pushed::Evicted(vec!["12".into()]));
        assert_eq!(queue.push("7".into()), Pushed::Evicted(vec!["123456".into()]));
        let mut strict = buffer(10, 4, DropPolicy::Reject);
        assert!(strict.push("123456".into()).is_stored());
        assert_eq!(strict.push("7".into()), Pushed::Rejected("7".into()));
    }

    proptest! {
        /// The accounted bytes are the real bytes after every step; nothing is lost without being handed out.
        #[test]
        fn the_books_are_right(
            max_items in 0usize..6, max_bytes in 0usize..40, which in 0usize..3, oversized: bool,
            steps in proptest::collection::vec((0usize..30, 0u8..6), 0..80),
        ) {
            let policy = [DropPolicy::Oldest, DropPolicy::Newest, DropPolicy::Reject][which];
            let mut buffer = ByteBuffer::new(BufferOptions { max_items, max_bytes, policy, oversized });
            let (mut came, mut went, mut lost, mut back) = (0, 0, (0u64, 0u64), 0u64);
            for (size, step) in steps {
                match step {
                    0 => went += usize::from(buffer.pop().is_some()),
                    1 if size == 0 => went += buffer.drain().count(),
                    _ => {
                        came += 1;
                        let gone = match buffer.push("y".repeat(size)) {
                            Pushed::Stored => vec![],
                            Pushed::Evicted(items) => items,
                            Pushed::Dropped(item) => vec![item],
                            Pushed::Rejected(_) => { back += 1; vec![] }
                        };
                        lost.0 += gone.len() as u64;
                        lost.1 += gone.iter().map(|item| item.len() as u64).sum::<u64>();
                    }
                }
                let stats = buffer.stats();
                prop_assert_eq!(stats.bytes, real_bytes(&buffer));
                prop_assert!(stats.bytes <= max_bytes || (oversized && stats.len == 1));
                prop_assert!(stats.len <= max_items);
                prop_assert_eq!((stats.dropped, stats.dropped_bytes, stats.rejected), (lost.0, lost.1, back));
                prop_assert_eq!(came, stats.len + went + usize::try_from(lost.0 + back).unwrap());
            }
        }
    }
}
