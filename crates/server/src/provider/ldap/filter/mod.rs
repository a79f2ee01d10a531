//! Search filters (RFC 4515) with `{0}` and `{1}` where a value will stand.
//!
//! The text is read once, when the configuration is. A value that somebody typed is put into the filter that was read, as
//! the bytes that it is: it never becomes text that is read as a filter, so there is nothing that it could break out of.

mod parse;

use std::fmt;
use std::str::FromStr;

pub use parse::NotAFilter;
pub(crate) use parse::is_attribute;

use super::ber;

/// A filter whose values may have places in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    node: Node,
    text: Box<str>,
}

/// What stands in the places of a filter.
#[derive(Clone, Copy, Debug)]
pub(super) enum Values<'a> {
    /// `{0}`, and `{1}`.
    Given(&'a str, &'a str),
    /// Anything: `(uid={0})` is `(uid=*)`.
    Anything,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    /// `=`, `>=`, `<=` or `~=` by its tag.
    Compare(u8, String, Value),
    Present(String),
    Substrings {
        attribute: String,
        initial: Value,
        any: Vec<Value>,
        last: Value,
    },
    Extensible {
        rule: Option<String>,
        attribute: Option<String>,
        value: Value,
        dn_too: bool,
    },
}

/// A value, in pieces.
type Value = Vec<Piece>;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Bytes(Vec<u8>),
    /// `{0}` or `{1}`.
    Place(u8),
}

/// `and`, `or`, `not`, `substrings`, `present` and `extensibleMatch` (RFC 4511 §4.5.1).
const AND: u8 = 0xa0;
const OR: u8 = 0xa1;
const NOT: u8 = 0xa2;
const EQUAL: u8 = 0xa3;
const SUBSTRINGS: u8 = 0xa4;
const PRESENT: u8 = 0x87;
const EXTENSIBLE: u8 = 0xa9;

impl Filter {
    /// Whether `{0}` or `{1}` stands in it.
    #[must_use]
    pub fn has_place(&self, number: u8) -> bool {
        self.node.has_place(number)
    }

    /// As it is sent.
    pub(super) fn encode(&self, values: Values<'_>) -> Vec<u8> {
        self.node.encode(values)
    }
}

/// `(attribute=value)`, as it is sent.
pub(super) fn equal(attribute: &str, value: &[u8]) -> Vec<u8> {
    pair(EQUAL, attribute, ber::element(ber::OCTETS, value))
}

/// `(objectClass=*)`, as it is sent: true of every entry.
pub(super) fn everything() -> Vec<u8> {
    ber::element(PRESENT, b"objectClass")
}

/// Any of these.
pub(super) fn or(filters: &[Vec<u8>]) -> Vec<u8> {
    ber::constructed(OR, filters)
}

/// All of these.
pub(super) fn and(filters: &[Vec<u8>]) -> Vec<u8> {
    ber::constructed(AND, filters)
}

impl FromStr for Filter {
    type Err = NotAFilter;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self { node: parse::parse(text)?, text: text.into() })
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Node {
    fn has_place(&self, number: u8) -> bool {
        let is_in = |value: &Value| value.contains(&Piece::Place(number));
        match self {
            Self::And(nodes) | Self::Or(nodes) => nodes.iter().any(|node| node.has_place(number)),
            Self::Not(node) => node.has_place(number),
            Self::Compare(_, _, value) | Self::Extensible { value, .. } => is_in(value),
            Self::Present(_) => false,
            Self::Substrings { initial, any, last, .. } => {
                is_in(initial) || is_in(last) || any.iter().any(is_in)
            }
        }
    }

    fn encode(&self, values: Values<'_>) -> Vec<u8> {
        let all = |nodes: &[Self]| nodes.iter().map(|node| node.encode(values)).collect::<Vec<_>>();
        match self {
            Self::And(nodes) => ber::constructed(AND, &all(nodes)),
            Self::Or(nodes) => ber::constructed(OR, &all(nodes)),
            Self::Not(node) => ber::element(NOT, &node.encode(values)),
            Self::Present(attribute) => ber::element(PRESENT, attribute.as_bytes()),
            Self::Compare(tag, attribute, value) => match fill(value, values) {
                Some(value) => pair(*tag, attribute, ber::element(ber::OCTETS, &value)),
                None => open(attribute, value),
            },
            Self::Substrings { attribute, initial, any, last } => {
                substrings(attribute, initial, any, last, values)
            }
            Self::Extensible { rule, attribute, value, dn_too } => {
                let Some(value) = fill(value, values) else {
                    return attribute.as_ref().map_or_else(everything, |attribute| open(attribute, value));
                };
                let mut parts = Vec::new();
                parts.extend(rule.as_ref().map(|rule| ber::element(0x81, rule.as_bytes())));
                parts.extend(attribute.as_ref().map(|attribute| ber::element(0x82, attribute.as_bytes())));
                parts.push(ber::element(0x83, &value));
                parts.extend(dn_too.then(|| ber::truth(Some(0x84), true)));
                ber::constructed(EXTENSIBLE, &parts)
            }
        }
    }
}

