//! Owners in the index: who they are now, and the identity headers that tell it to an upstream.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::confirmation::Confirmation;
use crate::permission::{Catalog, PermissionSet};
use crate::user::{Origin, User, UserState};

/// What stays readable in an identity header; everything else, the comma first of all, is percent-encoded.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@').remove(b'#');

/// One value of an identity header: percent-encoded UTF-8 (RFC 3986 §2.1).
#[must_use]
pub(super) fn encode_value(value: &str) -> Cow<'_, str> {
    utf8_percent_encode(value, ENCODED).into()
}

/// A list in an identity header: each value encoded, then joined by commas.
#[must_use]
pub fn encode_list<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    values.into_iter().map(encode_value).collect::<Vec<_>>().join(",")
}

/// The values of an owner's identity headers, encoded once for all requests.
///
/// They stand behind each other in one text, which a request copies from: counting the users of a shared value would
/// write to a line that is rarely in the processor's cache, and cost more than the copy.
#[derive(Clone, Debug)]
pub struct Identity {
    text: Box<str>,
    /// Where each value but the last ends.
    ends: [u32; 3],
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
    /// What their provider last said.
    pub confirmation: Confirmation,
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
            confirmation: user.confirmation,
            permissions,
            identity: Identity::new(&[
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
    fn new(values: &[Cow<'_, str>; 4]) -> Self {
        let mut text = String::new();
        let ends = [0, 1, 2].map(|value| {
            text.push_str(&values[value]);
            // Longer than 4 GiB is no header, and what does not fit reads as empty.
            u32::try_from(text.len()).unwrap_or(u32::MAX)
        });
        text.push_str(&values[3]);
        Self { text: text.into(), ends }
    }

    /// The values of `X-Patgate-User`, `-Email`, `-Groups`, and of `-Permissions` for a request that carries all of
    /// the owner's permissions.
    #[must_use]
    pub fn values(&self) -> [&str; 4] {
        let [user, email, groups] = self.ends.map(|end| end as usize);
        let part = |from: usize, to: usize| self.text.get(from..to).unwrap_or_default();
        [part(0, user), part(user, email), part(email, groups), part(groups, self.text.len())]
    }
}
