//! The keys of the index and their hashes. A grant's key is the first 128 bits of a keyed digest, hashed by themselves.
//!
//! 128 bits: with ten million tokens a chance hit is below 2⁻¹⁰⁴, and nobody without the digest key can aim at one.

use std::hash::{BuildHasher, Hash, Hasher};

use crate::token::Digest;

/// Half a digest, as two words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key([u64; 2]);

impl From<&Digest> for Key {
    fn from(digest: &Digest) -> Self {
        let word = |from: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&digest.as_bytes()[from..from + 8]);
            u64::from_le_bytes(bytes)
        };
        Self([word(0), word(8)])
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0[0]);
    }
}

/// Takes the first word as the hash: a keyed digest needs no second hash against chosen keys.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PassThrough;

impl BuildHasher for PassThrough {
    type Hasher = FirstWord;

    fn build_hasher(&self) -> FirstWord {
        FirstWord(0)
    }
}

/// See [`PassThrough`].
pub(super) struct FirstWord(u64);

impl Hasher for FirstWord {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = word;
    }
}

/// Mixes identifiers and numbers. Nobody outside chooses one, so a product is enough to spread them over a word.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mixed;

impl BuildHasher for Mixed {
    type Hasher = Product;

    fn build_hasher(&self) -> Product {
        Product(0)
    }
}

/// See [`Mixed`].
pub(super) struct Product(u64);

impl Hasher for Product {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(self.0 ^ u64::from(byte));
        }
    }

    fn write_u64(&mut self, word: u64) {
        // The odd number nearest to 2⁶⁴ divided by the golden ratio (Knuth, volume 3, section 6.4).
        let product = u128::from(word) * 0x9e37_79b9_7f4a_7c15;
        self.0 = product as u64 ^ (product >> 64) as u64;
    }

    fn write_i64(&mut self, word: i64) {
        self.write_u64(word as u64);
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }
}
