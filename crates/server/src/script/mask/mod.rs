//! Hides secrets in what scripts print, also those that a script has encoded.
//!
//! Encoders differ in what they escape, so that a list of encoded forms would never be whole. A text is looked at the other way
//! round: decoded, with a note for each byte of where it came from, and the secret itself is looked for in that.

mod views;

use std::collections::BTreeSet;

use patgate_core::item::SecretText;
use zeroize::Zeroizing;

use views::View;

/// What stands in place of a secret.
const HIDDEN: &str = "******";
/// The shortest part of Base64 that is looked for, in characters: shorter ones stand in many texts by chance.
const BASE64_LEAST: usize = 4;

/// Secrets to be hidden.
#[derive(Default)]
pub(super) struct Mask {
    secrets: Vec<Needles>,
}

/// One secret, in the forms that a decoded text cannot show.
struct Needles {
    plain: Zeroizing<Vec<u8>>,
    /// Lower case.
    hexadecimal: Zeroizing<Vec<u8>>,
    /// The characters of Base64 that the secret alone decides, for the three places where it can begin in a group of three.
    base64: Vec<Zeroizing<Vec<u8>>>,
}

impl Mask {
    /// Hides these. An empty one is none.
    pub(super) fn new(secrets: &[SecretText]) -> Self {
        let secrets: BTreeSet<_> = secrets.iter().map(|secret| secret.reveal().as_bytes()).collect();
        let secrets = secrets.into_iter().filter(|secret| !secret.is_empty());
        Self { secrets: secrets.map(Needles::of).collect() }
    }

    /// How many secrets there are: so often a text is looked through.
    pub(super) fn count(&self) -> u64 {
        self.secrets.len() as u64
    }

    /// The text with each secret hidden.
    pub(super) fn applied(&self, text: &str) -> String {
        if self.secrets.is_empty() {
            return text.to_owned();
        }
        let mut found = Vec::new();
        for view in [View::plain(text), View::of_url(text), View::of_form(text), View::of_escapes(text)] {
            self.secrets.iter().for_each(|needles| view.find(&needles.plain, &mut found));
        }
        let lower = View::lower_case(text);
        let base64 = View::of_base64(text);
        for needles in &self.secrets {
            lower.find(&needles.hexadecimal, &mut found);
            needles.base64.iter().for_each(|needle| base64.find(needle, &mut found));
        }
        hide(text, found)
    }
}

impl Needles {
    fn of(secret: &[u8]) -> Self {
        let hexadecimal = secret.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect();
        let base64 = (0..3).filter_map(|before| base64_part(secret, before)).collect();
        Self { plain: Zeroizing::new(secret.to_vec()), hexadecimal: Zeroizing::new(hexadecimal), base64 }
    }
}

/// What is certain of the Base64 of some text in which the secret begins so many bytes into a group of three.
fn base64_part(secret: &[u8], before: usize) -> Option<Zeroizing<Vec<u8>>> {
    use base64::Engine as _;
    let mut padded = Zeroizing::new(vec![0; before]);
    padded.extend_from_slice(secret);
    let encoded = Zeroizing::new(base64::engine::general_purpose::STANDARD_NO_PAD.encode(&*padded));
    // A character holds six bits: those that share some with a neighbour are not the secret's alone.
    let (first, end) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
    let part = encoded.as_bytes().get(first..end)?;
    (part.len() >= BASE64_LEAST).then(|| Zeroizing::new(part.to_vec()))
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
