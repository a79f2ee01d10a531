//! Causes as people read them.

use std::fmt::Display;

/// A cause as the detail of a refusal: with a capital letter at its beginning.
pub(crate) fn capitalised(cause: &(impl Display + ?Sized)) -> String {
    let text = cause.to_string();
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// A cause as a person at a page reads it: with a stop at its end, too.
pub(crate) fn sentence(cause: &(impl Display + ?Sized)) -> String {
    let text = capitalised(cause);
    if text.ends_with(['.', '?']) { text } else { text + "." }
}

/// What is wrong with a field, without its name in front.
pub(super) fn beside(field: &str, detail: &str) -> String {
    let named = [format!("`{field}`: "), format!("The field `{field}`: ")];
    let told = named.iter().find_map(|name| detail.strip_prefix(name.as_str()));
    sentence(told.unwrap_or(detail))
}