fn pair(tag: u8, attribute: &str, value: Vec<u8>) -> Vec<u8> {
    ber::constructed(tag, &[ber::element(ber::OCTETS, attribute.as_bytes()), value])
}

/// A value with its places filled; `None` when one of them may be anything.
fn fill(value: &Value, values: Values<'_>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for piece in value {
        match (piece, values) {
            (Piece::Bytes(known), _) => bytes.extend_from_slice(known),
            (Piece::Place(0), Values::Given(first, _)) => bytes.extend_from_slice(first.as_bytes()),
            (Piece::Place(_), Values::Given(_, second)) => bytes.extend_from_slice(second.as_bytes()),
            (Piece::Place(_), Values::Anything) => return None,
        }
    }
    Some(bytes)
}

/// What a value is like when its places may be anything: a pattern of what is known around them.
fn open(attribute: &str, value: &Value) -> Vec<u8> {
    let starts_open = matches!(value.first(), Some(Piece::Place(_)));
    let ends_open = matches!(value.last(), Some(Piece::Place(_)));
    let known: Vec<&Vec<u8>> = value
        .iter()
        .filter_map(|piece| match piece {
            Piece::Bytes(bytes) => Some(bytes),
            Piece::Place(_) => None,
        })
        .collect();
    if known.is_empty() {
        return ber::element(PRESENT, attribute.as_bytes());
    }
    let last = known.len() - 1;
    let parts = known.iter().enumerate().map(|(at, bytes)| {
        let tag = if at == 0 && !starts_open {
            0x80
        } else if at == last && !ends_open {
            0x82
        } else {
            0x81
        };
        ber::element(tag, bytes)
    });
    pair(SUBSTRINGS, attribute, ber::constructed(ber::SEQUENCE, &parts.collect::<Vec<_>>()))
}

