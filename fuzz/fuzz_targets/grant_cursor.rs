//! Any text is a place in a list of tokens or refused, and one that is read is written alike.
#![no_main]

use patgate_fuzz::grants::GrantCursor;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(cursor) = text.parse::<GrantCursor>() {
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
    }
});
