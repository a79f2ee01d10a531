//! Any text is a night or refused; one that is read is written alike, and begins somewhere.
#![no_main]

use jiff::tz::TimeZone;
use patgate_core::reminder::Night;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(night) = text.parse::<Night>() {
        assert_eq!(night.to_string().parse(), Ok(night));
        let _ = night.starts_at(&TimeZone::UTC);
    }
});
