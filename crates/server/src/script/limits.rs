//! How much a script may take.

use std::time::Duration;

/// The most that all variables of a script may take, written as JSON, in bytes. No release whose scripts would have more is
/// saved or started.
pub const VARIABLES_BYTES: usize = 256 * 1_024;

/// How many lists and dicts a script may say within one another. What reads JSON takes 127, with those of the message around them.
pub(super) const DEEPEST: usize = 100;

/// The longest text that is told of an error, in characters.
pub(super) const TOLD: usize = 4_000;
/// How much of it a worker says, in characters: secrets are hidden in that, also one that stands across the end of what is told and
/// is escaped, before it is cut.
pub(super) const SAID: usize = 32 * 1_024;

/// What one script may take. The default holds ten times what a script needs that makes hundreds of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Statements. The default, ten million, takes a second or two.
    pub steps: u64,
    /// Memory of the process that runs it, in bytes, of which some 10 MiB are the process itself. The default is 128 MiB.
    pub memory_bytes: u64,
    /// Time of a processor, in whole seconds; at least one. The default, 10 s, also ends the single statement that takes for ever.
    pub processor: Duration,
    /// Time on the clock, with all its calls. The default, 60 s, is what a client of this server waits for an answer at most.
    pub wall: Duration,
    /// All that it prints together, in bytes. The default, 256 KiB, is more than people read of one task.
    pub output_bytes: u64,
    /// Calls of the API. The default is 1,000.
    pub calls: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 10_000_000,
            memory_bytes: 128 * 1_024 * 1_024,
            processor: Duration::from_secs(10),
            wall: Duration::from_secs(60),
            output_bytes: 256 * 1_024,
            calls: 1_000,
        }
    }
}

/// A text of so many characters at most, and a sign when there was more.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
