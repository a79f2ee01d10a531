//! What never reaches the log.

#[path = "../../crates/server/src/logging/scrub.rs"]
#[expect(dead_code, reason = "what writes is not wanted here")]
mod scrub;

/// A record without the tokens that were in it.
#[must_use]
pub fn scrubbed(record: &[u8]) -> Vec<u8> {
    scrub::scrub(record).into_owned()
}
