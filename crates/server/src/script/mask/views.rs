//! A text as it is when it is decoded, with the place of each byte in the text.

/// Decoded bytes, and where they came from.
pub(super) struct View {
    bytes: Vec<u8>,
    /// Where the byte's characters begin and end in the text.
    places: Vec<(usize, usize)>,
}

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
            [b'+', ..] => Some((Decoded::byte(b' '), 1)),
            _ => percent(rest),
        })
    }

    /// With escapes of JSON, of Starlark and of Rust decoded.
    pub(super) fn of_escapes(text: &str) -> Self {
        Self::decoded(text, escape)
    }

    /// Where the needle stands, as ranges of the text, of which those that meet are one. Takes one walk (Knuth, Morris and
    /// Pratt 1977): a script chooses the text, and may know that a secret repeats itself.
    pub(super) fn find(&self, needle: &[u8], found: &mut Vec<(usize, usize)>) {
        let borders = borders(needle);
        let mut fits = 0;
        for (at, byte) in self.bytes.iter().enumerate() {
            fits = longer(needle, &borders, fits, *byte);
            if fits < needle.len() || needle.is_empty() {
                continue;
            }
            if let (Some((start, _)), Some((_, end))) = (self.places.get(at + 1 - fits), self.places.get(at))
            {
                match found.last_mut() {
                    Some(last) if last.0 <= *start && *start <= last.1 => last.1 = last.1.max(*end),
                    _ => found.push((*start, *end)),
                }
            }
            fits = borders.get(fits - 1).copied().unwrap_or_default();
        }
    }

    fn each(text: &str, change: impl Fn(u8) -> u8) -> Self {
        let places = (0..text.len()).map(|at| (at, at + 1)).collect();
        Self { bytes: text.bytes().map(change).collect(), places }
    }

    fn decoded(text: &str, decode: impl Fn(&[u8]) -> Option<(Decoded, usize)>) -> Self {
        let text = text.as_bytes();
        let mut view = Self { bytes: Vec::with_capacity(text.len()), places: Vec::with_capacity(text.len()) };
        let mut at = 0;
        while let Some(rest) = text.get(at..)
            && let Some(byte) = rest.first()
        {
            let (decoded, length) = decode(rest).unwrap_or((Decoded::byte(*byte), 1));
            for byte in decoded.bytes.get(..decoded.length).unwrap_or_default() {
                view.bytes.push(*byte);
                view.places.push((at, at + length));
            }
            at += length;
        }
        view
    }
}

/// For each beginning of the needle, how much of the needle's own beginning it ends with.
fn borders(needle: &[u8]) -> Vec<usize> {
    let mut borders = Vec::with_capacity(needle.len());
    for (at, byte) in needle.iter().enumerate() {
        let border = if at == 0 { 0 } else { longer(needle, &borders, borders[at - 1], *byte) };
        borders.push(border);
    }
    borders
}

/// How much of the needle fits when so much of it did before this byte.
fn longer(needle: &[u8], borders: &[usize], mut fits: usize, byte: u8) -> usize {
    while fits > 0 && needle.get(fits) != Some(&byte) {
        fits = borders.get(fits - 1).copied().unwrap_or_default();
    }
    fits + usize::from(needle.get(fits) == Some(&byte))
}

/// What an escape stands for: a byte, or a character of up to four.
struct Decoded {
    bytes: [u8; 4],
    length: usize,
}

impl Decoded {
    fn byte(byte: u8) -> Self {
        Self { bytes: [byte, 0, 0, 0], length: 1 }
    }

    fn character(code: u32) -> Option<Self> {
        let mut bytes = [0; 4];
        let length = char::from_u32(code)?.encode_utf8(&mut bytes).len();
        Some(Self { bytes, length })
    }
}

fn percent(rest: &[u8]) -> Option<(Decoded, usize)> {
    match rest {
        [b'%', high, low, ..] => {
            let value = number(&[*high, *low])?;
            Some((Decoded::byte(u8::try_from(value).ok()?), 3))
        }
        _ => None,
    }
}

/// `\n`, `\"`, `\/`, `\x41`, `\u0041`, two of those for one character, `\U00000041`, `\u{41}`.
fn escape(rest: &[u8]) -> Option<(Decoded, usize)> {
    let [b'\\', kind, digits @ ..] = rest else { return None };
    match kind {
        b'n' => Some((Decoded::byte(b'\n'), 2)),
        b'r' => Some((Decoded::byte(b'\r'), 2)),
        b't' => Some((Decoded::byte(b'\t'), 2)),
        b'b' => Some((Decoded::byte(8), 2)),
        b'f' => Some((Decoded::byte(12), 2)),
        b'x' => Some((Decoded::byte(u8::try_from(number(digits.get(..2)?)?).ok()?), 4)),
        b'U' => Some((Decoded::character(number(digits.get(..8)?)?)?, 10)),
        b'u' if digits.first() == Some(&b'{') => {
            let length = digits.iter().take(8).position(|byte| *byte == b'}')?;
            Some((Decoded::character(number(digits.get(1..length)?)?)?, length + 3))
        }
        b'u' => {
            let first = number(digits.get(..4)?)?;
            if let Some(decoded) = Decoded::character(first) {
                return Some((decoded, 6));
            }
            // Half of a pair (RFC 8259 §7).
            let second = digits.get(4..).and_then(|rest| rest.strip_prefix(b"\\u"))?;
            let second = number(second.get(..4)?)?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
            let high = first.checked_sub(0xd800)?.checked_mul(0x400)?;
            Some((Decoded::character(high.checked_add(second)?.checked_add(0x1_0000)?)?, 12))
        }
        b'"' | b'\'' | b'\\' | b'/' => Some((Decoded::byte(*kind), 2)),
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
