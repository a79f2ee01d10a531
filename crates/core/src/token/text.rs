//! The text of a token: `prefix_` + 27 random base62 characters + 6 characters of CRC-32.
//!
//! 27 characters of 62 hold 160.7 random bits. The checksum is over everything before it, so a typo or a scan is
//! refused before any look-up. Published pattern: [`PATTERN`].

use std::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroize;

use super::prefix::Prefix;
use crate::base62;

/// The pattern for leak scanners and validators. One word, fixed length after the `_`.
pub const PATTERN: &str = r"\b[a-z][a-z0-9]{1,7}_[0-9A-Za-z]{33}\b";

/// Characters after the `_` of a token.
pub const SECRET: usize = RANDOM + CHECKSUM;
/// Random characters in a token.
const RANDOM: usize = 27;
/// Checksum characters in a token.
const CHECKSUM: usize = 6;
/// The longest token, in bytes: it fits the one block of a BLAKE3 compression.
const LONGEST: usize = Prefix::LONGEST + 1 + SECRET;

/// Why a text is not a token, told before any look-up. Says nothing about which tokens exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// There is no `_`, or what stands before it is no prefix.
    #[error("the text does not start like a token")]
    Prefix,
    /// Not 33 characters after the `_`.
    #[error("the token is not complete, or something was added to it")]
    Length,
    /// A character outside `0-9A-Za-z` after the `_`.
    #[error("the token has a character that no token has")]
    Character,
    /// The last six characters do not fit the rest.
    #[error("the token has a typing error")]
    Checksum,
}

/// A text that is a well-formed token, borrowed from a request. Its `Debug` shows the prefix alone.
#[derive(Clone, Copy)]
pub struct TokenText<'a> {
    text: &'a str,
    prefix: Prefix,
}

impl<'a> TokenText<'a> {
    /// Reads a token.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(text: &'a str) -> Result<Self, FormatError> {
        let (prefix, rest) = split(text)?;
        if rest.len() != SECRET {
            return Err(FormatError::Length);
        }
        if !base62::is_base62(rest.as_bytes()) {
            return Err(FormatError::Character);
        }
        let (body, given) = text.as_bytes().split_at(text.len() - CHECKSUM);
        if checksum(body) != given {
            return Err(FormatError::Checksum);
        }
        Ok(Self { text, prefix })
    }

    /// What the token says it is for.
    #[must_use]
    pub fn prefix(&self) -> Prefix {
        self.prefix
    }

    pub(super) fn as_bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }
}

impl fmt::Debug for TokenText<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TokenText({}_…)", self.prefix)
    }
}

/// Whether a text has the shape of a token (prefix, `_`, 33 base62 characters), right checksum or not.
///
/// A password of this shape is only ever judged as a token, so that a mistyped token is never tried as a password.
#[must_use]
pub fn is_token_shaped(text: &str) -> bool {
    split(text).is_ok_and(|(_, rest)| rest.len() == SECRET && base62::is_base62(rest.as_bytes()))
}

/// A token in the clear, between its generation and the one answer that shows it.
///
/// It cannot be printed, logged, cloned or serialised, and is wiped when dropped.
pub struct PlainToken {
    length: usize,
    bytes: [u8; LONGEST],
}

impl PlainToken {
    /// A new token. Each random character is drawn without bias.
    pub fn generate(prefix: Prefix, random: &mut impl CryptoRng) -> Self {
        let mut token = Self { length: 0, bytes: [0; LONGEST] };
        token.push(prefix.as_str().as_bytes());
        token.push(b"_");
        let mut drawn = [0_u8; 1];
        for _ in 0..RANDOM {
            let digit = loop {
                random.fill_bytes(&mut drawn);
                // 248 is the largest multiple of 62 in a byte; what lies above it would favour the first digits.
                if drawn[0] < 248 {
                    break base62::ALPHABET[usize::from(drawn[0] % 62)];
                }
            };
            token.push(&[digit]);
        }
        drawn.zeroize();
        let checksum = checksum(&token.bytes[..token.length]);
        token.push(&checksum);
        token
    }

    /// The clear text, for the digest and for the one answer that shows it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }

    fn push(&mut self, bytes: &[u8]) {
        self.bytes[self.length..self.length + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }
}

impl Drop for PlainToken {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

fn split(text: &str) -> Result<(Prefix, &str), FormatError> {
    // Where it stands in every good token; the search is for those that are told what is wrong with them.
    let place = text.len().wrapping_sub(SECRET + 1);
    let end = match text.as_bytes().get(place) {
        Some(b'_') => place,
        _ => {
            text.bytes().take(Prefix::LONGEST + 1).position(|byte| byte == b'_').ok_or(FormatError::Prefix)?
        }
    };
    let prefix = Prefix::from_bytes(&text.as_bytes()[..end]).map_err(|_| FormatError::Prefix)?;
    Ok((prefix, &text[end + 1..]))
}

fn checksum(body: &[u8]) -> [u8; CHECKSUM] {
    let mut digits = [0; CHECKSUM];
    base62::encode(u64::from(crc32fast::hash(body)), &mut digits);
    digits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    fn token(seed: u64) -> PlainToken {
        PlainToken::generate(Prefix::ANY, &mut ChaCha20Rng::seed_from_u64(seed))
    }

    #[test]
    fn a_token_looks_as_published() {
        let token = token(1);
        assert_eq!(token.reveal(), "pat_U7C10Qhh00HEaqaBxfz4OMOiPc72lMuWV");
    }

    #[test]
    fn the_readme_publishes_the_pattern() {
        assert!(include_str!("../../../../README.md").contains(&format!("`{PATTERN}`")));
    }

    proptest! {
        #[test]
        fn what_is_generated_is_well_formed(seed in any::<u64>()) {
            let token = token(seed);
            prop_assert!(is_token_shaped(token.reveal()));
            prop_assert_eq!(TokenText::parse(token.reveal()).unwrap().prefix(), Prefix::ANY);
        }

        #[test]
        fn one_wrong_character_is_noticed(seed in any::<u64>(), at in 4_usize..37, digit in 0_usize..62) {
            let token = token(seed);
            let mut bytes = token.reveal().as_bytes().to_vec();
            prop_assume!(bytes[at] != base62::ALPHABET[digit]);
            bytes[at] = base62::ALPHABET[digit];
            let text = String::from_utf8(bytes).unwrap();
            prop_assert_eq!(TokenText::parse(&text).err(), Some(FormatError::Checksum));
        }

        #[test]
        fn any_text_is_parsed_or_refused(text in any::<String>()) {
            let _ = TokenText::parse(&text);
            let _ = is_token_shaped(&text);
        }
    }

    #[test]
    fn each_fault_has_its_name() {
        let token = token(2);
        let text = token.reveal();
        assert_eq!(TokenText::parse("").err(), Some(FormatError::Prefix));
        assert_eq!(TokenText::parse("password").err(), Some(FormatError::Prefix));
        assert_eq!(TokenText::parse(&text[..30]).err(), Some(FormatError::Length));
        assert_eq!(TokenText::parse(&format!("{text} ")).err(), Some(FormatError::Length));
        assert_eq!(TokenText::parse(&format!("{}-", &text[..36])).err(), Some(FormatError::Character));
        assert!(!format!("{:?}", TokenText::parse(text).unwrap()).contains(&text[4..]));
    }
}
