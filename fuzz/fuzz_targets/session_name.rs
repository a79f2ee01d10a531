//! Any text is the name of a session or refused, and one that is read is written alike.
#![no_main]

use patgate_fuzz::session::SessionName;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(name) = text.parse::<SessionName>() {
        assert_eq!(name.to_string(), text);
    }
});
