//! Whatever an administrator names a header, it is a name or it is refused, and a name is taken again as it is written.
#![no_main]

use patgate_gateway::application::{request_header_name, token_header_name};

libfuzzer_sys::fuzz_target!(|text: &str| {
    for name in [token_header_name(text), request_header_name(text)].into_iter().flatten() {
        assert!(name.as_str().eq_ignore_ascii_case(text));
    }
});
