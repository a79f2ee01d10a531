//! Any text is the name of an application or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = text.parse::<patgate_core::application::ApplicationName>();
});
