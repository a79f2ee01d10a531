//! The name of a user or a role in a path.

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use patgate_core::user::Username;

use crate::problem::Problem;

/// The one name in a path, percent-decoded, matched without case.
///
/// Refuses what can be no name with 400 that says what the path calls it.
pub(super) struct Name(pub(super) Username);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::field("path", "The name in the path is not percent-encoded UTF-8"))?;
        let (field, text) = params.iter().next().unwrap_or(("path", ""));
        let name = text
            .parse()
            .map_err(|error| Problem::field(field, format!("The `{field}` in the path: {error}")))?;
        Ok(Self(name))
    }
}
