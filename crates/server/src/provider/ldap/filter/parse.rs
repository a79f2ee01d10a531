//! Reads the text of a filter (RFC 4515 §3).

use patgate_core::hexadecimal;

use super::{Node, Piece, Value};

/// How deep filters may be nested.
const DEEPEST: usize = 20;

/// Why a text is no filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAFilter {
    /// Parentheses are missing, or there are too many.
    #[error("write the filter in parentheses that close, like `(uid={{0}})`")]
    Parentheses,
    /// No attribute, or none that there could be.
    #[error("write an attribute, `=`, `>=`, `<=` or `~=`, and a value, like `(uid={{0}})`")]
    Comparison,
    /// A backslash without two hexadecimal digits, or a parenthesis or null in a value.
    #[error("write `(`, `)`, `*`, `\\` and null in a value as `\\28`, `\\29`, `\\2a`, `\\5c` and `\\00`")]
    Escape,
    /// Another place than `{0}` and `{1}`.
    #[error("the places in a filter are `{{0}}` and `{{1}}`; write another `{{` as `\\7b`")]
    Place,
    /// A place in a comparison that takes no pattern.
    #[error("`{{0}}` and `{{1}}` stand behind `=`")]
    Order,
    /// Nested too deeply.
    #[error("the filter is nested more than 20 times")]
    TooDeep,
}

/// Reads a whole text.
pub(super) fn parse(text: &str) -> Result<Node, NotAFilter> {
    let (node, rest) = filter(text.trim(), 0)?;
    if rest.is_empty() { Ok(node) } else { Err(NotAFilter::Parentheses) }
}

fn filter(text: &str, depth: usize) -> Result<(Node, &str), NotAFilter> {
    if depth > DEEPEST {
        return Err(NotAFilter::TooDeep);
    }
    let inside = text.strip_prefix('(').ok_or(NotAFilter::Parentheses)?;
    let (node, rest) = match inside.chars().next() {
        Some('&') => list(&inside[1..], depth).map(|(nodes, rest)| (Node::And(nodes), rest))?,
        Some('|') => list(&inside[1..], depth).map(|(nodes, rest)| (Node::Or(nodes), rest))?,
        Some('!') => filter(&inside[1..], depth + 1).map(|(node, rest)| (Node::Not(Box::new(node)), rest))?,
        _ => {
            let end = inside.find(['(', ')']).ok_or(NotAFilter::Parentheses)?;
            (item(&inside[..end])?, &inside[end..])
        }
    };
    Ok((node, rest.strip_prefix(')').ok_or(NotAFilter::Parentheses)?))
}

/// One or more: an empty list is allowed by RFC 4526 alone, and says nothing that anybody would want here.
fn list(mut text: &str, depth: usize) -> Result<(Vec<Node>, &str), NotAFilter> {
    let mut nodes = Vec::new();
    while text.starts_with('(') {
        let (node, rest) = filter(text, depth + 1)?;
        nodes.push(node);
        text = rest;
    }
    if nodes.is_empty() { Err(NotAFilter::Parentheses) } else { Ok((nodes, text)) }
}

fn item(text: &str) -> Result<Node, NotAFilter> {
    let (left, right) = text.split_once('=').ok_or(NotAFilter::Comparison)?;
    if let Some(left) = left.strip_suffix(':') {
        return extensible(left, value(right)?);
    }
    for (sign, tag) in [('>', 0xa5), ('<', 0xa6), ('~', 0xa8)] {
        if let Some(name) = left.strip_suffix(sign) {
            let value = value(right)?;
            if value.iter().any(|piece| matches!(piece, Piece::Place(_))) {
                return Err(NotAFilter::Order);
            }
            return Ok(Node::Compare(tag, attribute(name)?, value));
        }
    }
    let name = attribute(left)?;
    let parts: Vec<Value> = right.split('*').map(value).collect::<Result<_, _>>()?;
    match parts.as_slice() {
        [value] => Ok(Node::Compare(super::EQUAL, name, value.clone())),
        [first, last] if first.is_empty() && last.is_empty() => Ok(Node::Present(name)),
        [initial, any @ .., last] => {
            if any.iter().any(Vec::is_empty) {
                return Err(NotAFilter::Escape);
            }
            let (initial, any, last) = (initial.clone(), any.to_vec(), last.clone());
            Ok(Node::Substrings { attribute: name, initial, any, last })
        }
        [] => Err(NotAFilter::Comparison),
    }
}

