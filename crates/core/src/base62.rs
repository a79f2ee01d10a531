//! Base62: the alphabet of token texts and of identifiers (`0-9A-Za-z`), which makes both one "word" for a double
//! click, a shell and a leak scanner.

/// The 62 digits, in ASCII order, so that texts of one length sort like the numbers they stand for.
pub const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Whether every byte of `text` is a base62 digit.
#[must_use]
pub fn is_base62(text: &[u8]) -> bool {
    // No early end: a fold over all bytes becomes vector instructions, and the texts are short.
    text.iter().fold(true, |so_far, byte| so_far & byte.is_ascii_alphanumeric())
}

/// Writes `number` into `digits`, most significant first, padded with `0`.
///
/// The number is cut to what the length can hold; callers choose a length that holds it whole.
pub fn encode(mut number: u64, digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(number % 62) as usize];
        number /= 62;
    }
}

/// Reads a number back. `None` when a byte is no base62 digit or the number exceeds 64 bits.
#[must_use]
pub fn decode(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |number, &digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'A'..=b'Z' => digit - b'A' + 10,
            b'a'..=b'z' => digit - b'a' + 36,
            _ => return None,
        };
        number.checked_mul(62)?.checked_add(u64::from(value))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(number in any::<u64>()) {
            let mut digits = [0; 11];
            encode(number, &mut digits);
            prop_assert!(is_base62(&digits));
            prop_assert_eq!(decode(&digits), Some(number));
        }

        #[test]
        fn no_bytes_make_decode_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let decoded = decode(&bytes);
            prop_assert!(decoded.is_none() || is_base62(&bytes));
        }
    }
}
