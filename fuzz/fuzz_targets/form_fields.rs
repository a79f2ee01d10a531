//! Any form is read; the link that brings it back is short, has none of its secrets, and is read alike.
#![no_main]

use patgate_fuzz::pages::{Fields, LONGEST_LINK, escaped_length};

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    let fields = Fields::read(body);
    let link = fields.as_link("/x");
    assert!(link.bytes().all(|byte| byte.is_ascii_graphic()) && escaped_length(&link) < LONGEST_LINK);
    let again = Fields::read(link.strip_prefix("/x").expect("its path").trim_start_matches('?').as_bytes());
    assert!(!again.has("csrf") && !again.has("form"));
    let names = format!("{again:?}").to_lowercase();
    assert!(!names.contains("password") && !names.contains("secret"), "{link}");
    // Of too many names that are too long, one that stood twice can stand once.
    if !again.has("omitted") {
        assert_eq!(again.as_link("/x"), link);
        let query = fields.with(&[("after", "1")]);
        assert_eq!(Fields::read(query.as_bytes()).text("after"), "1");
    }
});