/// `attribute[:dn][:rule]`, or `[:dn]:rule`.
fn extensible(left: &str, value: Value) -> Result<Node, NotAFilter> {
    let mut parts = left.split(':');
    let name = parts.next().filter(|name| !name.is_empty()).map(attribute).transpose()?;
    let rest: Vec<&str> = parts.collect();
    let (dn_too, rule) = match rest.as_slice() {
        [] => (false, None),
        [dn] if dn.eq_ignore_ascii_case("dn") => (true, None),
        [rule] => (false, Some(attribute(rule)?)),
        [dn, rule] if dn.eq_ignore_ascii_case("dn") => (true, Some(attribute(rule)?)),
        _ => return Err(NotAFilter::Comparison),
    };
    if name.is_none() && rule.is_none() {
        return Err(NotAFilter::Comparison);
    }
    Ok(Node::Extensible { rule, attribute: name, value, dn_too })
}

/// A name or an object identifier, with options (RFC 4512 §2.5).
fn attribute(text: &str) -> Result<String, NotAFilter> {
    if is_attribute(text) { Ok(text.to_owned()) } else { Err(NotAFilter::Comparison) }
}

/// Whether a text can be the name of an attribute: letters, digits, `-`, `.`, `;`, `_`.
pub(crate) fn is_attribute(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-.;_".contains(c))
}

/// A value with its escapes undone and its places found.
fn value(text: &str) -> Result<Value, NotAFilter> {
    let mut pieces = Vec::new();
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\\' => {
                let [high, low, ..] = rest.as_bytes() else { return Err(NotAFilter::Escape) };
                bytes.push(hexadecimal::byte(*high, *low).ok_or(NotAFilter::Escape)?);
                rest = &rest[2..];
            }
            '{' => {
                let number = match rest.get(..2) {
                    Some("0}") => 0,
                    Some("1}") => 1,
                    _ => return Err(NotAFilter::Place),
                };
                if !bytes.is_empty() {
                    pieces.push(Piece::Bytes(std::mem::take(&mut bytes)));
                }
                pieces.push(Piece::Place(number));
                rest = &rest[2..];
            }
            '\0' | '*' | '(' | ')' => return Err(NotAFilter::Escape),
            other => bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    if !bytes.is_empty() {
        pieces.push(Piece::Bytes(bytes));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_filter_is_refused_with_what_to_write() {
        for (text, expected) in [
            ("uid={0}", NotAFilter::Parentheses),
            ("(uid={0}", NotAFilter::Parentheses),
            ("(uid={0}))", NotAFilter::Parentheses),
            ("(uid={0})(a=b)", NotAFilter::Parentheses),
            ("(&)", NotAFilter::Parentheses),
            ("(!(a=b)(c=d))", NotAFilter::Parentheses),
            ("(uid)", NotAFilter::Comparison),
            ("(=x)", NotAFilter::Comparison),
            ("(ü=x)", NotAFilter::Comparison),
            ("(:=x)", NotAFilter::Comparison),
            ("(:dn:=x)", NotAFilter::Comparison),
            ("(uid=\\2)", NotAFilter::Escape),
            ("(uid=\\+2)", NotAFilter::Escape),
            ("(uid=\\ü)", NotAFilter::Escape),
            ("(uid=a**b)", NotAFilter::Escape),
            ("(uid={2})", NotAFilter::Place),
            ("(uid={)", NotAFilter::Place),
            ("(uid>={0})", NotAFilter::Order),
            (&format!("{}(a=b){}", "(!".repeat(30), ")".repeat(30)), NotAFilter::TooDeep),
        ] {
            assert_eq!(parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn a_value_is_cut_at_its_places() {
        let Ok(Node::Compare(_, name, value)) = parse(" (mail=a\\2a{0}@b) ") else { panic!("a comparison") };
        assert_eq!(name, "mail");
        let bytes = |text: &str| Piece::Bytes(text.as_bytes().to_vec());
        assert_eq!(value, [bytes("a*"), Piece::Place(0), bytes("@b")]);
    }
}
