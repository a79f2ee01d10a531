//! One entry of a directory, as a search brings it.

use patgate_core::hexadecimal;

/// An entry: its name, and what was asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    dn: String,
    /// By their names in lower case.
    attributes: Vec<(String, Vec<Vec<u8>>)>,
}

impl Entry {
    pub(super) fn new(dn: String, attributes: Vec<(String, Vec<Vec<u8>>)>) -> Self {
        Self { dn, attributes }
    }

    /// Its distinguished name, as the server writes it.
    pub(super) fn dn(&self) -> &str {
        &self.dn
    }

    /// All values of an attribute, whatever options it has (`;binary`, `;lang-de`).
    pub(super) fn values(&self, attribute: &str) -> impl Iterator<Item = &[u8]> {
        let wanted = attribute.to_ascii_lowercase();
        let is_it = move |name: &str| {
            name.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(';'))
        };
        let found = self.attributes.iter().filter(move |(name, _)| is_it(name));
        found.flat_map(|(_, values)| values.iter().map(Vec::as_slice))
    }

    /// Those of its values that are text, trimmed, and not empty.
    pub(super) fn texts(&self, attribute: &str) -> impl Iterator<Item = &str> {
        let texts = self.values(attribute).filter_map(|value| std::str::from_utf8(value).ok());
        texts.map(str::trim).filter(|text| !text.is_empty())
    }

    /// The first of them.
    pub(super) fn text(&self, attribute: &str) -> Option<&str> {
        self.texts(attribute).next()
    }
}

/// What stands first in a distinguished name: `Ops, all` of `cn=Ops\2c all,ou=groups,dc=example` (RFC 4514 §3). `None`
/// when it is not text.
pub(super) fn first_value(dn: &str) -> Option<String> {
    let (_, value) = dn.split_once('=')?;
    let value = value.trim_start();
    if value.starts_with('#') {
        // The hexadecimal form is for values that have no text.
        return None;
    }
    let mut bytes = Vec::new();
    // Blanks at the end count only when they are escaped.
    let mut kept = 0;
    let mut rest = value;
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..)?;
        match c {
            ',' | '+' | ';' => break,
            '\\' => {
                let byte = match rest.as_bytes() {
                    [high, low, ..] => hexadecimal::byte(*high, *low),
                    _ => None,
                };
                match byte {
                    Some(byte) => {
                        bytes.push(byte);
                        rest = rest.get(2..)?;
                    }
                    None => {
                        let literal = rest.chars().next()?;
                        bytes.extend_from_slice(literal.encode_utf8(&mut [0; 4]).as_bytes());
                        rest = rest.get(literal.len_utf8()..)?;
                    }
                }
                kept = bytes.len();
            }
            other => {
                bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes());
                if other != ' ' {
                    kept = bytes.len();
                }
            }
        }
    }
    bytes.truncate(kept);
    String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_value_of_a_name_is_what_was_meant() {
        for (dn, expected) in [
            ("cn=pat-users,ou=groups,dc=example,dc=test", Some("pat-users")),
            ("CN = Ops\\, all , OU=x", Some("Ops, all")),
            ("cn=Ops\\2c all,ou=x", Some("Ops, all")),
            ("cn=Stra\\c3\\9fe,ou=x", Some("Straße")),
            ("cn=Straße+uid=7,ou=x", Some("Straße")),
            ("cn=a\\ ,ou=x", Some("a ")),
            ("cn=\\#1", Some("#1")),
            ("cn=#0401", None),
            ("cn=\\ff", None),
            ("cn=", None),
            ("cn=a\\", None),
            ("nothing", None),
        ] {
            assert_eq!(first_value(dn).as_deref(), expected, "{dn}");
        }
    }

    #[test]
    fn an_attribute_is_found_whatever_its_case_and_options() {
        let values = |text: &str| vec![text.as_bytes().to_vec()];
        let entry = Entry::new(
            "uid=a".to_owned(),
            vec![
                ("mail".to_owned(), values("  ")),
                ("cn;lang-de".to_owned(), values(" Änne ")),
                ("cnx".to_owned(), values("no")),
                ("objectguid".to_owned(), vec![vec![0xff, 0]]),
            ],
        );
        assert_eq!(
            (entry.text("CN"), entry.text("mail"), entry.text("objectGUID")),
            (Some("Änne"), None, None)
        );
        assert_eq!(entry.values("objectGUID").next(), Some(&[0xff, 0][..]));
    }

    proptest! {
        #[test]
        fn any_name_has_a_first_value_or_none(dn in "cn ?= ?[a-z ,+;\\\\#0-9ü]{0,20}") {
            let _ = first_value(&dn);
        }
    }
}
