//! `GET` and `DELETE /api/v1/personal-access-tokens/current`: the token itself. Takes tokens of every application.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::{TokenBody, answer, deleted};
use crate::api::refusals::{Malformed, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::tokens;
use crate::state::AppState;

/// Reads the token that the request is made with.
#[utoipa::path(
    get,
    path = "/api/v1/personal-access-tokens/current",
    tag = "tokens",
    responses((status = 200, description = "The token", body = TokenBody), Malformed, Unproven, Missing)
)]
pub(super) async fn read_current_token(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Response, Problem> {
    let owned = tokens::current(&state, &caller).await?;
    Ok(answer(StatusCode::OK, &TokenBody::new(owned, state.clock.now())))
}

/// Deletes the token that the request is made with: the next request with it is refused.
#[utoipa::path(
    delete,
    path = "/api/v1/personal-access-tokens/current",
    tag = "tokens",
    responses((status = 204, description = "It is deleted"), Malformed, Unproven, Missing)
)]
pub(super) async fn delete_current_token(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Response, Problem> {
    tokens::delete_current(&state, &caller).await?;
    Ok(deleted())
}
