//! What a path names: a user or a role, or something by its identifier.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use patgate_core::identifier::{
    DecisionId, DeliveryId, ExemptionId, GrantId, GroupId, ItemNumber, MailId, RequestId, RunId, UserId,
};
use patgate_core::user::Username;

use crate::problem::Problem;

/// The one name in a path, percent-decoded, matched without case.
///
/// Refuses what can be no name with 400 that says what the path calls it.
pub(super) struct Name(pub(super) Username);

/// The one word in a path, percent-decoded, as it is.
pub(super) struct Word(pub(super) String);

/// What the one identifier in a path names. What can be no identifier is answered like one that is missing: 404.
pub(crate) struct Named<I>(pub(crate) I);

/// An identifier of what a path can name.
pub(crate) trait Identifier: FromStr {
    /// What is missing when there is no such thing.
    const OF: &'static str;
}

impl Identifier for GrantId {
    const OF: &'static str = "token";
}

impl Identifier for DecisionId {
    const OF: &'static str = "decision";
}

impl Identifier for ExemptionId {
    const OF: &'static str = "exemption";
}

impl Identifier for RunId {
    const OF: &'static str = "run";
}

impl Identifier for MailId {
    const OF: &'static str = "failed mail";
}

impl Identifier for UserId {
    const OF: &'static str = "user";
}

impl Identifier for GroupId {
    const OF: &'static str = "group";
}

impl Identifier for ItemNumber {
    const OF: &'static str = "webhook endpoint";
}

impl Identifier for RequestId {
    const OF: &'static str = "request";
}

impl Identifier for DeliveryId {
    const OF: &'static str = "delivery";
}

/// The two identifiers in a path: of something, and of what is in it.
pub(super) struct Within<I, J>(pub(super) I, pub(super) J);

impl<I: Identifier + Send, J: Identifier + Send, S: Send + Sync> FromRequestParts<S> for Within<I, J> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state).await.ok();
        let text = |at| params.as_ref().and_then(|params| params.iter().nth(at)).map_or("", |(_, text)| text);
        Ok(Self(Named::parse(text(0))?.0, Named::parse(text(1))?.0))
    }
}

impl<I: Identifier> Named<I> {
    /// Reads an identifier.
    ///
    /// # Errors
    /// 404 for what is none.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        text.parse().map(Self).map_err(|_| Problem::not_found(I::OF))
    }
}

impl<I: Identifier, S: Send + Sync> FromRequestParts<S> for Named<I> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state).await.ok();
        let named = params.as_ref().and_then(|params| params.iter().next());
        Self::parse(named.map_or("", |(_, text)| text))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Word {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::field("path", "The name in the path is not percent-encoded UTF-8"))?;
        Ok(Self(params.iter().next().map_or("", |(_, text)| text).to_owned()))
    }
}

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
