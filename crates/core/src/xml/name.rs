//! What elements and attributes can be called.

/// Whether a text is a name (XML 1.0 §2.3).
pub(super) fn is_name(text: &str) -> bool {
    text.chars().next().is_some_and(begins) && text.chars().all(goes_on)
}

/// Whether it is one without a colon (Namespaces in XML 1.0 §3): of a colon most readers make a prefix, and refuse one that
/// they were not told of.
pub(super) fn is_whole(text: &str) -> bool {
    is_name(text) && !text.contains(':')
}

fn begins(c: char) -> bool {
    matches!(c,
        ':' | '_' | 'A'..='Z' | 'a'..='z'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
        | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}'
        | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

fn goes_on(c: char) -> bool {
    begins(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}
