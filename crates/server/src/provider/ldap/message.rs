//! The messages of LDAP that are sent and understood here (RFC 4511 §4).

use zeroize::Zeroizing;

use super::ber::{self, Malformed, Reader};
use super::entry::Entry;

/// The most values of an attribute that are read; more are left out.
const MOST_VALUES: usize = 10_000;
/// The most characters of a server's words that are kept.
const LONGEST_WORDS: usize = 300;

const BIND_REQUEST: u8 = 0x60;
const BIND_RESPONSE: u8 = 0x61;
const UNBIND_REQUEST: u8 = 0x42;
const SEARCH_REQUEST: u8 = 0x63;
const SEARCH_ENTRY: u8 = 0x64;
const SEARCH_DONE: u8 = 0x65;
const SEARCH_REFERENCE: u8 = 0x73;
const EXTENDED_REQUEST: u8 = 0x77;
const EXTENDED_RESPONSE: u8 = 0x78;
/// RFC 4511 §4.14.1.
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";

/// How much of the tree a search covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// The base itself.
    Base,
    /// The base and all below it.
    Subtree,
}

/// A search, without its number.
pub(super) struct Search<'a> {
    /// Where it starts.
    pub(super) base: &'a str,
    /// How far it goes.
    pub(super) scope: Scope,
    /// As [`super::filter`] encodes it.
    pub(super) filter: Vec<u8>,
    /// What is told of each entry; nothing but its name when there are none.
    pub(super) attributes: Vec<&'a str>,
    /// The most entries; 0 for as many as there are.
    pub(super) size_limit: u32,
    /// How long the server may take, in seconds.
    pub(super) time_limit: u32,
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// RFC 4511 §4.1.9.
    pub(super) code: u32,
    /// The server's own words: printable, and short.
    pub(super) words: String,
}

/// What a server says.
#[derive(Debug)]
pub(super) enum Response {
    /// To a bind.
    Bound(Outcome),
    /// To a search: one entry.
    Entry(Entry),
    /// To a search: somewhere else there may be more. That is never looked at.
    Reference,
    /// To a search: that was all.
    Done(Outcome),
    /// To an extended request; or, with the number 0, that it hangs up.
    Extended(Outcome),
    /// Something that nobody asked for.
    Other,
}

/// A bind with a password (RFC 4511 §4.2), wiped when it was sent.
pub(super) fn bind(id: u32, dn: &str, password: &str) -> Zeroizing<Vec<u8>> {
    let version = ber::number(ber::INTEGER, 3);
    let id = ber::number(ber::INTEGER, id);
    ber::with_secret(&id, BIND_REQUEST, &version, dn.as_bytes(), (0x80, password.as_bytes()))
}

/// A search (RFC 4511 §4.5.1). Aliases are not followed: they could lead out of the base.
pub(super) fn search(id: u32, search: &Search<'_>) -> Vec<u8> {
    let scope = match search.scope {
        Scope::Base => 0,
        Scope::Subtree => 2,
    };
    // `1.1` asks for no attributes (RFC 4511 §4.5.1.8).
    let attributes = if search.attributes.is_empty() { &["1.1"][..] } else { &search.attributes };
    let attributes: Vec<_> =
        attributes.iter().map(|name| ber::element(ber::OCTETS, name.as_bytes())).collect();
    let request = [
        ber::element(ber::OCTETS, search.base.as_bytes()),
        ber::number(ber::ENUMERATED, scope),
        ber::number(ber::ENUMERATED, 0),
        ber::number(ber::INTEGER, search.size_limit),
        ber::number(ber::INTEGER, search.time_limit),
        ber::truth(None, false),
        search.filter.clone(),
        ber::constructed(ber::SEQUENCE, &attributes),
    ];
    message(id, ber::constructed(SEARCH_REQUEST, &request))
}

/// That TLS is to begin (RFC 4511 §4.14.1).
pub(super) fn start_tls(id: u32) -> Vec<u8> {
    message(id, ber::constructed(EXTENDED_REQUEST, &[ber::element(0x80, START_TLS)]))
}

/// A farewell (RFC 4511 §4.3); nobody answers it.
pub(super) fn unbind(id: u32) -> Vec<u8> {
    message(id, ber::element(UNBIND_REQUEST, &[]))
}

fn message(id: u32, request: Vec<u8>) -> Vec<u8> {
    ber::constructed(ber::SEQUENCE, &[ber::number(ber::INTEGER, id), request])
}

/// One whole message: the number of its request, and what it says. Controls are not looked at.
pub(super) fn read(bytes: &[u8]) -> Result<(u32, Response), Malformed> {
    let mut message = Reader::new(Reader::new(bytes).expect(ber::SEQUENCE)?);
    let id = message.number(ber::INTEGER)?;
    let (tag, contents) = message.element()?;
    let response = match tag {
        BIND_RESPONSE => Response::Bound(outcome(contents)?),
        SEARCH_ENTRY => Response::Entry(entry(contents)?),
        SEARCH_REFERENCE => Response::Reference,
        SEARCH_DONE => Response::Done(outcome(contents)?),
        EXTENDED_RESPONSE => Response::Extended(outcome(contents)?),
        _ => Response::Other,
    };
    Ok((id, response))
}

