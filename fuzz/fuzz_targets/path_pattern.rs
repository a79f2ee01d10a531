//! Any text is a path pattern or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = patgate_gateway::application::PathPattern::read(text);
});
