//! Whatever a mail server answers is an answer or none.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| patgate_fuzz::mail::read(bytes));
