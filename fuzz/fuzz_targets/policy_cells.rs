//! Any text is a set of cells of the table of origins or refused, and one that is read is written alike.
#![no_main]

use patgate_core::policy::cells::Cells;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(cells) = text.parse::<Cells>() {
        assert_eq!(cells.to_string().parse::<Cells>().ok(), Some(cells));
    }
});
