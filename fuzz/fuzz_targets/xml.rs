//! Any bytes are a document or refused, and what is understood is read again as the same.
#![no_main]

use patgate_core::xml::read;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(first) = read(bytes) {
        assert_eq!(read(first.to_document().as_bytes()), Ok(first));
    }
});
