//! The id by which a sender says that a request is the same as one before.

use super::authentication::Header;

/// The most characters of an id; a longer one is passed over.
pub const LONGEST_MESSAGE_ID: usize = 200;

/// Where senders put it, in the order in which it is looked for: Standard Webhooks, GitHub, and the draft of the HTTP
/// working group (draft-ietf-httpapi-idempotency-key-header), which GitLab follows.
const HEADERS: [&str; 3] = ["webhook-id", "x-github-delivery", "idempotency-key"];

/// The id of a request, when it has one.
#[must_use]
pub fn message_id<'r>(header: &dyn Fn(&str) -> Header<'r>) -> Option<&'r str> {
    HEADERS.iter().find_map(|name| match header(name) {
        Header::Once(id) => Some(id.trim()).filter(|id| (1..=LONGEST_MESSAGE_ID).contains(&id.len())),
        Header::Absent | Header::Unclear => None,
    })
}
