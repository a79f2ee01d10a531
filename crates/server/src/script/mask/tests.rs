//! What is hidden, and what is not.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use patgate_core::token::{PlainToken, Prefix};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;

fn mask(secret: &str) -> Mask {
    Mask::new(&[SecretText::from(secret)])
}

fn token(prefix: Prefix, seed: u64) -> PlainToken {
    PlainToken::generate(prefix, &mut ChaCha20Rng::seed_from_u64(seed))
}

/// As Starlark writes it in a list: its own marks, and characters of which the number has two digits.
fn in_starlark(text: &str) -> String {
    let escaped = |character: char| match character {
        '"' | '\\' => format!("\\{character}"),
        '\u{80}'..='\u{ff}' => format!("\\x{:02x}", u32::from(character)),
        _ => character.to_string(),
    };
    text.chars().map(escaped).collect()
}

#[test]
fn somebody_who_prints_a_token_in_any_form_sees_stars() {
    let secret = "rpa_8hJ2 ~/é\"\\+x\nz";
    let mask = mask(secret);
    let json = serde_json::to_string(secret).unwrap();
    let ascii: String = secret.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
    let hexadecimal: String = secret.bytes().map(|byte| format!("{byte:02X}")).collect();
    let url = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    for form in [
        secret.to_owned(),
        json.trim_matches('"').to_owned(),
        ascii,
        hexadecimal,
        url.to_lowercase().replace("rpa%5f8hj2", "rpa%5f8hJ2"),
        url.clone(),
        url.replace("%20", "+"),
        secret.replace('é', "%C3%A9"),
        secret.escape_default().to_string(),
    ] {
        assert_eq!(mask.applied(&format!("a {form} b")), "a ****** b", "{form}");
    }
}

