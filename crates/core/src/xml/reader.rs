//! Reading a document into elements, within bounds.

use std::str;

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::Element;
use super::name::is_name;

/// The most levels of elements.
pub const DEEPEST: usize = 16;
/// The most elements of a document.
pub const MOST_ELEMENTS: usize = 50_000;
/// The most attributes of an element.
const MOST_ATTRIBUTES: usize = 32;

/// Why bytes are no document that is read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotXml {
    /// They are not UTF-8.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// They are not well-formed (XML 1.0 §2.1).
    #[error("it is not well-formed after byte {0}")]
    Malformed(u64),
    /// They bring a document type, of which nothing good comes.
    #[error("a document type (`<!DOCTYPE`) is not taken")]
    DocumentType,
    /// They name an entity that is none of XML's own.
    #[error("the entity `&{0};` is not known; there are `amp`, `lt`, `gt`, `apos` and `quot`")]
    Entity(String),
    /// They have a character that no document may have (XML 1.0 §2.2).
    #[error("it has a character that XML does not allow")]
    Character,
    /// An element has an attribute twice.
    #[error("an element has the attribute `{0}` twice")]
    Repeated(String),
    /// They are too deep or too many.
    #[error(
        "it has more than {DEEPEST} levels, {MOST_ELEMENTS} elements, or {MOST_ATTRIBUTES} attributes of one"
    )]
    Large,
    /// There is no element, or more than one at the root.
    #[error("it is not one element")]
    NotOne,
}

/// Reads a document: its root element. Comments and processing instructions are passed over, namespaces are not looked at.
///
/// # Errors
/// [`NotXml`].
pub fn read(bytes: &[u8]) -> Result<Element, NotXml> {
    let text = str::from_utf8(bytes).map_err(|_| NotXml::NotUtf8)?;
    let mut reader = Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    reader.config_mut().check_comments = true;
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut count = 0;
    loop {
        let event = reader.read_event().map_err(|_| NotXml::Malformed(reader.error_position()))?;
        match event {
            Event::Start(start) => {
                count += 1;
                if root.is_some() {
                    return Err(NotXml::NotOne);
                }
                if open.len() >= DEEPEST || count > MOST_ELEMENTS {
                    return Err(NotXml::Large);
                }
                open.push(begun(&start, reader.buffer_position())?);
            }
            Event::Empty(start) => {
                count += 1;
                if root.is_some() {
                    return Err(NotXml::NotOne);
                }
                if open.len() >= DEEPEST || count > MOST_ELEMENTS {
                    return Err(NotXml::Large);
                }
                end(begun(&start, reader.buffer_position())?, &mut open, &mut root);
            }
            Event::End(_) => {
                let ended = open.pop().ok_or_else(|| NotXml::Malformed(reader.buffer_position()))?;
                end(ended, &mut open, &mut root);
            }
            Event::Text(text) => put(&text.xml10_content(), &mut open)?,
            Event::CData(text) => put(&text.xml10_content(), &mut open)?,
            Event::GeneralRef(reference) => put(&resolved(&reference)?, &mut open)?,
            Event::DocType(_) => return Err(NotXml::DocumentType),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    if open.is_empty() {
        root.ok_or(NotXml::NotOne)
    } else {
        Err(NotXml::Malformed(reader.buffer_position()))
    }
}

fn begun(start: &BytesStart<'_>, at: u64) -> Result<Element, NotXml> {
    let mut attributes: Vec<(String, String)> = Vec::new();
    let mut read = start.attributes();
    // It compares each with all before it; so do we, among few.
    for attribute in read.with_checks(false) {
        let attribute = attribute.map_err(|_| NotXml::Malformed(at))?;
        let name = checked(attribute.key.into_inner())?.to_owned();
        if attributes.len() >= MOST_ATTRIBUTES {
            return Err(NotXml::Large);
        }
        if attributes.iter().any(|(known, _)| *known == name) {
            return Err(NotXml::Repeated(name));
        }
        if attribute.value.contains('<') || !is_name(&name) {
            return Err(NotXml::Malformed(at));
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| NotXml::Malformed(at))?;
        attributes.push((name, checked(&value)?.to_owned()));
    }
    let name = start.name().into_inner();
    if !is_name(name) {
        return Err(NotXml::Malformed(at));
    }
    Ok(Element::read(name, attributes))
}

fn end(ended: Element, open: &mut [Element], root: &mut Option<Element>) {
    match open.last_mut() {
        Some(parent) => parent.push(ended),
        None => *root = Some(ended),
    }
}

/// Puts a text into the element that is open. Outside of all there may be blanks alone.
fn put(text: &str, open: &mut [Element]) -> Result<(), NotXml> {
    let text = checked(text)?;
    match open.last_mut() {
        Some(element) => element.push_text(text),
        None if text.trim().is_empty() => {}
        None => return Err(NotXml::NotOne),
    }
    Ok(())
}

fn resolved(reference: &BytesRef<'_>) -> Result<String, NotXml> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => return Ok(character.to_string()),
        Ok(None) => {}
        Err(_) => return Err(NotXml::Character),
    }
    let known = resolve_predefined_entity(reference);
    let cut = || reference.chars().take(40).collect();
    known.map(str::to_owned).ok_or_else(|| NotXml::Entity(cut()))
}

fn checked(text: &str) -> Result<&str, NotXml> {
    let is_out =
        |c: char| (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}');
    if text.contains(is_out) { Err(NotXml::Character) } else { Ok(text) }
}
