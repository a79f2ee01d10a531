//! A text as it is when it is decoded from each of its bytes on, with the place of each decoded byte in the text.
//!
//! Where an escape begins is ambiguous: `\\n` is a backslash and `n` from its first byte on, and a line feed from its
//! second. What stands before a secret must not decide whether it is seen. So each byte of the text has what begins there
//! ([`Unit`]) and where the text goes on behind that; these chains meet again, and are a tree with its root at the end. The
//! secret is looked for along all chains at once, from the end to the beginning.

/// What begins at each byte of a text.
pub(super) struct View {
    units: Vec<Unit>,
}

/// What a text stands for from one byte on, and how much of the text that is.
#[derive(Clone, Copy)]
struct Unit {
    bytes: [u8; 4],
    /// How many of the bytes count: one, or those of a character.
    size: u8,
    /// How many bytes of the text it takes.
    length: u8,
}

/// What an escape stands for, and how many bytes of the text it takes.
type Escape = (Unit, usize);

impl View {
    /// As it is.
    pub(super) fn plain(text: &str) -> Self {
        Self::each(text, |byte| byte)
    }

    /// In lower case, for hexadecimal digits.
    pub(super) fn lower_case(text: &str) -> Self {
        Self::each(text, |byte| byte.to_ascii_lowercase())
    }

    /// With the two characters of the alphabet for URLs (RFC 4648 §5) as those of the other.
    pub(super) fn of_base64(text: &str) -> Self {
        Self::each(text, |byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => other,
        })
    }

    /// With percent escapes decoded (RFC 3986 §2.1).
    pub(super) fn of_url(text: &str) -> Self {
        Self::decoded(text, percent)
    }

    /// The same of a form, in which `+` is a blank.
    pub(super) fn of_form(text: &str) -> Self {
        Self::decoded(text, |rest| match rest {
            [b'+', ..] => Some((Unit::byte(b' '), 1)),
            _ => percent(rest),
        })
    }

    /// With escapes of JSON, of Starlark and of Rust decoded.
    pub(super) fn of_escapes(text: &str) -> Self {
        Self::decoded(text, escape)
    }

    /// Where the needle stands, as ranges of the text, of which those that meet are one. Takes two walks over the text: a
    /// script chooses it, and may know that a secret repeats itself.
    pub(super) fn find(&self, needle: &[u8], found: &mut Vec<(usize, usize)>) {
        let Some(mut hidden) = self.beginnings(needle) else { return };
        for at in 0..self.units.len() {
            let (unit, left) = (self.units[at], hidden[at]);
            if left == 0 {
                continue;
            }
            let end = at + usize::from(unit.length);
            if let Some(next) = hidden.get_mut(end) {
                *next = (*next).max(left.saturating_sub(u32::from(unit.size)));
            }
            match found.last_mut() {
                Some(last) if last.0 <= at && at <= last.1 => last.1 = last.1.max(end),
                _ => found.push((at, end)),
            }
        }
    }

    /// For each byte of the text, how many decoded bytes from there on are to be hidden: the needle's, where it begins.
    /// `None`: it begins nowhere.
    fn beginnings(&self, needle: &[u8]) -> Option<Vec<u32>> {
        let length = u32::try_from(needle.len()).ok().filter(|length| *length > 0)?;
        // No text is longer when it is decoded. A script that prints single characters has no long secret prepared for each.
        if needle.len() > self.units.len() {
            return None;
        }
        let backwards = Backwards::new(needle);
        // How much of the needle's end stands at the beginning of what follows each byte.
        let mut fits = vec![0_u32; self.units.len() + 1];
        let mut hidden = vec![0; self.units.len()];
        let mut is_there = false;
        for (at, unit) in self.units.iter().enumerate().rev() {
            let mut state = fits.get(at + usize::from(unit.length)).copied().unwrap_or_default();
            for before in (0..unit.size).rev() {
                state = backwards.longer(state, unit.bytes[usize::from(before)]);
                if state == length {
                    hidden[at] = length + u32::from(before);
                    is_there = true;
                }
            }
            fits[at] = state;
        }
        is_there.then_some(hidden)
    }

    fn each(text: &str, change: impl Fn(u8) -> u8) -> Self {
        Self { units: text.bytes().map(|byte| Unit::byte(change(byte))).collect() }
    }

    fn decoded(text: &str, decode: impl Fn(&[u8]) -> Option<Escape>) -> Self {
        let text = text.as_bytes();
        let unit = |at: usize| {
            let (unit, length) = decode(&text[at..]).unwrap_or((Unit::byte(text[at]), 1));
            Unit { length: u8::try_from(length).unwrap_or(u8::MAX), ..unit }
        };
        Self { units: (0..text.len()).map(unit).collect() }
    }
}

/// A needle that is looked for from its end to its beginning (Knuth, Morris and Pratt 1977). Chains branch, so that what one
/// step takes is not paid for by the steps before it; the borders are therefore the paper's stronger ones, along which at
/// most some logarithm of the needle's length is gone in one step.
struct Backwards<'n> {
    needle: &'n [u8],
    /// For each length of its end, where to go on when the byte before that does not fit; none: this byte begins nothing.
    otherwise: Vec<Option<u32>>,
}

