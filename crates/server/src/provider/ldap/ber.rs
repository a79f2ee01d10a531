//! The part of BER that LDAP uses (RFC 4511 §5.1): definite lengths, tags of one byte. Reading never recurses, so that
//! no answer, however deeply nested, costs more than its bytes.

use zeroize::Zeroizing;

/// `INTEGER`.
pub(super) const INTEGER: u8 = 0x02;
/// `OCTET STRING`.
pub(super) const OCTETS: u8 = 0x04;
/// `ENUMERATED`.
pub(super) const ENUMERATED: u8 = 0x0a;
/// `BOOLEAN`.
const BOOLEAN: u8 = 0x01;
/// `SEQUENCE`.
pub(super) const SEQUENCE: u8 = 0x30;
/// `SET`.
pub(super) const SET: u8 = 0x31;

/// What no LDAP server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what answers there does not speak LDAP")]
pub(super) struct Malformed;

/// Reads elements one after the other.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Over the contents of an element.
    pub(super) fn new(contents: &'a [u8]) -> Self {
        Self(contents)
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The next element: its tag and its contents.
    pub(super) fn element(&mut self) -> Result<(u8, &'a [u8]), Malformed> {
        let head = head(self.0)?.ok_or(Malformed)?;
        let whole = head.length.checked_add(head.contents).ok_or(Malformed)?;
        let contents = self.0.get(head.length..whole).ok_or(Malformed)?;
        self.0 = self.0.get(whole..).ok_or(Malformed)?;
        Ok((head.tag, contents))
    }

    /// The contents of the next element, which must have this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Result<&'a [u8], Malformed> {
        match self.element()? {
            (found, contents) if found == tag => Ok(contents),
            _ => Err(Malformed),
        }
    }

    /// A number that is not negative, of at most four bytes, with this tag.
    pub(super) fn number(&mut self, tag: u8) -> Result<u32, Malformed> {
        let bytes = self.expect(tag)?;
        let is_fit = (1..=4).contains(&bytes.len()) && bytes.first().is_some_and(|first| *first < 0x80);
        if !is_fit {
            return Err(Malformed);
        }
        Ok(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }
}

/// How long the element is that stands at the beginning, with its head; `None` while that cannot be told yet.
pub(super) fn measure(bytes: &[u8]) -> Result<Option<usize>, Malformed> {
    head(bytes)?.map(|head| head.length.checked_add(head.contents).ok_or(Malformed)).transpose()
}

struct Head {
    tag: u8,
    /// Of the head itself.
    length: usize,
    contents: usize,
}

fn head(bytes: &[u8]) -> Result<Option<Head>, Malformed> {
    let (Some(&tag), Some(&first)) = (bytes.first(), bytes.get(1)) else { return Ok(None) };
    if tag & 0x1f == 0x1f {
        return Err(Malformed);
    }
    if first < 0x80 {
        return Ok(Some(Head { tag, length: 2, contents: usize::from(first) }));
    }
    let count = usize::from(first & 0x7f);
    if !(1..=4).contains(&count) {
        return Err(Malformed);
    }
    let Some(octets) = bytes.get(2..2 + count) else { return Ok(None) };
    let contents = octets.iter().fold(0_usize, |length, octet| length << 8 | usize::from(*octet));
    Ok(Some(Head { tag, length: 2 + count, contents }))
}

/// An element with these contents.
pub(super) fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(whole(contents.len()));
    put_head(tag, contents.len(), &mut bytes);
    bytes.extend_from_slice(contents);
    bytes
}

/// An element made of others.
pub(super) fn constructed(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    element(tag, &parts.concat())
}

/// `INTEGER`, or another tag with a number in it.
pub(super) fn number(tag: u8, number: u32) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let zeros = bytes.iter().take(3).take_while(|byte| **byte == 0).count();
    let short = &bytes[zeros..];
    let mut contents = Vec::with_capacity(5);
    // A first bit that is set would make it negative.
    contents.extend((short[0] >= 0x80).then_some(0));
    contents.extend_from_slice(short);
    element(tag, &contents)
}

/// `BOOLEAN`, or another tag with a truth in it.
pub(super) fn truth(tag: Option<u8>, truth: bool) -> Vec<u8> {
    element(tag.unwrap_or(BOOLEAN), &[if truth { 0xff } else { 0 }])
}

