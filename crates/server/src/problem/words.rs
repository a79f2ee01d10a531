//! Causes as people read them.

use std::fmt::Display;

/// A cause as the detail of a refusal: with a capital letter at its beginning.
pub(crate) fn capitalised(cause: &impl Display) -> String {
    let text = cause.to_string();
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// A text with a capital letter at its beginning and a stop at its end.
pub(crate) fn sentence(text: &str) -> String {
    let end = if text.ends_with(['.', '?']) { "" } else { "." };
    capitalised(&text) + end
}

/// What is wrong with a field, without its name in front.
pub(super) fn beside(field: &str, detail: &str) -> String {
    let named = [format!("`{field}`: "), format!("The field `{field}`: ")];
    let told = named.iter().find_map(|name| detail.strip_prefix(name.as_str()));
    sentence(told.unwrap_or(detail))
}
