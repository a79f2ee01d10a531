//! The keyed digest of a token: all that is ever stored of it.
//!
//! Keyed BLAKE3 over the whole text. A token has 160 random bits, so no slow hash is needed; the key makes a stolen
//! database useless for confirming a guess.

use std::fmt;

use zeroize::Zeroizing;

use super::text::TokenText;

/// 32 bytes that stand for a token under one key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// From its column.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// For its column.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether two are the same, in a time that does not tell where they differ.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        blake3::Hash::from_bytes(self.0) == blake3::Hash::from_bytes(other.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Digest({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

/// A key for digests, with the number under which the database knows it.
pub struct DigestKey {
    id: u32,
    key: Zeroizing<[u8; 32]>,
}

impl DigestKey {
    /// A key as it stands in the key file. `id` grows with each new key.
    #[must_use]
    pub fn new(id: u32, key: [u8; 32]) -> Self {
        Self { id, key: Zeroizing::new(key) }
    }

    /// The number stored beside each digest made with this key.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The digest of another secret under this key. `context` says what it is for, and ends with a zero byte: no token
    /// has one, so that no digest of a token is that of a secret.
    pub(crate) fn digest_secret(&self, context: &[u8], secret: &str) -> Digest {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(context).update(secret.as_bytes());
        Digest(*hasher.finalize().as_bytes())
    }

    /// By what the key is known again: 16 hexadecimal digits that tell nothing about it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = self.digest_secret(b"fingerprint of a digest key\0", "");
        digest.0.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The digest of a token under this key.
    #[must_use]
    pub fn digest(&self, token: TokenText<'_>) -> Digest {
        Digest(*blake3::keyed_hash(&self.key, token.as_bytes()).as_bytes())
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DigestKey({})", self.id)
    }
}

/// The live keys, one to three, newest first: the first makes new digests, each is tried for a known one.
#[derive(Debug)]
pub struct DigestKeys(Vec<DigestKey>);

/// Why keys cannot be used together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there must be one to three digest keys, each with a number of its own")]
pub struct UnusableKeys;

impl DigestKeys {
    /// The most keys that can be live at once.
    pub const MOST: usize = 3;

    /// Puts the keys in order.
    ///
    /// # Errors
    /// [`UnusableKeys`] when there is none, more than [`Self::MOST`], or a number stands twice.
    pub fn new(mut keys: Vec<DigestKey>) -> Result<Self, UnusableKeys> {
        keys.sort_by_key(|key| std::cmp::Reverse(key.id));
        let distinct = keys.windows(2).all(|pair| pair[0].id != pair[1].id);
        if keys.is_empty() || keys.len() > Self::MOST || !distinct {
            Err(UnusableKeys)
        } else {
            Ok(Self(keys))
        }
    }

    /// The key for new digests.
    #[must_use]
    pub fn newest(&self) -> &DigestKey {
        &self.0[0]
    }

    /// All of them, newest first.
    pub fn iter(&self) -> impl Iterator<Item = &DigestKey> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::token::{PlainToken, Prefix};

    #[test]
    fn a_digest_depends_on_the_whole_text_and_on_the_key() {
        let mut random = ChaCha20Rng::seed_from_u64(3);
        let one = PlainToken::generate(Prefix::ANY, &mut random);
        let other = PlainToken::generate(Prefix::ANY, &mut random);
        let parse = |token| TokenText::parse(PlainToken::reveal(token)).unwrap();
        let key = DigestKey::new(1, [1; 32]);
        assert_eq!(key.digest(parse(&one)), key.digest(parse(&one)));
        assert_ne!(key.digest(parse(&one)), key.digest(parse(&other)));
        assert_ne!(key.digest(parse(&one)), DigestKey::new(2, [2; 32]).digest(parse(&one)));
    }

    #[test]
    fn keys_are_ordered_and_counted() {
        let key = |id| DigestKey::new(id, [id as u8; 32]);
        assert_eq!(DigestKeys::new(vec![key(1), key(3), key(2)]).unwrap().newest().id(), 3);
        assert!(DigestKeys::new(vec![]).is_err());
        assert!(DigestKeys::new(vec![key(1), key(1)]).is_err());
        assert!(DigestKeys::new((1..=4).map(key).collect()).is_err());
    }

    #[test]
    fn neither_prints_its_secret() {
        let key = DigestKey::new(7, [0xab; 32]);
        assert_eq!(format!("{key:?}"), "DigestKey(7)");
        assert!(format!("{:?}", Digest::from_bytes([0xab; 32])).len() < 20);
    }
}
