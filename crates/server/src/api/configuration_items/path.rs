//! The place of an item in a path.

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use patgate_core::item::ItemId;

use crate::problem::Problem;
use crate::service::items::ItemRef;

/// The item that a path names, percent-decoded once, matched without case.
///
/// Refuses what can be no place with 400.
pub(super) struct Place(pub(super) ItemRef);

impl<S: Send + Sync> FromRequestParts<S> for Place {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::field("id", "The `id` in the path is not percent-encoded UTF-8"))?;
        let text = params.iter().next().map_or("", |(_, text)| text);
        let id = text.parse::<ItemId>();
        let id = id.map_err(|why| Problem::field("id", format!("The `id` in the path: {why}")))?;
        Ok(Self(ItemRef::At(id)))
    }
}
