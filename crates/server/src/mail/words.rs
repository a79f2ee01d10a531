//! What a mail server says, made fit to be shown: printable, bounded, and without the password.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::server::Credentials;

/// The most that is shown of an answer, in characters.
const LONGEST: usize = 500;
/// A piece of a secret from this length on is one: servers that repeat a command cut it.
const PIECE: usize = 6;
/// What stands in a secret's place.
const BLANK: &str = "…";

/// What must never be shown, in each form in which it goes over the wire.
#[derive(Default)]
pub(super) struct Blanked(Vec<Zeroizing<String>>);

impl Blanked {
    /// Nothing, for a connection that sends no password.
    pub(super) fn nothing() -> Self {
        Self::default()
    }

    /// The password, alone and with the log-in name, as text and in base64.
    pub(super) fn of(credentials: &Credentials) -> Self {
        let password = credentials.password.reveal();
        let plain = Zeroizing::new(format!("\0{}\0{password}", credentials.username));
        Self(vec![
            Zeroizing::new(password.to_owned()),
            Zeroizing::new(STANDARD.encode(password)),
            Zeroizing::new(STANDARD.encode(plain.as_bytes())),
        ])
    }

    /// An answer's text as it may be shown.
    pub(super) fn clean(&self, text: &str) -> String {
        let mut text = printable(text);
        for secret in &self.0 {
            text = text.replace(secret.as_str(), BLANK);
        }
        let is_piece = |word: &str| {
            let is_around = |character: char| !character.is_alphanumeric() && !"+/=".contains(character);
            let word = word.trim_matches(is_around);
            word.len() >= PIECE && self.0.iter().any(|secret| secret.contains(word))
        };
        let words: Vec<_> =
            text.split_whitespace().map(|word| if is_piece(word) { BLANK } else { word }).collect();
        let text = words.join(" ");
        match text.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}{BLANK}", &text[..end]),
            None => text,
        }
    }
}

/// Without control characters, and without those that turn the direction of writing or are not seen.
fn printable(text: &str) -> String {
    let is_unseen = |character: char| matches!(character, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}');
    text.chars()
        .map(|character| if character.is_control() || is_unseen(character) { ' ' } else { character })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::Secret;
    use crate::mail::server::Mechanism;

    fn blanked(username: &str, password: &str) -> Blanked {
        Blanked::of(&Credentials {
            username: username.to_owned(),
            password: Secret::new(password.to_owned()),
            mechanisms: vec![Mechanism::Plain],
            may_go_in_the_clear: false,
        })
    }

    #[test]
    fn a_server_that_repeats_what_it_was_told_shows_no_password() {
        let blanked = blanked("mailer", "correct horse battery");
        let plain = STANDARD.encode("\0mailer\0correct horse battery");
        let login = STANDARD.encode("correct horse battery");
        for said in [
            format!("500 unknown command AUTH PLAIN {plain}"),
            format!("500 unknown command \"{login}\""),
            "535 no: correct horse battery".to_owned(),
            format!("500 unknown command AUTH PLAIN {}", &plain[..20]),
            format!("500 what is {}?", &login[4..]),
        ] {
            let shown = blanked.clean(&said);
            for secret in [&plain[..6], &login[4..10], "horse", "battery"] {
                assert!(!shown.contains(secret), "{shown}");
            }
            assert!(shown.contains('…') && shown.starts_with('5'), "{shown}");
        }
        assert_eq!(
            blanked.clean("535 5.7.8 wrong user name or password"),
            "535 5.7.8 wrong user name or password"
        );
    }

    #[test]
    fn what_is_shown_is_printable_and_short() {
        let shown = Blanked::nothing().clean(&format!("a\u{202E}b\r\nc\u{1b}[31m {}", "ü".repeat(2_000)));
        assert_eq!(&shown[..10], "a b c [31m");
        assert_eq!(shown.chars().count(), LONGEST + 1);
    }
}
