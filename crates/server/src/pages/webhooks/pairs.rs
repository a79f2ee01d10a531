//! Names with their values, as far as a page has room for them: strangers choose what is in them.

use patgate_core::policy::notification::length_in_page;
use patgate_store::Pairs;

use crate::pages::beginning::beginning;

/// As many bytes are counted for the markup of a pair.
const BESIDE: usize = 50;
/// As many bytes of a name stand there.
const NAME: usize = 200;
/// As many bytes of a value are told at least.
const LEAST: usize = 40;

/// The first of some pairs.
pub(super) struct Shown {
    /// Those that there is room for, of long ones their beginning.
    pub(super) pairs: Pairs,
    /// How many more there are.
    pub(super) more: usize,
    /// Whether some of these are not whole.
    pub(super) is_cut: bool,
}

impl Shown {
    /// As much of these as takes so many bytes of a page, and of each value so many at most.
    pub(super) fn of(all: &Pairs, room: usize, longest: usize) -> Self {
        let (mut left, mut shown) = (room, Self { pairs: Pairs::new(), more: 0, is_cut: false });
        for (name, value) in all {
            let name_shown = beginning(name, NAME);
            let beside = BESIDE + length(&name_shown);
            let Some(for_value) = left.checked_sub(beside).filter(|left| *left >= LEAST) else { break };
            let value_shown = beginning(value, longest.min(for_value));
            left = for_value.saturating_sub(length(&value_shown));
            shown.is_cut |= name_shown != *name || value_shown != *value;
            shown.pairs.push((name_shown, value_shown));
        }
        shown.more = all.len() - shown.pairs.len();
        shown
    }
}

/// How many bytes of a page a text takes.
fn length(text: &str) -> usize {
    text.chars().map(length_in_page).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(values: &[&str], room: usize, longest: usize) -> (Vec<String>, usize, bool) {
        let pairs = values.iter().map(|value| ("n".to_owned(), (*value).to_owned())).collect();
        let shown = Shown::of(&pairs, room, longest);
        (shown.pairs.into_iter().map(|(_, value)| value).collect(), shown.more, shown.is_cut)
    }

    #[test]
    fn as_many_pairs_are_shown_as_there_is_room_for() {
        assert_eq!(shown(&["a", "b"], 1_000, 100), (vec!["a".to_owned(), "b".to_owned()], 0, false));
        assert_eq!(shown(&["abc", "<<"], 1_000, 2), (vec!["ab…".to_owned(), "…".to_owned()], 0, true));
        let long = "x".repeat(500);
        let (values, more, is_cut) = shown(&[&long, "a", "b"], 251, 200);
        assert_eq!((values.len(), more, is_cut), (1, 2, true), "after the first too little is left");
        let many = vec![long.as_str(); 1_000];
        let (values, more, _) = shown(&many, 10_000, 1_000);
        assert!(values.concat().len() <= 10_000 && values.len() + more == 1_000, "{more}");
        assert_eq!(shown(&[], 10, 10), (vec![], 0, false));
    }
}
