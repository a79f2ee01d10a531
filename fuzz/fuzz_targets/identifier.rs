//! Any text is an identifier or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = text.parse::<patgate_core::identifier::GrantId>();
});
