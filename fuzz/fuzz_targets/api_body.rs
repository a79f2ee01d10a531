//! Any body is read or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| patgate_fuzz::api::read_body(bytes));
