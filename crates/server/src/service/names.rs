//! Names as people look for them in lists that are in memory: whatever the case.

use std::cmp::Ordering;

/// Whether a name begins with this, whatever the case.
pub(crate) fn begins_with(name: &str, prefix: &str) -> bool {
    let mut letters = lower(name);
    lower(prefix).all(|letter| letters.next() == Some(letter))
}

/// Which of two names comes first, whatever the case. Those that differ in nothing else are equal.
pub(crate) fn compare(one: &str, other: &str) -> Ordering {
    lower(one).cmp(lower(other))
}

fn lower(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().flat_map(char::to_lowercase)
}
