//! The seven headers that tell an upstream who sends a request. They are made from a `Permit` alone, so that there is
//! no way to tell of somebody about whom no verdict was made.
//!
//! ```compile_fail
//! # fn without_a_verdict(catalog: &patgate_core::permission::Catalog) {
//! patgate_gateway::identity::headers((), catalog);
//! # }
//! ```

use bytes::Bytes;
use http::HeaderValue;
use http::header::{HeaderMap, HeaderName};
use jiff::fmt::temporal::DateTimePrinter;
use patgate_core::index::{Entry, encode_value};
use patgate_core::permission::{Catalog, PermissionSet};
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

/// Writes times of whole seconds as `2026-05-03T12:00:00Z`.
const PRINTER: DateTimePrinter = DateTimePrinter::new();

/// The seven headers of a request that may pass, with room for one more. All are always there; what there is nothing
/// to say about (the token of somebody who came with a password) is empty.
#[must_use]
pub fn headers(permit: &Permit<'_>, catalog: &Catalog) -> HeaderMap {
    let identity = &permit.facts().identity;
    let is_all = permit.permissions() == permit.facts().permissions;
    let own = PerRequest::of(permit.grant(), (!is_all).then(|| permit.permissions()), catalog);
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(USER, identity.user.clone());
    headers.insert(EMAIL, identity.email.clone());
    headers.insert(GROUPS, identity.groups.clone());
    headers.insert(PERMISSIONS, if is_all { identity.permissions.clone() } else { own.permissions });
    headers.insert(TOKEN_ID, own.token_id);
    headers.insert(TOKEN_NAME, own.token_name);
    headers.insert(TOKEN_EXPIRES, own.token_expires);
    headers
}

/// What is not kept ready with the owner: written into one buffer of which each value is a slice.
struct PerRequest {
    token_id: HeaderValue,
    token_name: HeaderValue,
    token_expires: HeaderValue,
    permissions: HeaderValue,
}

impl PerRequest {
    fn of(token: Option<&Entry>, permissions: Option<PermissionSet>, catalog: &Catalog) -> Self {
        // 11 bytes of identifier and 20 of expiry; most names are short.
        let mut buffer = Vec::with_capacity(96);
        if let Some(token) = token {
            buffer.extend_from_slice(&token.id().to_digits());
        }
        let id_end = buffer.len();
        if let Some(token) = token {
            buffer.extend_from_slice(encode_value(token.name()).as_bytes());
        }
        let name_end = buffer.len();
        if let Some(at) = token.and_then(|token| token.expires_at().timestamp()) {
            // Writing to a `Vec` cannot fail.
            let _ = PRINTER.print_timestamp(&at, &mut buffer);
        }
        let expires_end = buffer.len();
        for (at, id) in permissions.into_iter().flat_map(|set| catalog.ids_in(set)).enumerate() {
            if at > 0 {
                buffer.push(b',');
            }
            buffer.extend_from_slice(encode_value(id.as_str()).as_bytes());
        }
        let buffer = Bytes::from(buffer);
        let value = |from: usize, to: usize| {
            let empty = HeaderValue::from_static("");
            // Encoded text is visible ASCII, so it is always a header value.
            if from == to {
                empty
            } else {
                HeaderValue::from_maybe_shared(buffer.slice(from..to)).unwrap_or(empty)
            }
        };
        Self {
            token_id: value(0, id_end),
            token_name: value(id_end, name_end),
            token_expires: value(name_end, expires_end),
            permissions: value(expires_end, buffer.len()),
        }
    }
}
