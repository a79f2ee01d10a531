//! Any text is the path of a configuration item or refused, and one that is read is written alike.
#![no_main]

use patgate_core::item::ItemId;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(id) = text.parse::<ItemId>() {
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        assert_eq!(id.folder().is_none(), id.is_root());
    }
});
