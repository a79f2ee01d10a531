//! All chains at once show what each of them shows by itself.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
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

/// The same of tokens.
fn tokens_one_by_one(view: &View) -> Vec<bool> {
    let mut hidden = vec![false; view.units.len()];
    for start in 0..view.units.len() {
        let (mut at, mut decoded) = (start, String::new());
        while let Some(unit) = view.units.get(at).filter(|_| decoded.len() <= Prefix::LONGEST + SECRET) {
            decoded.push(char::from(unit.bytes[0]));
            at += usize::from(unit.length);
            if TokenText::parse(&decoded).is_ok() {
                hidden[start..at].fill(true);
            }
        }
    }
    hidden
}

/// Which places these ranges cover.
fn covered(found: &[(usize, usize)], places: usize) -> Vec<bool> {
    let mut hidden = vec![false; places];
    found.iter().for_each(|(start, end)| hidden[*start..*end].fill(true));
    hidden
}

proptest! {
    #[test]
    fn all_chains_at_once_show_what_each_shows_by_itself(
        needle in "[ab\\\\]{1,6}|[aé]{1,4}",
        text in proptest::collection::vec(
            proptest::sample::select(vec![
                "a", "b", "é", "\\", "%", "\\x61", "\\u0062", "\\u{e9}", "\\xe9", "%61", "%C3", "%A9", "6", "1", "x", "u",
            ]),
            0..24,
        ),
    ) {
        let text = text.concat();
        for decoded in [View::plain, View::of_url, View::of_escapes, View::of_starlark, View::of_hexadecimal] {
            let (view, mut found) = (decoded(&text), Vec::new());
            view.find(needle.as_bytes(), &mut found);
            prop_assert_eq!(covered(&found, text.len()), one_by_one(&view, needle.as_bytes()));
        }
    }

    #[test]
    fn a_token_is_found_on_each_chain_and_nothing_else_is(
        text in proptest::collection::vec(
            proptest::sample::select(vec![
                "pat_U7C10Qhh00HEaqaBxfz4OMOiPc72lMuWV", "U7C10Qhh00HEaqaBxfz4OMOiPc72lMuWV", "pat", "pa", "_", "%5f", "%74_",
                "\\u0061", "\\x74", "\\", "U7C10Qhh00", "HEaqaBxfz4OMOiPc72lMuW", "V", "p", "t_", "0", "é", "%",
            ]),
            0..12,
        ),
    ) {
        let text = text.concat();
        for decoded in [View::plain, View::of_url, View::of_escapes, View::of_starlark, View::of_hexadecimal] {
            let (view, mut found) = (decoded(&text), Vec::new());
            view.find_tokens(&mut found);
            prop_assert_eq!(covered(&found, text.len()), tokens_one_by_one(&view));
        }
    }

    #[test]
    fn base64_is_decoded_from_each_of_its_places(text in "[a-d=-]{0,12}") {
        let view = View::of_base64(&text);
        for start in 0..text.len() {
            let (mut at, mut decoded) = (3 * start, Vec::new());
            while let Some(unit) = view.units.get(at).filter(|unit| unit.bytes[0] != NOTHING) {
                decoded.push(unit.bytes[0]);
                at += usize::from(unit.length);
            }
            let whole = text[start..].split('=').next().unwrap();
            // One character alone is no byte, and of those that are left over the last has bits of none.
            let bits = whole.len() * 6;
            prop_assert_eq!(decoded.len(), bits / 8);
            let group = whole.len() / 4 * 4;
            let expected = URL_SAFE_NO_PAD.decode(&whole[..group]).unwrap();
            prop_assert_eq!(&decoded[..expected.len()], &expected[..]);
        }
    }
}