fn outcome(contents: &[u8]) -> Result<Outcome, Malformed> {
    let mut result = Reader::new(contents);
    let code = result.number(ber::ENUMERATED)?;
    result.expect(ber::OCTETS)?;
    let words = String::from_utf8_lossy(result.expect(ber::OCTETS)?);
    let words = words.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    let printable = words.chars().map(|c| if c.is_control() { ' ' } else { c });
    Ok(Outcome { code, words: printable.take(LONGEST_WORDS).collect() })
}

fn entry(contents: &[u8]) -> Result<Entry, Malformed> {
    let mut entry = Reader::new(contents);
    let dn = String::from_utf8(entry.expect(ber::OCTETS)?.to_vec()).map_err(|_| Malformed)?;
    let mut list = Reader::new(entry.expect(ber::SEQUENCE)?);
    let mut attributes = Vec::new();
    while !list.is_empty() {
        let mut attribute = Reader::new(list.expect(ber::SEQUENCE)?);
        let name = std::str::from_utf8(attribute.expect(ber::OCTETS)?).map_err(|_| Malformed)?;
        let mut set = Reader::new(attribute.expect(ber::SET)?);
        let mut values = Vec::new();
        while !set.is_empty() {
            let value = set.expect(ber::OCTETS)?;
            if values.len() < MOST_VALUES {
                values.push(value.to_vec());
            }
        }
        attributes.push((name.to_ascii_lowercase(), values));
    }
    Ok(Entry::new(dn, attributes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a server would send.
    fn said(id: u32, tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
        message(id, ber::constructed(tag, parts))
    }

    fn text(text: &str) -> Vec<u8> {
        ber::element(ber::OCTETS, text.as_bytes())
    }

    #[test]
    fn requests_are_what_the_standard_says() {
        assert_eq!(
            *bind(1, "cn=a", "pw"),
            *b"\x30\x12\x02\x01\x01\x60\x0d\x02\x01\x03\x04\x04cn=a\x80\x02pw"
        );
        assert_eq!(unbind(3), *b"\x30\x05\x02\x01\x03\x42\x00");
        assert_eq!(start_tls(1)[..11], *b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.");
        let all = Search {
            base: "dc=x",
            scope: Scope::Subtree,
            filter: super::super::filter::everything(),
            attributes: vec![],
            size_limit: 2,
            time_limit: 10,
        };
        let expected = b"\x30\x2e\x02\x01\x02\x63\x29\x04\x04dc=x\x0a\x01\x02\x0a\x01\x00\x02\x01\x02\x02\x01\x0a\x01\x01\x00\
            \x87\x0bobjectClass\x30\x05\x04\x031.1";
        assert_eq!(search(2, &all), *expected);
    }

    #[test]
    fn an_outcome_has_a_code_and_words_on_one_line() {
        let done = said(5, SEARCH_DONE, &[ber::number(ber::ENUMERATED, 49), text(""), text("no\r\nway\0")]);
        let (5, Response::Done(outcome)) = read(&done).unwrap() else { panic!("an end") };
        assert_eq!(outcome, Outcome { code: 49, words: "no  way".to_owned() });
        let long =
            said(5, BIND_RESPONSE, &[ber::number(ber::ENUMERATED, 0), text(""), text(&"ü".repeat(9_999))]);
        let (_, Response::Bound(outcome)) = read(&long).unwrap() else { panic!("a bind") };
        assert_eq!(outcome.words.chars().count(), LONGEST_WORDS);
    }

    #[test]
    fn an_entry_has_attributes_with_values() {
        let attribute = ber::constructed(
            ber::SEQUENCE,
            &[text("MAIL"), ber::constructed(ber::SET, &[text("a@b"), text("c@d")])],
        );
        let list = ber::constructed(ber::SEQUENCE, &[attribute]);
        let (_, Response::Entry(entry)) = read(&said(1, SEARCH_ENTRY, &[text("uid=a"), list])).unwrap()
        else {
            panic!("an entry")
        };
        assert_eq!((entry.dn(), entry.texts("mail").collect::<Vec<_>>()), ("uid=a", vec!["a@b", "c@d"]));
    }

    #[test]
    fn a_million_brackets_are_refused_like_one() {
        // Read by recursion this ends the program: 1.2 MB are enough for a stack of 2 MB.
        let mut nested = Vec::new();
        for depth in (0..200_000_u32).rev() {
            nested.extend_from_slice(&[ber::SEQUENCE, 0x84]);
            nested.extend_from_slice(&(depth * 6).to_be_bytes());
        }
        assert!(matches!(read(&nested), Err(Malformed)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_message_or_refused(id in 0_u32..5, tag in prop::sample::select(vec![0x61_u8, 0x64, 0x65, 0x73, 0x78, 0x30]), bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = read(&bytes);
            let _ = read(&message(id, ber::element(tag, &bytes)));
        }
    }
}
