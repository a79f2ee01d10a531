//! Whatever a process that runs scripts says is a message or none.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| patgate_fuzz::script::read(bytes));
