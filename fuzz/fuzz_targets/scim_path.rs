//! Any text is a path of SCIM or refused, and what is understood is read again as the same.
#![no_main]

use patgate_core::scim::Path;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(read) = text.parse::<Path>() {
        let written = read.to_string();
        // Written in full it may be too long or too deep.
        if let Ok(again) = written.parse::<Path>() {
            assert_eq!(again, read);
        }
    }
});