/// A pattern. A part that may be anything, or is empty, is left out: the `*` beside it says the same.
fn substrings(attribute: &str, initial: &Value, any: &[Value], last: &Value, values: Values<'_>) -> Vec<u8> {
    let parts: Vec<Vec<u8>> = std::iter::once((0x80, initial))
        .chain(any.iter().map(|value| (0x81, value)))
        .chain(std::iter::once((0x82, last)))
        .filter_map(|(tag, value)| Some((tag, fill(value, values)?)))
        .filter(|(_, bytes)| !bytes.is_empty())
        .map(|(tag, bytes)| ber::element(tag, &bytes))
        .collect();
    if parts.is_empty() {
        ber::element(PRESENT, attribute.as_bytes())
    } else {
        pair(SUBSTRINGS, attribute, ber::constructed(ber::SEQUENCE, &parts))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(text: &str, values: Values<'_>) -> Vec<u8> {
        text.parse::<Filter>().unwrap().encode(values)
    }

    const NONE: Values<'_> = Values::Given("", "");

    #[test]
    fn what_is_typed_stays_one_value_whatever_it_is() {
        for typed in
            ["*", ")(uid=*", "a\0b", "Bob (Ops*) O'Neil", "\\2a", "", "x)(|(objectClass=*", "{1}", "ü"]
        {
            let filter = encoded("(&(objectClass=person)(uid={0}))", Values::Given(typed, "other"));
            let expected = and(&[equal("objectClass", b"person"), equal("uid", typed.as_bytes())]);
            assert_eq!(filter, expected, "{typed:?}");
        }
    }

    #[test]
    fn a_place_that_may_be_anything_becomes_a_pattern() {
        let anything = |text: &str| encoded(text, Values::Anything);
        assert_eq!(anything("(uid={0})"), encoded("(uid=*)", NONE));
        assert_eq!(anything("(mail={0}@example.org)"), encoded("(mail=*@example.org)", NONE));
        assert_eq!(anything("(upn=corp-{0})"), encoded("(upn=corp-*)", NONE));
        assert_eq!(anything("(a=x{0}y{1}z)"), encoded("(a=x*y*z)", NONE));
        assert_eq!(anything("(cn=*{0}*)"), encoded("(cn=*)", NONE));
        assert_eq!(anything("(cn:caseExactMatch:={0})"), encoded("(cn=*)", NONE));
    }

    #[test]
    fn all_kinds_of_filters_are_sent_as_the_standard_writes_them() {
        // Taken apart by hand after RFC 4511 §4.5.1.
        assert_eq!(encoded("(cn=a)", NONE), *b"\xa3\x07\x04\x02cn\x04\x01a");
        assert_eq!(encoded("(!(cn>=a))", NONE), *b"\xa2\x09\xa5\x07\x04\x02cn\x04\x01a");
        assert_eq!(encoded("(cn<=a)", NONE), *b"\xa6\x07\x04\x02cn\x04\x01a");
        assert_eq!(encoded("(cn~=a)", NONE), *b"\xa8\x07\x04\x02cn\x04\x01a");
        assert_eq!(encoded("(cn=*)", NONE), *b"\x87\x02cn");
        assert_eq!(encoded("(cn=a*b*c)", NONE), *b"\xa4\x0f\x04\x02cn\x30\x09\x80\x01a\x81\x01b\x82\x01c");
        assert_eq!(
            encoded("(|(a=1)(b=2))", NONE),
            *b"\xa1\x10\xa3\x06\x04\x01a\x04\x011\xa3\x06\x04\x01b\x04\x012"
        );
        assert_eq!(encoded("(uac:1.2.3:=2)", NONE), *b"\xa9\x0f\x81\x051.2.3\x82\x03uac\x83\x012");
        assert_eq!(encoded("(o:dn:=2)", NONE), *b"\xa9\x09\x82\x01o\x83\x012\x84\x01\xff");
        assert_eq!(encoded("(cn=\\2a\\00)", NONE), *b"\xa3\x08\x04\x02cn\x04\x02*\0");
    }

    #[test]
    fn a_filter_says_which_places_it_has() {
        let filter: Filter = "(|(member={0})(&(a=b)(!(memberUid=x{1}))))".parse().unwrap();
        assert!(filter.has_place(0) && filter.has_place(1));
        let filter: Filter = "(|(cn=a*{0}*)(cn=b))".parse().unwrap();
        assert!(filter.has_place(0) && !filter.has_place(1));
    }

    proptest! {
        #[test]
        fn any_typed_text_changes_a_value_and_nothing_else(typed in any::<String>(), dn in any::<String>()) {
            let filter = encoded("(|(member={0})(memberUid={1}))", Values::Given(&dn, &typed));
            let expected = or(&[equal("member", dn.as_bytes()), equal("memberUid", typed.as_bytes())]);
            prop_assert_eq!(filter, expected);
        }

        #[test]
        fn any_text_is_a_filter_or_refused(text in "[()&|!=*{}01a:\\\\<>~ ]{0,40}") {
            if let Ok(filter) = text.parse::<Filter>() {
                prop_assert!(!filter.encode(Values::Anything).is_empty());
                prop_assert_eq!(filter.to_string(), text);
            }
        }
    }
}
