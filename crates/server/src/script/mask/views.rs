//! A text as it is when it is decoded from each of its bytes on, with the place of each decoded byte in the text.
//!
//! Where an escape begins is ambiguous: `\\n` is a backslash and `n` from its first byte on, and a line feed from its
//! second. What stands before a secret must not decide whether it is seen. So each byte of the text has what begins there
//! ([`Unit`]) and where the text goes on behind that; these chains meet again, and are a tree with its root at the end. The
//! secret is looked for along all chains at once, from the end to the beginning. So is what has the form of a token.

use patgate_core::hexadecimal;
use patgate_core::token::text::SECRET;
use patgate_core::token::{Prefix, TokenText};
use zeroize::Zeroizing;

/// What stands for what a decoder cannot read: no UTF-8 has this byte.
const NOTHING: u8 = 0xff;

/// What begins at each place of a text.
pub(super) struct View {
    units: Vec<Unit>,
    /// How many places each byte of the text has.
    places: usize,
}

/// What a text stands for from one place on, and how much of the text that is.
#[derive(Clone, Copy)]
struct Unit {
    bytes: [u8; 4],
    /// How many of the bytes count: one, or those of a character.
    size: u8,
    /// How many places of the text it takes.
    length: u8,
}

/// How much of a token's end a text begins with.
#[derive(Clone, Copy, Default)]
struct Tail {
    /// Characters of base62, as many as a token has after its `_`.
    secret: u8,
    /// When such a secret follows: the characters before it, with the `_`. Otherwise zero.
    prefix: u8,
}

/// What an escape stands for, and how many bytes of the text it takes.
type Escape = (Unit, usize);

impl View {
    /// As it is.
    pub(super) fn plain(text: &str) -> Self {
        Self::decoded(text, |_| None)
    }

    /// With two hexadecimal digits as a byte, whatever their case.
    pub(super) fn of_hexadecimal(text: &str) -> Self {
        Self::decoded(text, |rest| {
            let byte = rest.get(..2).and_then(|digits| hexadecimal::byte(digits[0], digits[1]));
            Some(byte.map_or((Unit::byte(NOTHING), 1), |byte| (Unit::byte(byte), 2)))
        })
    }

    /// With Base64 decoded, in both its alphabets (RFC 4648 §4 and §5). A byte can begin at three places of a character: with its first
    /// bit, its third or its fifth. Each byte takes eight bits, which are four places, and so there is one chain for each place at
    /// which the text of an encoder can begin.
    pub(super) fn of_base64(text: &str) -> Self {
        let text = text.as_bytes();
        let units = (0..text.len()).flat_map(|at| {
            let pair = text.get(at..at + 2).and_then(|pair| Some((six_bits(pair[0])?, six_bits(pair[1])?)));
            let bytes = pair.map_or([NOTHING; 3], |(first, second)| {
                [(first << 2) | (second >> 4), (first << 4) | (second >> 2), (first << 6) | second]
            });
            bytes.map(|byte| Unit { length: 4, ..Unit::byte(byte) })
        });
        Self { units: units.collect(), places: 3 }
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

    /// With escapes of JSON, of Rust and of bytes decoded: `\xe4` is a byte.
    pub(super) fn of_escapes(text: &str) -> Self {
        Self::decoded(text, |rest| escape(rest, |code| u8::try_from(code).ok().map(Unit::byte)))
    }

    /// The same as Starlark writes it, in which `\xe4` is a character: `ä`.
    pub(super) fn of_starlark(text: &str) -> Self {
        Self::decoded(text, |rest| escape(rest, Unit::character))
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
            let (start, end) = self.range(at, end);
            match found.last_mut() {
                Some(last) if last.0 <= start && start <= last.1 => last.1 = last.1.max(end),
                _ => found.push((start, end)),
            }
        }
    }

