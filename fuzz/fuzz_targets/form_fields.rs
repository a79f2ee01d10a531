//! Any form is read; what comes back of it after a log-in has none of its secrets, and as a link is short and read alike.
#![no_main]

use patgate_fuzz::pages::{Fields, LONGEST_LINK, escaped_length};

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    let fields = Fields::read(body).safe();
    assert!(!fields.has("csrf") && !fields.has("form"));
    let names = format!("{fields:?}").to_lowercase();
    assert!(!names.contains("password") && !names.contains("secret"), "{names}");
    assert!(fields.pairs().all(|(name, _)| !name.starts_with(':')), "{names}");
    let Some(link) = fields.as_link("/x") else { return };
    assert!(link.bytes().all(|byte| byte.is_ascii_graphic()) && escaped_length(&link) <= LONGEST_LINK);
    let again = Fields::read(link.strip_prefix("/x").expect("its path").trim_start_matches('?').as_bytes());
    assert!(again.pairs().eq(fields.pairs()), "{link}");
    let query = fields.with(&[("after", "1")]);
    assert_eq!(Fields::read(query.as_bytes()).text("after"), "1");
});
