//! Bytes as hexadecimal digits (RFC 4648 §8), of either case.

/// The byte that two digits stand for; `None` when one is none.
#[must_use]
pub const fn byte(high: u8, low: u8) -> Option<u8> {
    match (digit(high), digit(low)) {
        (Some(high), Some(low)) => Some(high << 4 | low),
        _ => None,
    }
}

/// Puts the bytes that `digits` stand for into all of `bytes`; `None` when they are not exactly as many, and `bytes` may
/// have some of them then. It returns none, so that no copy of a secret is left behind.
#[must_use]
pub fn read(digits: &str, bytes: &mut [u8]) -> Option<()> {
    let (pairs, rest) = digits.as_bytes().as_chunks();
    if pairs.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    for (place, [high, low]) in bytes.iter_mut().zip(pairs) {
        *place = byte(*high, *low)?;
    }
    Some(())
}

const fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        b'A'..=b'F' => Some(character - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whoever_writes_bytes_in_either_case_reads_them_again(written in any::<[u8; 5]>()) {
            let lower: String = written.iter().map(|byte| format!("{byte:02x}")).collect();
            for digits in [lower.to_uppercase(), lower] {
                let mut bytes = [0; 5];
                prop_assert_eq!(read(&digits, &mut bytes), Some(()));
                prop_assert_eq!(bytes, written);
            }
        }

        #[test]
        fn any_two_characters_are_a_byte_when_both_are_digits(high in any::<u8>(), low in any::<u8>()) {
            let both = high.is_ascii_hexdigit() && low.is_ascii_hexdigit();
            prop_assert_eq!(byte(high, low).is_some(), both);
        }
    }

    #[test]
    fn what_is_too_short_too_long_or_no_digit_is_refused() {
        for digits in ["", "0", "00f", "00ff0", "00ff00", "00fg", "+0ff", "0 ff", "ä0f"] {
            assert_eq!(read(digits, &mut [0; 2]), None, "{digits}");
        }
        assert_eq!(read("", &mut []), Some(()));
    }
}
