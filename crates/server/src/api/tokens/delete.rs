//! `DELETE /api/v1/personal-access-tokens/{id}`: deleting a token, for good.

use axum::extract::State;
use axum::response::Response;
use patgate_core::identifier::GrantId;

use super::deleted;
use crate::api::path::Named;
use crate::api::refusals::{Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::tokens;
use crate::state::AppState;

/// Deletes one token: the caller's own, or with `token#delete_all` anybody's. The next request with it is refused.
#[utoipa::path(
    delete,
    path = "/api/v1/personal-access-tokens/{id}",
    tag = "tokens",
    params(("id" = String, Path, description = "The token")),
    responses((status = 204, description = "It is deleted"), Unproven, Missing)
)]
pub(super) async fn delete_token(
    State(state): State<AppState>,
    caller: Caller,
    Named(id): Named<GrantId>,
) -> Result<Response, Problem> {
    tokens::delete(&state, &caller, id).await?;
    Ok(deleted())
}
