//! `GET /api/v1/personal-access-tokens/{id}`: one token, without its secret.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use patgate_core::identifier::GrantId;

use super::{TokenBody, answer};
use crate::api::path::Named;
use crate::api::refusals::{Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::tokens;
use crate::state::AppState;

/// Reads one token: the caller's own, or with `token#view_all` anybody's.
#[utoipa::path(
    get,
    path = "/api/v1/personal-access-tokens/{id}",
    tag = "tokens",
    params(("id" = String, Path, description = "The token")),
    responses((status = 200, description = "The token", body = TokenBody), Unproven, Missing)
)]
pub(super) async fn read_token(
    State(state): State<AppState>,
    caller: Caller,
    Named(id): Named<GrantId>,
) -> Result<Response, Problem> {
    let owned = tokens::read(&state, &caller, id).await?;
    Ok(answer(StatusCode::OK, &TokenBody::new(owned, state.clock.now())))
}
