//! What a template may say: less than minijinja would let it.
//!
//! This is judged before minijinja reads it, so that no construct that is not named here is ever run: escaping cannot be
//! switched off, nothing can be repeated a million times, and an attribute that no token has is refused when the template
//! is saved, not on the night on which its branch is taken first.

use super::{Part, TemplateFault};

/// The placeholders of a mail for one token.
pub(super) const OF_A_TOKEN_MAIL: [&str; 8] = [
    "owner",
    "owner_full_name",
    "token_name",
    "expires_at",
    "expires_at_utc",
    "days_left",
    "renew_url",
    "server_url",
];
/// Those of a mail for several.
pub(super) const OF_A_DIGEST: [&str; 4] = ["owner", "owner_full_name", "server_url", "tokens"];
/// What each of the tokens has.
const OF_A_TOKEN: [&str; 5] = ["token_name", "expires_at", "expires_at_utc", "days_left", "renew_url"];
/// What a `for` says about itself.
const OF_A_LOOP: [&str; 7] = ["index", "index0", "revindex", "revindex0", "first", "last", "length"];
const TAGS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];
/// Signs that expressions may hold, apart from names, numbers, texts and blanks.
const SIGNS: &str = ".,|=!<>()+-~";

/// Refuses what is not allowed.
pub(super) fn check(part: Part, source: &str) -> Result<(), TemplateFault> {
    let mut rest = source;
    loop {
        let Some(start) = ["{{", "{%", "{#"].iter().filter_map(|sign| rest.find(sign)).min() else {
            return Ok(());
        };
        let (sign, inner) = rest[start..].split_at(2);
        let line = line_at(source, inner);
        let taken = match sign {
            "{#" => inner.find("#}").map(|end| end + 2),
            "{%" => expression(part, inner, "%}", line)?,
            _ => expression(part, inner, "}}", line)?,
        };
        let Some(taken) = taken else {
            let reason = format!("`{sign}` has no end");
            return Err(TemplateFault::Unreadable { part, line: Some(line), reason });
        };
        rest = &inner[taken..];
    }
}

/// The line, counted from 1, on which a name stands between signs of the language.
pub(super) fn line_of(source: &str, name: &str) -> Option<usize> {
    let mut rest = source;
    while let Some(start) = ["{{", "{%"].iter().filter_map(|sign| rest.find(sign)).min() {
        let inner = &rest[start + 2..];
        let end = ["}}", "%}"].iter().filter_map(|sign| inner.find(sign)).min()?;
        let is_in_name = |character: char| character.is_alphanumeric() || character == '_';
        if inner[..end].split(|character| !is_in_name(character)).any(|word| word == name) {
            return Some(line_at(source, inner));
        }
        rest = &inner[end..];
    }
    None
}

/// Looks through one `{{ … }}` or `{% … %}`; how long it is with its end, or `None` when it has none.
fn expression(part: Part, inner: &str, end: &str, line: usize) -> Result<Option<usize>, TemplateFault> {
    let not_allowed = |what: &str| Err(TemplateFault::NotAllowed { part, what: what.to_owned(), line });
    // The signs that take blanks away, `{%-` and `-%}`, count among those of expressions.
    let mut rest = inner.strip_prefix(['-', '+']).unwrap_or(inner);
    let mut is_first_word = end == "%}";
    let mut is_attribute = false;
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix(end) {
            return Ok(Some(inner.len() - after.len()));
        }
        let Some(character) = rest.chars().next() else { return Ok(None) };
        if character.is_ascii_alphabetic() || character == '_' {
            let is_in_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
            let length = rest.find(|character| !is_in_name(character)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(length);
            if is_first_word && !TAGS.contains(&word) || word == "recursive" {
                return not_allowed(word);
            }
            if is_attribute && !OF_A_TOKEN.contains(&word) && !OF_A_LOOP.contains(&word) {
                let (name, line) = (word.to_owned(), Some(line));
                return Err(TemplateFault::Unknown { part, name, line, known: OF_A_TOKEN.to_vec() });
            }
            (is_first_word, is_attribute, rest) = (false, false, after);
        } else if character == '"' || character == '\'' {
            let Some(after) = after_text(&rest[1..], character) else { return Ok(None) };
            (is_first_word, is_attribute, rest) = (false, false, after);
        } else if character.is_ascii_digit() {
            let length = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
            is_attribute = false;
            rest = &rest[length..];
        } else if SIGNS.contains(character) {
            is_attribute = character == '.';
            rest = &rest[1..];
        } else {
            return not_allowed(character.encode_utf8(&mut [0; 4]));
        }
    }
}

/// What comes after a text whose first quotation mark was taken.
fn after_text(rest: &str, mark: char) -> Option<&str> {
    let mut is_escaped = false;
    for (at, character) in rest.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if character == mark => return rest.get(at + 1..),
            _ => {}
        }
    }
    None
}

/// The line on which a part of the source begins.
fn line_at(source: &str, part: &str) -> usize {
    // A part that is not the end of the source counts as its beginning.
    let before = source.len().saturating_sub(part.len());
    source.get(..before).map_or(1, |before| before.matches('\n').count() + 1)
}
