//! Any text is a token or refused; a token has the published shape, and with another character in it is none.
#![no_main]

use patgate_core::token::TokenText;
use patgate_core::token::text::is_token_shaped;

libfuzzer_sys::fuzz_target!(|input: (u8, &str)| {
    let (at, text) = input;
    let Ok(token) = TokenText::parse(text) else { return };
    assert!(is_token_shaped(text) && text.len() == token.prefix().as_str().len() + 34);
    let at = usize::from(at) % text.len();
    for other in ["a", "b", "0"] {
        let mut typed = text.to_owned();
        typed.replace_range(at..=at, other);
        assert!(typed == text || TokenText::parse(&typed).is_err(), "a typing error at {at} of {text}");
    }
});
