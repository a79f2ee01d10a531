//! Owners in the index: who they are now, and the identity headers that tell it to an upstream.

use std::borrow::Cow;

use bytes::Bytes;
use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::permission::{Catalog, PermissionSet};
use crate::user::{Origin, User, UserState};

/// What stays readable in an identity header; everything else, the comma first of all, is percent-encoded.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@').remove(b'#');

/// One value of an identity header: percent-encoded UTF-8 (RFC 3986 §2.1).
#[must_use]
pub fn encode_value(value: &str) -> Cow<'_, str> {
    utf8_percent_encode(value, ENCODED).into()
}

/// A list in an identity header: each value encoded, then joined by commas.
#[must_use]
pub fn encode_list<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    values.into_iter().map(encode_value).collect::<Vec<_>>().join(",")
}

/// The identity headers of an owner, encoded once for all requests.
#[derive(Clone, Debug)]
pub struct Identity {
    /// `X-Patgate-User`.
    pub user: HeaderValue,
    /// `X-Patgate-Email`.
    pub email: HeaderValue,
    /// `X-Patgate-Groups`.
    pub groups: HeaderValue,
    /// `X-Patgate-Permissions` of a request that carries all of the owner's permissions.
    pub permissions: HeaderValue,
}

/// What is true of an owner now.
#[derive(Clone, Debug)]
pub struct OwnerFacts {
    /// The log-in name.
    pub username: Box<str>,
    /// The name in the form that is compared.
    pub username_key: Box<str>,
    /// Where they come from.
    pub origin: Origin,
    /// Whether they may act.
    pub enabled: bool,
    /// What they may do; everything for an administrator.
    pub permissions: PermissionSet,
    /// What an upstream is told.
    pub identity: Identity,
}

impl OwnerFacts {
    /// The facts of a user who holds these permissions through their roles.
    #[must_use]
    pub fn new(user: &User, held: PermissionSet, catalog: &Catalog) -> Self {
        let permissions = catalog.effective(held);
        let ids = catalog.ids_in(permissions).map(|id| id.as_str());
        Self {
            username: user.username.as_str().into(),
            username_key: user.username.key().into(),
            origin: user.origin,
            enabled: user.state == UserState::Enabled,
            permissions,
            identity: Identity::new([
                encode_value(user.username.as_str()),
                encode_value(&user.email),
                encode_list(user.groups.iter().map(String::as_str)).into(),
                encode_list(ids).into(),
            ]),
        }
    }

    /// Whether this is their name, whatever the case.
    #[must_use]
    pub(crate) fn is_called(&self, name: &str) -> bool {
        *name == *self.username || name.to_lowercase() == *self.username_key
    }
}

impl Identity {
    /// The values stand behind each other in one block with one count of its users, so that a request touches few
    /// cache lines.
    fn new(values: [Cow<'_, str>; 4]) -> Self {
        let block = Bytes::from(values.concat());
        let mut from = 0;
        let [user, email, groups, permissions] = values.map(|value| {
            let part = block.slice(from..from + value.len());
            from += value.len();
            header(part)
        });
        Self { user, email, groups, permissions }
    }
}

/// Encoded text is visible ASCII, so it is always a header value; anything else would be a lie about the user.
fn header(encoded: Bytes) -> HeaderValue {
    HeaderValue::from_maybe_shared(encoded).unwrap_or_else(|_| HeaderValue::from_static(""))
}
