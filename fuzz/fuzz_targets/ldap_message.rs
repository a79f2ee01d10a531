//! Whatever an LDAP server says is read or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| patgate_fuzz::ldap::read(bytes));
