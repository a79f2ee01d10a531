//! HTML in mails: whether a body is it, the text that is made of it, and the HTML that is made of a text.

use std::panic::{AssertUnwindSafe, catch_unwind};

use html2text::{Handle, RcDom};

use super::TemplateFault;

/// Columns of the text that is made of HTML.
const WIDTH: usize = 78;
/// The most elements within each other; a tree that is deeper would be walked by a stack that is not.
const DEEPEST: usize = 200;

/// What has no end tag, or often none, and does not lie within its like.
const ENDLESS: [&str; 12] = ["br", "hr", "img", "p", "li", "td", "tr", "th", "meta", "link", "input", "col"];

/// Whether a body is HTML: whether anything in it looks like a tag. `<ann@example.org>` and `a < b` do not.
pub(super) fn is_html(body: &str) -> bool {
    body.match_indices('<').any(|(at, _)| {
        let rest = &body[at + 1..];
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        let length = rest.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (name, after) = rest.split_at(length);
        name.starts_with(|character: char| character.is_ascii_alphabetic())
            && after.starts_with(|character: char| {
                character == '>' || character == '/' || character.is_whitespace()
            })
    })
}

/// The text of an HTML body, with the addresses of its links below it.
pub(super) fn to_text(html: &str) -> Result<String, TemplateFault> {
    // Before it is read: reading takes long where elements lie within each other by the thousand.
    if depth(html) > DEEPEST {
        return Err(TemplateFault::NoText);
    }
    let convert = || -> Result<Option<String>, html2text::Error> {
        let config = html2text::config::plain_no_decorate().link_footnotes(true).no_link_wrapping();
        // What is a tag, and whether an end tag ends anything where it stands, is known only when all is read.
        if is_deep(&config.parse_html(html.as_bytes())?) {
            return Ok(None);
        }
        config.string_from_read(html.as_bytes(), WIDTH).map(Some)
    };
    // What administrators write must not end a thread, should the library not be up to it.
    match catch_unwind(AssertUnwindSafe(convert)) {
        Ok(Ok(Some(text))) => Ok(text),
        Ok(Ok(None) | Err(_)) | Err(_) => Err(TemplateFault::NoText),
    }
}

/// A whole document of a body that may be a part of one.
pub(super) fn whole(body: &str) -> String {
    let start = body.trim_start();
    let is_whole = ["<!doctype", "<html"]
        .iter()
        .any(|tag| start.get(..tag.len()).is_some_and(|found| found.eq_ignore_ascii_case(tag)));
    if is_whole {
        body.to_owned()
    } else {
        format!(
            "<!doctype html>\n<html>\n<head><meta charset=\"utf-8\"></head>\n<body>\n{body}\n</body>\n</html>\n"
        )
    }
}

/// A document of a text: an empty line ends a paragraph, and an address becomes a link.
pub(super) fn of_text(text: &str) -> String {
    let mut body = String::new();
    for paragraph in text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
        let lines: Vec<_> = paragraph.lines().map(linked).collect();
        body += &format!("<p>{}</p>\n", lines.join("<br>\n"));
    }
    whole(body.trim_end())
}

/// A line of text as HTML.
fn linked(line: &str) -> String {
    line.split_inclusive(char::is_whitespace)
        .map(|word| {
            let is_address = ["https://", "http://"].iter().any(|scheme| word.starts_with(scheme));
            let address = word.trim_end_matches(|character: char| {
                character.is_whitespace() || ".,;:!?)\"'".contains(character)
            });
            let rest = escaped(&word[address.len()..]);
            let address = escaped(address);
            if is_address {
                format!("<a href=\"{address}\">{address}</a>{rest}")
            } else {
                address + rest.as_str()
            }
        })
        .collect()
}

/// A text as HTML, also between quotation marks.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// Whether more lies within each other in a document than may.
fn is_deep(document: &RcDom) -> bool {
    let mut level = vec![Handle::clone(&document.document)];
    for _ in 0..DEEPEST {
        level = level.iter().flat_map(|node| node.children.borrow().clone()).collect();
        if level.is_empty() {
            return false;
        }
    }
    true
}

/// How many elements lie within each other, at most, as far as their tags tell. An end tag ends the last element of its
/// name, with all in it, and nothing when there is none: elements that are never ended lie within each other.
fn depth(html: &str) -> usize {
    let (mut open, mut deepest) = (Vec::new(), 0);
    for (at, _) in html.match_indices('<') {
        let rest = &html[at + 1..];
        let (is_end, rest) = rest.strip_prefix('/').map_or((false, rest), |rest| (true, rest));
        let length = rest.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let name = &rest[..length];
        let is_same = |other: &&str| other.eq_ignore_ascii_case(name);
        if is_end {
            let start = open.iter().rposition(is_same);
            open.truncate(start.unwrap_or(open.len()));
        } else if !name.is_empty() && !ENDLESS.iter().any(is_same) {
            open.push(name);
            deepest = deepest.max(open.len());
            if deepest > DEEPEST {
                break;
            }
        }
    }
    deepest
}
