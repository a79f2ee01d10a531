//! The identifier in a path.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;

use crate::problem::Problem;

/// The one identifier in a path. What is none is missing, like one that leads nowhere.
pub(super) struct Named<T>(pub(super) T);

/// What a refusal calls it.
pub(super) trait Kind: FromStr {
    /// One word.
    const WORD: &'static str;
}

impl Kind for patgate_core::identifier::UserId {
    const WORD: &'static str = "user";
}

impl Kind for patgate_core::identifier::GroupId {
    const WORD: &'static str = "group";
}

/// The name of a resource type or the URI of a schema.
pub(super) struct Described(pub(super) String);

impl FromStr for Described {
    type Err = std::convert::Infallible;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Ok(Self(name.to_owned()))
    }
}

impl Kind for Described {
    const WORD: &'static str = "schema or resource type";
}

impl<S: Send + Sync, T: Kind> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state).await.ok();
        let text = params.as_ref().and_then(|params| params.iter().next()).map(|(_, text)| text);
        text.and_then(|text| text.parse().ok()).map(Self).ok_or_else(|| Problem::not_found(T::WORD))
    }
}
