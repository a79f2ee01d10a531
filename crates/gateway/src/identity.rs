//! The seven headers that tell an upstream who sends a request. They are made from a `Permit` alone, so that there is
//! no way to tell of somebody about whom no verdict was made.
//!
//! ```compile_fail
//! # fn without_a_verdict(catalog: &patgate_core::permission::Catalog) {
//! patgate_gateway::identity::headers((), catalog);
//! # }
//! ```

use std::sync::LazyLock;

use http::HeaderValue;
use http::header::{CACHE_CONTROL, HeaderMap, HeaderName};
use jiff::Timestamp;
use jiff::tz::Offset;
use patgate_core::index::{FoundGrant, encode_list, encode_value};
use patgate_core::permission::Catalog;
use patgate_core::verify::Permit;

/// The owner's log-in name.
pub const USER: HeaderName = HeaderName::from_static("x-patgate-user");
/// The owner's e-mail address.
pub const EMAIL: HeaderName = HeaderName::from_static("x-patgate-email");
/// The owner's groups.
pub const GROUPS: HeaderName = HeaderName::from_static("x-patgate-groups");
/// What the request may do.
pub const PERMISSIONS: HeaderName = HeaderName::from_static("x-patgate-permissions");
/// The token's identifier.
pub const TOKEN_ID: HeaderName = HeaderName::from_static("x-patgate-token-id");
/// The token's name.
pub const TOKEN_NAME: HeaderName = HeaderName::from_static("x-patgate-token-name");
/// When the token expires (RFC 3339); empty for never.
pub const TOKEN_EXPIRES: HeaderName = HeaderName::from_static("x-patgate-token-expires");

/// All seven, in the order in which they are sent.
pub const ALL: [HeaderName; 7] = [USER, EMAIL, GROUPS, PERMISSIONS, TOKEN_ID, TOKEN_NAME, TOKEN_EXPIRES];

/// The headers of an answer that lets a request pass: all seven, and that no cache may keep it. What there is nothing
/// to say about (the token of somebody who came with a password) is empty, never absent.
#[must_use]
pub fn headers(permit: &Permit<'_>, catalog: &Catalog) -> HeaderMap {
    let facts = permit.facts();
    let [user, email, groups, all] = facts.identity.values();
    let permissions = if permit.permissions() == facts.permissions {
        encoded(all)
    } else {
        encoded(encode_list(catalog.ids_in(permit.permissions()).map(|id| id.as_str())))
    };
    let [token_id, token_name, token_expires] = permit.grant().map_or([EMPTY; 3], of_token);
    FRAME.fill([
        encoded(user),
        encoded(email),
        encoded(groups),
        permissions,
        token_id,
        token_name,
        token_expires,
    ])
}

const EMPTY: HeaderValue = HeaderValue::from_static("");

static FRAME: LazyLock<Frame> = LazyLock::new(Frame::new);

/// The headers with empty values. To copy them and put values in their places takes a third of the time of inserting
/// eight headers into an empty map, which hashes each name: that was more than half of the whole answer.
struct Frame {
    headers: HeaderMap,
    /// For each header in the order in which the map walks over them, its index in [`ALL`]. A copy keeps that order.
    order: Vec<Option<usize>>,
}

impl Frame {
    fn new() -> Self {
        let mut headers: HeaderMap = ALL.into_iter().map(|name| (name, EMPTY)).collect();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let order = headers.keys().map(|name| ALL.iter().position(|known| known == name)).collect();
        Self { headers, order }
    }

    fn fill(&self, mut values: [HeaderValue; 7]) -> HeaderMap {
        let mut headers = self.headers.clone();
        for (place, at) in headers.values_mut().zip(&self.order) {
            if let Some(value) = at.and_then(|at| values.get_mut(at)) {
                std::mem::swap(place, value);
            }
        }
        headers
    }
}

/// What is said of a token: its identifier, its name, when it expires.
fn of_token(token: FoundGrant<'_>) -> [HeaderValue; 3] {
    let name = encode_value(token.name());
    let expires = token.expires_at().timestamp().map_or(EMPTY, |at| encoded(rfc3339(at)));
    [encoded(token.id().to_digits()), encoded(name.as_bytes()), expires]
}

/// `2026-05-03T12:00:00Z` (RFC 3339 §5.6). An expiry is in whole seconds and before 2100; jiff's printer takes many
/// times as long, because it can write more than that.
fn rfc3339(at: Timestamp) -> [u8; 20] {
    let time = Offset::UTC.to_datetime(at);
    let pairs = [
        (0, time.year() / 100),
        (2, time.year() % 100),
        (5, time.month().into()),
        (8, time.day().into()),
        (11, time.hour().into()),
        (14, time.minute().into()),
        (17, time.second().into()),
    ];
    let mut text = *b"0000-00-00T00:00:00Z";
    for (place, pair) in pairs {
        text[place] += (pair / 10) as u8;
        text[place + 1] += (pair % 10) as u8;
    }
    text
}

/// Encoded text is visible ASCII, so it is always a header value.
fn encoded(text: impl AsRef<[u8]>) -> HeaderValue {
    HeaderValue::from_bytes(text.as_ref()).unwrap_or(EMPTY)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_expiry_is_written_as_jiff_writes_it(second in 0_i64..=4_102_444_799) {
            let at = Timestamp::from_second(second).unwrap();
            let text = rfc3339(at);
            prop_assert_eq!(std::str::from_utf8(&text).unwrap(), at.to_string());
        }
    }
}
