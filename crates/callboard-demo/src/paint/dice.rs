//! Random numbers that are a function of the prompt and the seed, and of nothing else.

use sha2::{Digest, Sha256};

/// Salts every key: a new look of the pictures gets a new one.
const STYLE: &[u8] = b"callboard painter 1";

/// The seed of a prompt that comes without one. It is short, so that people can type it and every JSON reader keeps it.
pub(super) fn seed_of(prompt: &str) -> u64 {
    let digest = Sha256::digest(prompt.as_bytes());
    u64::from(u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]))
}

/// A stream of random numbers (splitmix64).
#[derive(Clone, Debug)]
pub(super) struct Dice {
    state: u64,
}

impl Dice {
    /// The stream of a picture.
    pub(super) fn of(prompt: &str, seed: u64) -> Self {
        let digest = Sha256::new().chain_update(STYLE).chain_update(seed.to_le_bytes()).chain_update(prompt);
        let key = digest.finalize();
        let state = key[..8].iter().fold(0, |state, byte| state << 8 | u64::from(*byte));
        Self { state }
    }

    /// A stream of its own for a part of the work, numbered.
    pub(super) fn part(key: u32, number: u64) -> Self {
        Self { state: u64::from(key) << 32 ^ number.wrapping_mul(0xD1B5_4A32_D192_ED03) }
    }

    pub(super) fn bits(&mut self) -> u32 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ mixed >> 31) >> 32) as u32
    }

    /// A number in 0.0..1.0.
    pub(super) fn unit(&mut self) -> f32 {
        unit(self.bits())
    }

    /// A number in `low..high`.
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// One of `choices`, which is not empty.
    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.bits() as usize % choices.len()]
    }

    /// A direction: a vector of length 1, any angle as likely. Free of sines, which machines compute differently.
    pub(super) fn direction(&mut self) -> [f32; 2] {
        loop {
            let [x, y] = [self.between(-1.0, 1.0), self.between(-1.0, 1.0)];
            let square = x * x + y * y;
            if (0.01..1.0).contains(&square) {
                let length = square.sqrt();
                return [x / length, y / length];
            }
        }
    }
}

/// Random bits as a number in 0.0..1.0.
pub(super) fn unit(bits: u32) -> f32 {
    (bits >> 8) as f32 / (1 << 24) as f32
}

/// Mixes the coordinates of a cell into random bits.
pub(super) fn cell(x: u32, y: u32, salt: u32) -> u32 {
    let mut mixed = x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77) ^ salt;
    mixed = (mixed ^ mixed >> 15).wrapping_mul(0x2C1B_3C6D);
    mixed = (mixed ^ mixed >> 12).wrapping_mul(0x297A_2D39);
    mixed ^ mixed >> 15
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_a_function_of_prompt_and_seed() {
        let first = |prompt, seed| Dice::of(prompt, seed).bits();
        assert_eq!(first("a", 1), first("a", 1));
        assert_ne!(first("a", 1), first("a", 2));
        assert_ne!(first("a", 1), first("b", 1));
        assert_ne!(seed_of("a"), seed_of("b"));
    }

    #[test]
    fn numbers_stay_in_their_range() {
        let mut dice = Dice::of("range", 0);
        for _ in 0..1000 {
            assert!((2.0..3.0).contains(&dice.between(2.0, 3.0)));
            let [x, y] = dice.direction();
            assert!((x * x + y * y - 1.0).abs() < 1e-5);
        }
    }
}
