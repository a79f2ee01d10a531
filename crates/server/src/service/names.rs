//! Names as people look for them in lists that are in memory: whatever the case.

use std::cmp::Ordering;

/// Whether a name begins with this, whatever the case.
pub(crate) fn begins_with(name: &str, prefix: &str) -> bool {
    let mut letters = lower(name);
    lower(prefix).all(|letter| letters.next() == Some(letter))
}

/// Which of two names comes first, whatever the case. Those that differ in nothing else are equal.
pub(crate) fn compare(one: &str, other: &str) -> Ordering {
    if one.is_ascii() && other.is_ascii() {
        // Most are; and in a role of thousands each is compared with several.
        let [one, other] = [one, other].map(|name| name.bytes().map(|byte| byte.to_ascii_lowercase()));
        return one.cmp(other);
    }
    lower(one).cmp(lower(other))
}

fn lower(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn names_of_ascii_stand_where_all_names_stand(one in "[ -~]{0,6}", other in "[ -~]{0,6}") {
            prop_assert_eq!(compare(&one, &other), lower(&one).cmp(lower(&other)));
        }
    }
}
