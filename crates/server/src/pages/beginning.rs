//! The beginning of a text that somebody else wrote, for a page that is to stay light.

use patgate_core::policy::notification::length_in_page;

/// As many bytes of a name stand in a row of a list: all of a hundred letters of two bytes. Of markup, of which a letter takes five,
/// it is the beginning.
pub(super) const LISTED: usize = 200;
/// As many of them are said once more, with a button or a box, to who does not see the row.
pub(super) const SPOKEN: usize = 80;

/// As much of a text as takes at most so many bytes of a page, and an ellipsis when that is not all.
pub(super) fn beginning(text: &str, most: usize) -> String {
    match fitting(text, most) {
        fits if fits.len() == text.len() => text.to_owned(),
        cut => format!("{cut}…"),
    }
}

/// The same without an ellipsis, which is no copy: the text may be a secret.
pub(super) fn fitting(text: &str, most: usize) -> &str {
    let mut left = most;
    let is_beyond = |(_, letter): &(usize, char)| match left.checked_sub(length_in_page(*letter)) {
        Some(rest) => {
            left = rest;
            false
        }
        None => true,
    };
    match text.char_indices().find(is_beyond) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::beginning;

    #[test]
    fn a_text_is_cut_by_the_bytes_that_it_takes_in_a_page() {
        for (text, most, shown) in [
            ("", 0, ""),
            ("four", 4, "four"),
            ("four", 3, "fou…"),
            ("üü", 3, "ü…"),
            ("a<b", 6, "a<…"),
            ("a<b", 5, "a…"),
        ] {
            assert_eq!(beginning(text, most), shown, "{text} {most}");
        }
    }
}
