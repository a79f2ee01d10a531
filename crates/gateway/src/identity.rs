//! The seven headers that tell an upstream who sends a request. They are made from a `Permit` alone, so that there is
//! no way to tell of somebody about whom no verdict was made.
//!
//! ```compile_fail
//! # fn without_a_verdict(catalog: &patgate_core::permission::Catalog) {
//! patgate_gateway::identity::headers((), catalog);
//! # }
//! ```

use http::HeaderValue;
use http::header::{HeaderMap, HeaderName};
use jiff::Timestamp;
use jiff::tz::Offset;
use patgate_core::index::{FoundGrant, encode_list};
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

/// All seven. What there is nothing to say about (the token of somebody who came with a password) is empty, never absent.
#[must_use]
pub fn headers(permit: &Permit<'_>, catalog: &Catalog) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(ALL.len());
    with_texts(permit, catalog, |texts| {
        for (name, text) in ALL.into_iter().zip(texts) {
            headers.insert(name, HeaderValue::from_bytes(text).unwrap_or(EMPTY));
        }
    });
    headers
}

/// Tells what all seven say, in their order. Encoded text is visible ASCII, so each is always a header value.
pub(crate) fn with_texts<T>(permit: &Permit<'_>, catalog: &Catalog, tell: impl FnOnce([&[u8]; 7]) -> T) -> T {
    let facts = permit.facts();
    let [user, email, groups, all] = facts.identity.values();
    let own;
    let permissions = if permit.permissions() == facts.permissions {
        all
    } else {
        own = encode_list(catalog.ids_in(permit.permissions()).map(|id| id.as_str()));
        &own
    };
    let token = permit.grant().map(Token::new);
    let [token_id, token_name, token_expires] = token.as_ref().map_or([[].as_slice(); 3], Token::values);
    let [user, email, groups, permissions] = [user, email, groups, permissions].map(str::as_bytes);
    tell([user, email, groups, permissions, token_id, token_name, token_expires])
}

const EMPTY: HeaderValue = HeaderValue::from_static("");

/// What is said of a token: its identifier, its name, when it expires.
struct Token<'v> {
    id: [u8; 11],
    name: &'v str,
    expires: Option<[u8; 20]>,
}

impl<'v> Token<'v> {
    fn new(token: FoundGrant<'v>) -> Self {
        Self {
            id: token.id().to_digits(),
            name: token.encoded_name(),
            expires: token.expires_at().timestamp().map(rfc3339),
        }
    }

    fn values(&self) -> [&[u8]; 3] {
        let expires = self.expires.as_ref().map_or([].as_slice(), |text| text);
        [&self.id, self.name.as_bytes(), expires]
    }
}

/// `2026-05-03T12:00:00Z` (RFC 3339 §5.6). An expiry is in whole seconds and before 2100; jiff's printer takes many
/// times as long, because it can write more than that.
fn rfc3339(at: Timestamp) -> [u8; 20] {
    let time = Offset::UTC.to_datetime(at);
    let year = time.year().unsigned_abs();
    let [[a, b], [c, d]] = [year / 100, year % 100].map(|part| DIGITS[usize::from(part) % 100]);
    let parts = [time.month(), time.day(), time.hour(), time.minute(), time.second()];
    let [[e, f], [g, h], [i, j], [k, l], [m, n]] =
        parts.map(|part| DIGITS[usize::from(part.unsigned_abs()) % 100]);
    [a, b, c, d, b'-', e, f, b'-', g, h, b'T', i, j, b':', k, l, b':', m, n, b'Z']
}

/// `00` to `99`: to look digits up takes half the time of dividing for them.
const DIGITS: [[u8; 2]; 100] = {
    let mut digits = [[b'0'; 2]; 100];
    let mut number = 0;
    while number < 100 {
        digits[number as usize] = [b'0' + number / 10, b'0' + number % 10];
        number += 1_u8;
    }
    digits
};

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