    /// Where tokens stand, as ranges of the text: a prefix, `_`, 33 characters and among them the right checksum, whatever stands
    /// around them. Takes one walk over the text; a checksum is counted only where all the rest fits.
    pub(super) fn find_tokens(&self, found: &mut Vec<(usize, usize)>) {
        let mut tails = vec![Tail::default(); self.units.len() + 1];
        for (at, unit) in self.units.iter().enumerate().rev() {
            // Of a character of several bytes the first is none that a token has.
            let byte = unit.bytes[0];
            let behind = tails.get(at + usize::from(unit.length)).copied().unwrap_or_default();
            tails[at] = behind.after(byte);
            // A prefix begins with a letter, and has two characters before the `_` at least.
            if byte.is_ascii_lowercase() && tails[at].prefix > 2 {
                let length = usize::from(tails[at].prefix) + SECRET;
                found.extend(self.token(at, length).map(|end| self.range(at, end)));
            }
        }
    }

    /// Where a token ends that begins here and has so many characters.
    fn token(&self, start: usize, length: usize) -> Option<usize> {
        let (mut token, mut at) = (Zeroizing::new(String::with_capacity(length)), start);
        for _ in 0..length {
            let unit = self.units.get(at)?;
            token.push(char::from(unit.bytes[0]));
            at += usize::from(unit.length);
        }
        TokenText::parse(&token).is_ok().then_some(at)
    }

    /// The bytes of the text from one place to another; of those at its ends the whole.
    fn range(&self, start: usize, end: usize) -> (usize, usize) {
        (start / self.places, end.div_ceil(self.places))
    }

    /// For each place of the text, how many decoded bytes from there on are to be hidden: the needle's, where it begins.
    /// `None`: it begins nowhere.
    fn beginnings(&self, needle: &[u8]) -> Option<Vec<u32>> {
        let length = u32::try_from(needle.len()).ok().filter(|length| *length > 0)?;
        // No text is longer than its places when it is decoded. A script that prints single characters has no long secret
        // prepared for each.
        if needle.len() > self.units.len() {
            return None;
        }
        let backwards = Backwards::new(needle);
        // How much of the needle's end stands at the beginning of what follows each place.
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

    fn decoded(text: &str, decode: impl Fn(&[u8]) -> Option<Escape>) -> Self {
        let text = text.as_bytes();
        let unit = |at: usize| {
            let (unit, length) = decode(&text[at..]).unwrap_or((Unit::byte(text[at]), 1));
            Unit { length: u8::try_from(length).unwrap_or(u8::MAX), ..unit }
        };
        Self { units: (0..text.len()).map(unit).collect(), places: 1 }
    }
}

impl Tail {
    /// The same of a text that has this byte before what this one is of.
    fn after(self, byte: u8) -> Self {
        let is_whole = usize::from(self.secret) >= SECRET;
        let secret = if byte.is_ascii_alphanumeric() { self.secret + u8::from(!is_whole) } else { 0 };
        let prefix = match byte {
            b'_' if is_whole => 1,
            b'a'..=b'z' | b'0'..=b'9' if (1..=Prefix::LONGEST).contains(&usize::from(self.prefix)) => {
                self.prefix + 1
            }
            _ => 0,
        };
        Self { secret, prefix }
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

/// What a character of Base64 stands for.
pub(super) fn six_bits(character: u8) -> Option<u8> {
    match character {
        b'A'..=b'Z' => Some(character - b'A'),
        b'a'..=b'z' => Some(character - b'a' + 26),
        b'0'..=b'9' => Some(character - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
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

/// `\n`, `\"`, `\/`, `\x41`, `\u0041`, two of those for one character, `\U00000041`, `\u{41}`. What `\x` makes of its number is
/// given: languages differ in that.
fn escape(rest: &[u8], short: impl Fn(u32) -> Option<Unit>) -> Option<Escape> {
    let [b'\\', kind, digits @ ..] = rest else { return None };
    match kind {
        b'n' => Some((Unit::byte(b'\n'), 2)),
        b'r' => Some((Unit::byte(b'\r'), 2)),
        b't' => Some((Unit::byte(b'\t'), 2)),
        b'b' => Some((Unit::byte(8), 2)),
        b'f' => Some((Unit::byte(12), 2)),
        b'x' => Some((short(number(digits.get(..2)?)?)?, 4)),
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
mod tests;
