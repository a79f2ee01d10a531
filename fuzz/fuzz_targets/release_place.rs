//! Any text is the place of a release or of a task or refused, and one that is read is written alike.
#![no_main]

use patgate_core::release::{PhaseId, ReleaseId, TaskId, TaskPlace, VariableId};

const ROOT: &str = "Applications/";

libfuzzer_sys::fuzz_target!(|text: &str| {
    let below = text.strip_prefix(ROOT).unwrap_or(text);
    if let Ok(release) = ReleaseId::of_place(text) {
        assert_eq!(release.as_str(), below);
        assert_eq!(release.place(), release.to_string());
        assert_eq!(ReleaseId::of_place(&release.place()), Ok(release));
    }
    if let Ok(place) = text.parse::<TaskPlace>() {
        assert_eq!(place.to_string(), [ROOT, below].concat());
        assert_eq!(place.to_string().parse(), Ok(place));
    }
    if let Ok(phase) = text.parse::<PhaseId>() {
        assert_eq!(phase.as_str(), text);
    }
    if let Ok(task) = text.parse::<TaskId>() {
        assert_eq!(task.as_str(), text);
    }
    if let Ok(variable) = text.parse::<VariableId>() {
        assert_eq!(variable.as_str(), text);
    }
});