/// `outer { first, inner { second, OCTET STRING third, secret_tag secret } }` in one piece of memory, which is wiped: no
/// part of the secret stays anywhere else.
pub(super) fn with_secret(
    first: &[u8],
    inner: u8,
    second: &[u8],
    third: &[u8],
    (secret_tag, secret): (u8, &[u8]),
) -> Zeroizing<Vec<u8>> {
    let inner_length = second.len() + whole(third.len()) + whole(secret.len());
    let outer_length = first.len() + whole(inner_length);
    let mut bytes = Zeroizing::new(Vec::with_capacity(whole(outer_length)));
    put_head(SEQUENCE, outer_length, &mut bytes);
    bytes.extend_from_slice(first);
    put_head(inner, inner_length, &mut bytes);
    bytes.extend_from_slice(second);
    put_head(OCTETS, third.len(), &mut bytes);
    bytes.extend_from_slice(third);
    put_head(secret_tag, secret.len(), &mut bytes);
    bytes.extend_from_slice(secret);
    bytes
}

/// The bytes of an element with so many bytes of contents.
fn whole(contents: usize) -> usize {
    1 + length_octets(contents) + contents
}

fn length_octets(length: usize) -> usize {
    if length < 0x80 { 1 } else { 1 + significant(length).len() }
}

fn put_head(tag: u8, length: usize, bytes: &mut Vec<u8>) {
    bytes.push(tag);
    if length < 0x80 {
        bytes.push(length as u8);
    } else {
        let octets = significant(length);
        bytes.push(0x80 | octets.len() as u8);
        bytes.extend_from_slice(&octets);
    }
}

fn significant(length: usize) -> Vec<u8> {
    length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_as_short_as_they_can_be_and_never_negative() {
        assert_eq!(number(INTEGER, 0), [2, 1, 0]);
        assert_eq!(number(INTEGER, 127), [2, 1, 127]);
        assert_eq!(number(INTEGER, 128), [2, 2, 0, 128]);
        assert_eq!(number(INTEGER, u32::from(u16::MAX)), [2, 3, 0, 255, 255]);
        for negative in [&[2, 1, 0x80][..], &[2, 0], &[2, 5, 0, 0, 0, 0, 1], &[4, 1, 0]] {
            assert_eq!(Reader::new(negative).number(INTEGER), Err(Malformed), "{negative:?}");
        }
    }

    #[test]
    fn a_bind_is_the_same_in_one_piece() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let secret = vec![b'x'; length];
            let parts = [element(INTEGER, &[3]), element(OCTETS, b"cn=a"), element(0x80, &secret)];
            let plain = constructed(SEQUENCE, &[number(INTEGER, 7), constructed(0x60, &parts)]);
            let piece = with_secret(&number(INTEGER, 7), 0x60, &parts[0], b"cn=a", (0x80, &secret));
            assert_eq!(*piece, plain);
            assert_eq!(piece.capacity(), plain.len(), "it never grew, and so left no copy");
        }
    }

    #[test]
    fn lengths_without_an_end_and_long_tags_are_refused() {
        assert_eq!(measure(&[0x30]), Ok(None));
        assert_eq!(measure(&[0x30, 0x82, 1]), Ok(None));
        assert_eq!(measure(&[0x30, 0x82, 1, 0]), Ok(Some(260)));
        assert_eq!(measure(&[0x30, 0x80]), Err(Malformed));
        assert_eq!(measure(&[0x30, 0x85, 0, 0, 0, 0, 1]), Err(Malformed));
        assert_eq!(measure(&[0x3f, 1, 0]), Err(Malformed));
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_again(tag in 0_u8..0x1f, contents in prop::collection::vec(any::<u8>(), 0..400), value in 0..u32::MAX >> 1) {
            let bytes = [element(tag, &contents), number(INTEGER, value)].concat();
            prop_assert_eq!(measure(&bytes), Ok(Some(bytes.len() - number(INTEGER, value).len())));
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.element(), Ok((tag, contents.as_slice())));
            prop_assert_eq!(reader.number(INTEGER), Ok(value));
            prop_assert!(reader.is_empty());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut reader = Reader::new(&bytes);
            while !reader.is_empty() && reader.element().is_ok() {}
        }
    }
}
