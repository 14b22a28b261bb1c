//! Counts messages without looking into them: a thousand clients must leave the cores to the server.

/// Counts the data frames in the bytes of one server; control frames do not count.
#[derive(Debug, Default)]
pub(crate) struct FrameCounter {
    header: Vec<u8>,
    /// Bytes of the payload that are still to come.
    left: u64,
}

impl FrameCounter {
    /// The frames that begin in these bytes.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) -> u64 {
        let mut frames = 0;
        while !bytes.is_empty() {
            let skipped = self.left.min(bytes.len() as u64);
            self.left -= skipped;
            bytes = &bytes[skipped as usize..];
            let Some((&next, rest)) = bytes.split_first() else { break };
            self.header.push(next);
            bytes = rest;
            if let Some(length) = length(&self.header) {
                frames += u64::from(self.header[0] & 0x08 == 0);
                self.left = length;
                self.header.clear();
            }
        }
        frames
    }
}

/// The length of the payload, once the header is whole.
fn length(header: &[u8]) -> Option<u64> {
    let big_endian = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    match (header.get(1)? & 0x7f, header.len()) {
        (126, 4) | (127, 10) => Some(big_endian(&header[2..])),
        (126 | 127, _) => None,
        (short, _) => Some(short.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use callboard_ws::frame;

    #[test]
    fn frames_are_counted_however_the_bytes_are_cut() {
        let texts = ["", "a", &"b".repeat(200), &"c".repeat(70_000)];
        let mut bytes = frame::ping(b"not counted").as_bytes().to_vec();
        texts.iter().for_each(|text| bytes.extend_from_slice(frame::text(text).as_bytes()));
        for size in [1, 2, 3, 1000, bytes.len()] {
            let mut counter = FrameCounter::default();
            assert_eq!(
                bytes.chunks(size).map(|chunk| counter.feed(chunk)).sum::<u64>(),
                4,
                "in pieces of {size}"
            );
        }
    }
}