impl<'n> Backwards<'n> {
    fn new(needle: &'n [u8]) -> Self {
        let mut this = Self { needle, otherwise: Vec::with_capacity(needle.len() + 1) };
        this.otherwise.push(None);
        // The longest end of the needle, shorter than the one that is looked at, which that begins with.
        let mut border = 0;
        for length in 1..=needle.len() {
            let same = this.before(length).is_some() && this.before(length) == this.before(border as usize);
            let otherwise = if same { this.otherwise[border as usize] } else { Some(border) };
            this.otherwise.push(otherwise);
            if let Some(byte) = this.before(length) {
                border = this.longer(border, byte);
            }
        }
        this
    }

    /// The byte before an end of this length; none before the whole.
    fn before(&self, length: usize) -> Option<u8> {
        self.needle.len().checked_sub(length + 1).map(|at| self.needle[at])
    }

    /// How much of the needle's end fits when so much of it did behind this byte.
    fn longer(&self, mut fits: u32, byte: u8) -> u32 {
        loop {
            if self.before(fits as usize) == Some(byte) {
                return fits + 1;
            }
            match self.otherwise[fits as usize] {
                Some(shorter) => fits = shorter,
                None => return 0,
            }
        }
    }
}

impl Unit {
    const fn byte(byte: u8) -> Self {
        Self { bytes: [byte, 0, 0, 0], size: 1, length: 1 }
    }

    fn character(code: u32) -> Option<Self> {
        let mut bytes = [0; 4];
        let size = char::from_u32(code)?.encode_utf8(&mut bytes).len();
        Some(Self { bytes, size: u8::try_from(size).ok()?, length: 1 })
    }
}

fn percent(rest: &[u8]) -> Option<Escape> {
    match rest {
        [b'%', high, low, ..] => {
            let value = number(&[*high, *low])?;
            Some((Unit::byte(u8::try_from(value).ok()?), 3))
        }
        _ => None,
    }
}

/// `\n`, `\"`, `\/`, `\x41`, `\u0041`, two of those for one character, `\U00000041`, `\u{41}`.
fn escape(rest: &[u8]) -> Option<Escape> {
    let [b'\\', kind, digits @ ..] = rest else { return None };
    match kind {
        b'n' => Some((Unit::byte(b'\n'), 2)),
        b'r' => Some((Unit::byte(b'\r'), 2)),
        b't' => Some((Unit::byte(b'\t'), 2)),
        b'b' => Some((Unit::byte(8), 2)),
        b'f' => Some((Unit::byte(12), 2)),
        b'x' => Some((Unit::byte(u8::try_from(number(digits.get(..2)?)?).ok()?), 4)),
        b'U' => Some((Unit::character(number(digits.get(..8)?)?)?, 10)),
        b'u' if digits.first() == Some(&b'{') => {
            let length = digits.iter().take(8).position(|byte| *byte == b'}')?;
            Some((Unit::character(number(digits.get(1..length)?)?)?, length + 3))
        }
        b'u' => {
            let first = number(digits.get(..4)?)?;
            if let Some(decoded) = Unit::character(first) {
                return Some((decoded, 6));
            }
            // Half of a pair (RFC 8259 §7).
            let second = digits.get(4..).and_then(|rest| rest.strip_prefix(b"\\u"))?;
            let second = number(second.get(..4)?)?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
            let high = first.checked_sub(0xd800)?.checked_mul(0x400)?;
            Some((Unit::character(high.checked_add(second)?.checked_add(0x1_0000)?)?, 12))
        }
        b'"' | b'\'' | b'\\' | b'/' => Some((Unit::byte(*kind), 2)),
        _ => None,
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u32, |number, digit| {
        number.checked_mul(16)?.checked_add(char::from(*digit).to_digit(16)?)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is hidden when every chain is walked by itself.
    fn one_by_one(view: &View, needle: &[u8]) -> Vec<bool> {
        let mut hidden = vec![false; view.units.len()];
        for start in 0..view.units.len() {
            let (mut at, mut decoded, mut end) = (start, Vec::new(), start);
            while let Some(unit) = view.units.get(at).filter(|_| decoded.len() < needle.len()) {
                decoded.extend_from_slice(&unit.bytes[..usize::from(unit.size)]);
                at += usize::from(unit.length);
                end = at;
            }
            if decoded.starts_with(needle) {
                hidden[start..end].fill(true);
            }
        }
        hidden
    }

    proptest! {
        #[test]
        fn all_chains_at_once_show_what_each_shows_by_itself(
            needle in "[ab\\\\]{1,6}|[aé]{1,4}",
            text in proptest::collection::vec(
                proptest::sample::select(vec![
                    "a", "b", "é", "\\", "%", "\\x61", "\\u0062", "\\u{e9}", "%61", "%C3", "%A9", "6", "1", "x", "u",
                ]),
                0..24,
            ),
        ) {
            let text = text.concat();
            for view in [View::plain(&text), View::of_url(&text), View::of_escapes(&text)] {
                let mut found = Vec::new();
                view.find(needle.as_bytes(), &mut found);
                let mut hidden = vec![false; text.len()];
                found.iter().for_each(|(start, end)| hidden[*start..*end].fill(true));
                prop_assert_eq!(hidden, one_by_one(&view, needle.as_bytes()));
            }
        }
    }
}
