//! Who calls.

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::scim::Client;
use crate::state::AppState;

impl FromRequestParts<AppState> for Client {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        Self::of(state, Caller::from_request_parts(parts, state).await?)
    }
}
