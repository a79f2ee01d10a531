//! The place of a release or a task, as a path names it. What can be none is answered like one that is missing.

use axum::extract::FromRequestParts;
use http::request::Parts;
use patgate_core::release::{ReleaseId, TaskPlace};

use crate::api::path::Word;
use crate::problem::Problem;

/// The release or template in a path.
pub(super) struct ReleasePlace(pub(super) ReleaseId);

/// The task in a path.
pub(super) struct TaskOfPath(pub(super) TaskPlace);

impl<S: Send + Sync> FromRequestParts<S> for ReleasePlace {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let missing = match parts.uri.path().starts_with("/api/v1/templates/") {
            true => "template",
            false => "release",
        };
        let Word(place) = Word::from_request_parts(parts, state).await?;
        ReleaseId::of_place(&place).map(Self).map_err(|_| Problem::not_found(missing))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for TaskOfPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Word(place) = Word::from_request_parts(parts, state).await?;
        place.parse().map(Self).map_err(|_| Problem::not_found("task"))
    }
}
