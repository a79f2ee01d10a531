//! Any text is a permission or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = text.parse::<patgate_core::permission::PermissionId>();
});
