//! Any query is read or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| patgate_fuzz::api::read_query(text));
