//! Any URI has one path, in which nothing is left that two servers read in two ways, or is refused.
#![no_main]

use patgate_gateway::application::RequestPath;

libfuzzer_sys::fuzz_target!(|uri: &[u8]| {
    if let Ok(path) = RequestPath::read(uri) {
        for segment in path.segments() {
            assert!(
                !segment.is_empty() && !segment.ends_with('.') && !segment.contains(['\\', ';', '?', '#'])
            );
        }
    }
});
