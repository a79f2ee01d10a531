//! The place that a path names.

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use patgate_core::item::{ItemId, NotAnItemId};

use super::ci::entity_missing;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::items::{self, ItemRef, ItemView};
use crate::state::AppState;

/// The place at the end of a path, percent-decoded once. It may be one that no item can have here: Deploy has more roots.
pub(in crate::api) struct Place {
    /// As it was written.
    pub(in crate::api) written: String,
    /// As a place of an item.
    pub(in crate::api) id: Result<ItemId, NotAnItemId>,
}

impl Place {
    /// What a parameter or a field says.
    pub(in crate::api) fn of(written: &str) -> Self {
        let written = written.trim().to_owned();
        Self { id: written.parse(), written }
    }

    /// Whether it is the folder that is always there.
    pub(in crate::api) fn is_root(&self) -> bool {
        self.id.as_ref().is_ok_and(ItemId::is_root)
    }

    /// The item there.
    ///
    /// # Errors
    /// 403 for who may not see items; 404 in Deploy's words.
    pub(in crate::api) async fn look(&self, state: &AppState, caller: &Caller) -> Result<ItemView, Problem> {
        items::require_sight(state, caller)?;
        let missing = || entity_missing(&self.written);
        let id = self.id.as_ref().map_err(|_| missing())?;
        let found = items::read(state, caller, &ItemRef::At(id.clone())).await;
        found.map_err(|problem| if problem.code() == "not_found" { missing() } else { problem })
    }

    /// The place as one that an item can be put at. `field` is what the request calls it.
    ///
    /// # Errors
    /// 400 with the reason.
    pub(in crate::api) fn into_id(self, field: &str) -> Result<ItemId, Problem> {
        self.id.map_err(|why| Problem::field(field, format!("The field `{field}`: {why}")))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Place {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::field("id", "The `id` in the path is not percent-encoded UTF-8"))?;
        Ok(Self::of(params.iter().last().map_or("", |(_, text)| text)))
    }
}
