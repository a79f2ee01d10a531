//! Whatever is logged, nothing that is left of it is a token, and what holds none stays as it is.
#![no_main]

use patgate_core::token::TokenText;
use patgate_fuzz::logging::scrubbed;

libfuzzer_sys::fuzz_target!(|record: &[u8]| {
    let left = scrubbed(record);
    assert_eq!(scrubbed(&left), left);
    for word in left.split(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_')) {
        assert!(std::str::from_utf8(word).is_ok_and(|word| TokenText::parse(word).is_err()));
    }
    if !record.contains(&b'_') && !record.contains(&b'%') {
        assert_eq!(left, record);
    }
});
