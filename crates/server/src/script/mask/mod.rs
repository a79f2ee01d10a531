//! Hides secrets in what scripts print, also those that a script has encoded.
//!
//! Encoders differ in what they escape, so that a list of encoded forms would never be whole. A text is looked at the other way
//! round: decoded, with a note for each byte of where it came from, and the secret itself is looked for in that. So is what nobody
//! named and what is a token by its form: scripts can make some.

mod views;

use std::collections::BTreeSet;

use patgate_core::item::SecretText;
use patgate_core::token::text::SECRET;
use zeroize::Zeroizing;

use views::{View, six_bits};

/// What stands in place of a secret.
const HIDDEN: &str = "******";
/// The shortest secret that is looked for in Base64, in bytes: shorter ones stand in many texts by chance.
const BASE64_LEAST: usize = 3;

/// Looks at a text in some way.
type Decode = fn(&str) -> View;

/// Views with their marks. In a text without its mark, a view shows what an earlier one has shown.
const ESCAPED: [(&str, Decode); 4] =
    [("%", View::of_url), ("+", View::of_form), ("\\", View::of_escapes), ("\\x", View::of_starlark)];

/// Secrets to be hidden, beside all tokens.
#[derive(Default)]
pub(super) struct Mask {
    secrets: Vec<Zeroizing<Vec<u8>>>,
}

impl Mask {
    /// Hides these, and all tokens. An empty one is none.
    pub(super) fn new(secrets: &[SecretText]) -> Self {
        let secrets: BTreeSet<_> = secrets.iter().map(|secret| secret.reveal().as_bytes()).collect();
        let secrets = secrets.into_iter().filter(|secret| !secret.is_empty());
        Self { secrets: secrets.map(|secret| Zeroizing::new(secret.to_vec())).collect() }
    }

    /// How many secrets there are: so often a text is looked through, and once more for tokens.
    pub(super) fn count(&self) -> u64 {
        self.secrets.len() as u64
    }

    /// The text with each secret and each token hidden.
    pub(super) fn applied(&self, text: &str) -> String {
        // No text is longer when it is decoded, so that a short one has no token.
        if self.secrets.is_empty() && text.len() <= SECRET {
            return text.to_owned();
        }
        let mut found = Vec::new();
        let mut look = |view: View, least: usize| {
            let secrets = self.secrets.iter().filter(|secret| secret.len() >= least);
            secrets.for_each(|secret| view.find(secret, &mut found));
            view.find_tokens(&mut found);
        };
        look(View::plain(text), 1);
        for (mark, decoded) in ESCAPED {
            if text.contains(mark) {
                look(decoded(text), 1);
            }
        }
        // Without a gap, `n` bytes are `2n` hexadecimal digits, or at least `4n/3` characters of Base64. No secret has the byte that
        // stands for a gap.
        if has_run(text, 2 * self.shortest(1), |byte| byte.is_ascii_hexdigit()) {
            look(View::of_hexadecimal(text), 1);
        }
        if has_run(text, (4 * self.shortest(BASE64_LEAST)).div_ceil(3), |byte| six_bits(byte).is_some()) {
            look(View::of_base64(text), BASE64_LEAST);
        }
        hide(text, found)
    }

    /// The length of the shortest secret of at least so many bytes; never more than that of a token's secret, for tokens are
    /// looked for as well.
    fn shortest(&self, least: usize) -> usize {
        let lengths = self.secrets.iter().map(|secret| secret.len());
        lengths.filter(|length| *length >= least).fold(SECRET, usize::min)
    }
}

/// Whether so many bytes in a row are of a kind.
fn has_run(text: &str, least: usize, is_one: impl Fn(u8) -> bool) -> bool {
    text.as_bytes().split(|byte| !is_one(*byte)).any(|run| run.len() >= least)
}

/// Replaces these ranges of bytes; those that meet are replaced as one.
fn hide(text: &str, mut found: Vec<(usize, usize)>) -> String {
    found.sort_unstable();
    let mut hidden = String::with_capacity(text.len());
    let mut at = 0;
    let mut ranges = found.into_iter().peekable();
    while let Some((start, mut end)) = ranges.next() {
        while let Some((_, further)) = ranges.next_if(|(next, _)| *next <= end) {
            end = end.max(further);
        }
        // A range of decoded bytes may cut a character; the whole of it goes.
        let (start, end) = (text.floor_char_boundary(start), text.ceil_char_boundary(end));
        hidden.push_str(text.get(at..start).unwrap_or_default());
        hidden.push_str(HIDDEN);
        at = end;
    }
    hidden.push_str(text.get(at..).unwrap_or_default());
    hidden
}

#[cfg(test)]
mod tests;