#[test]
fn a_character_that_is_escaped_like_a_byte_is_found_as_either() {
    let secret = "pä\u{a0}ss \"ÿ";
    let mask = mask(secret);
    let bytes = r#"p\xc3\xa4\xc2\xa0ss \"\xc3\xbf"#;
    assert_eq!(in_starlark(secret), r#"p\xe4\xa0ss \"\xff"#);
    for form in [secret, &in_starlark(secret), r#"p\xE4\xA0ss \"\xFF"#, bytes] {
        assert_eq!(mask.applied(&format!("{{1: [\"{form}\"]}}")), "{1: [\"******\"]}", "{form}");
    }
}

#[test]
fn whatever_stands_before_a_secret_its_base64_is_hidden() {
    let mask = mask("correct horse battery");
    for before in ["", "a", "ab", "abc", "user:"] {
        for after in ["", "!", "??"] {
            for engine in [&STANDARD, &URL_SAFE_NO_PAD] {
                let encoded = engine.encode(format!("{before}correct horse battery{after}"));
                let shown = mask.applied(&encoded);
                assert!(shown.contains(HIDDEN), "{before} {encoded}");
                assert!(
                    shown.len() - HIDDEN.len() <= before.len() * 4 / 3 + after.len() * 4 / 3 + 8,
                    "{shown}"
                );
            }
        }
    }
}

#[test]
fn half_an_escape_before_a_secret_shows_none_of_it() {
    let secret = "\"C:\\new\" 100%";
    let mask = mask(secret);
    let json = serde_json::to_string(secret).unwrap();
    let url = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    for form in [secret, &json[1..json.len() - 1], &url] {
        for before in ["\\", "\\\\\\", "\\x", "\\x4", "\\u00", "\\ud83d", "\\u{4", "%", "%2", "%%", "+%2"] {
            let shown = mask.applied(&format!("{before}{form} b"));
            // An escape that the secret's beginning completes may go with it.
            assert!(
                shown.ends_with("****** b") && before.starts_with(&shown[..shown.len() - 8]),
                "{before} {shown}"
            );
        }
    }
}

#[test]
fn a_token_that_nobody_named_is_hidden_in_any_form() {
    let token = token(Prefix::RELEASE, 1);
    let token = token.reveal();
    let mask = Mask::default();
    let escaped: String = token.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    let hexadecimal: String = token.bytes().map(|byte| format!("{byte:02X}")).collect();
    let url: String = token.bytes().map(|byte| format!("%{byte:02x}")).collect();
    for form in [token, &token.replace('_', "%5F"), &escaped, &hexadecimal, &url] {
        assert_eq!(mask.applied(&format!("a {form}, b")), "a ******, b", "{form}");
    }
    assert_eq!(mask.applied(&format!("api/{token}/{token}")), "api/******/******");
    // Glued to a word, it is one all the same.
    assert_eq!(mask.applied(&format!("is{token}is")), "is******is");
    for before in ["", "a", "ab", "admin:"] {
        let shown = mask.applied(&URL_SAFE_NO_PAD.encode(format!("{before}{token}")));
        assert!(shown.contains(HIDDEN) && shown.len() <= before.len() * 4 / 3 + HIDDEN.len(), "{shown}");
    }
    assert_eq!(self::mask("other").applied(&format!("{token} other")), "****** ******");
}

#[test]
fn what_only_looks_like_a_token_is_shown() {
    let token = token(Prefix::ANY, 1);
    let token = token.reveal();
    for text in [
        token.replace("pat_", "rpa_"),
        token.replace("pat_", "p_"),
        token.replace("pat_", "_"),
        token[..token.len() - 1].to_owned(),
        token[4..].to_owned(),
        token.to_uppercase(),
        format!("{} {}", &token[..20], &token[20..]),
    ] {
        assert_eq!(Mask::default().applied(&text), text);
    }
}

#[test]
fn secrets_that_meet_are_hidden_as_one() {
    let mask = Mask::new(&["abcd", "cdef"].map(SecretText::from));
    assert_eq!(mask.applied("1abcdef2"), "1******2");
    assert_eq!(mask.applied("abcdabcd"), HIDDEN);
}

#[test]
fn a_text_without_secrets_stays_as_it_is() {
    for text in ["", "100 % sure", "a\\", "\\u12", "\\u{", "\\ud800\\u0041", "%", "%4", "é%C3"] {
        assert_eq!(mask("hidden").applied(text), text);
        assert_eq!(mask("").applied(text), text);
    }
}

#[test]
fn a_secret_longer_than_a_token_does_not_decide_what_is_decoded() {
    let token = token("ab".parse().unwrap(), 1);
    let token = token.reveal();
    let hexadecimal: String = token.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mask = mask(&"x".repeat(400));
    for form in [&hexadecimal, &STANDARD.encode(token)] {
        assert_eq!(mask.applied(form), HIDDEN);
    }
}

/// What would be hidden if a text were looked at in each view, whatever stands in it.
fn hidden_in_all_views(mask: &Mask, text: &str) -> String {
    let mut found = Vec::new();
    for (decoded, least) in [
        (View::plain as Decode, 1),
        (View::of_url, 1),
        (View::of_form, 1),
        (View::of_escapes, 1),
        (View::of_starlark, 1),
        (View::of_hexadecimal, 1),
        (View::of_base64, BASE64_LEAST),
    ] {
        let view = decoded(text);
        let secrets = mask.secrets.iter().filter(|secret| secret.len() >= least);
        secrets.for_each(|secret| view.find(secret, &mut found));
        view.find_tokens(&mut found);
    }
    hide(text, found)
}

/// Secrets of two to four bytes and tokens in their forms, and what stands around them.
fn pieces() -> Vec<String> {
    let token = token("ab".parse().unwrap(), 1);
    let mut pieces: Vec<String> =
        ["%", "+", "\\", "\\x", "\\xe4", "a", "A", "=", " ", "0", "é", "u00"].map(str::to_owned).into();
    for secret in ["k ", "j/+", "\"a%\\", "ä\u{a0}", token.reveal()] {
        pieces.push(secret.to_owned());
        pieces.push(secret.replace(' ', "+"));
        pieces.push(utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string());
        pieces.push(secret.escape_default().to_string());
        pieces.push(in_starlark(secret));
        pieces.push(secret.bytes().map(|byte| format!("\\x{byte:02x}")).collect());
        pieces.push(secret.bytes().map(|byte| format!("{byte:02x}")).collect());
        pieces.extend(["", "a", "ab"].map(|before| URL_SAFE_NO_PAD.encode(format!("{before}{secret}"))));
    }
    pieces
}

proptest! {
    #[test]
    fn a_view_that_is_left_out_would_have_hidden_nothing_more(
        secrets in proptest::sample::subsequence(vec!["k ", "j/+", "\"a%\\", "ä\u{a0}"], 0..=4),
        text in proptest::collection::vec(proptest::sample::select(pieces()), 0..5),
    ) {
        let secrets: Vec<_> = secrets.into_iter().map(SecretText::from).collect();
        let (mask, text) = (Mask::new(&secrets), text.concat());
        prop_assert_eq!(mask.applied(&text), hidden_in_all_views(&mask, &text));
    }

    #[test]
    fn each_place_of_a_secret_is_found(secret in "[ab]{1,6}", text in "[ab]{0,40}") {
        let is_secret = |at: usize| {
            let starts = at.saturating_sub(secret.len() - 1)..=at;
            starts.into_iter().any(|start| text[start..].starts_with(&secret))
        };
        let mut expected = String::new();
        for (at, character) in text.char_indices() {
            match (is_secret(at), at > 0 && is_secret(at - 1)) {
                (true, true) => {}
                (true, false) => expected.push_str(HIDDEN),
                (false, _) => expected.push(character),
            }
        }
        // Two that touch are hidden as one.
        prop_assert_eq!(mask(&secret).applied(&text), expected);
    }

    #[test]
    fn no_form_of_a_secret_is_left(
        secret in "\\PC{4,40}|[ä\u{a0}ÿ\\\\x\"4e]{4,12}",
        before in "[ -~]{0,20}",
        after in "[ -~]{0,20}",
    ) {
        let mask = mask(&secret);
        let json = serde_json::to_string(&secret).unwrap();
        let hexadecimal: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        let url = utf8_percent_encode(&secret, NON_ALPHANUMERIC).to_string();
        for form in [secret.as_str(), &json[1..json.len() - 1], &in_starlark(&secret), &hexadecimal, &url] {
            let shown = mask.applied(&format!("{before}{form}{after}"));
            prop_assert!(!shown.contains(form) || HIDDEN.contains(form), "{shown}");
            prop_assert!(shown.contains(HIDDEN));
        }
    }

    #[test]
    fn no_form_of_a_token_is_left(seed in any::<u64>(), before in "[ -~]{0,20}", after in "[ -~]{0,20}") {
        let token = token("ab12".parse().unwrap(), seed);
        let token = token.reveal();
        let hexadecimal: String = token.bytes().map(|byte| format!("{byte:02x}")).collect();
        let url: String = token.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for form in [token, &hexadecimal, &url] {
            let shown = Mask::default().applied(&format!("{before}{form}{after}"));
            prop_assert!(!shown.contains(form) && shown.contains(HIDDEN), "{shown}");
        }
        let shown = Mask::default().applied(&STANDARD.encode(format!("{before}{token}{after}")));
        let around = (before.len() + after.len()) * 4 / 3 + 6;
        prop_assert!(shown.contains(HIDDEN) && shown.len() <= around + HIDDEN.len(), "{shown}");
    }

    #[test]
    fn any_text_can_be_looked_at(secret in ".{0,10}", text in "[%\\\\u{}xé0-9a-f+]{0,60}|.{0,60}") {
        mask(&secret).applied(&text);
    }
}
