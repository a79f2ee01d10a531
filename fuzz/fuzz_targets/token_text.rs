//! Any text is a token or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = patgate_core::token::TokenText::parse(text);
});
