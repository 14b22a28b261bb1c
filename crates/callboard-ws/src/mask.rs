//! Masking: every client-to-server byte is XORed with a four-byte key.

/// Applies `key` in place; `offset` is how many payload bytes came before `data`.
pub(crate) fn apply(data: &mut [u8], key: [u8; 4], offset: usize) {
    let mut key = key;
    key.rotate_left(offset % 4);
    let wide = u64::from_ne_bytes([key[0], key[1], key[2], key[3], key[0], key[1], key[2], key[3]]);
    let (words, rest) = data.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.into_iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::apply;

    #[test]
    fn any_split_masks_like_one_byte_at_a_time() {
        let key = [1, 20, 130, 240];
        let plain: Vec<u8> = (0..67).collect();
        let expected: Vec<u8> = plain.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect();
        for split in 0..=plain.len() {
            let mut data = plain.clone();
            let (head, tail) = data.split_at_mut(split);
            apply(head, key, 0);
            apply(tail, key, split);
            assert_eq!(data, expected, "split at {split}");
        }
    }
}
