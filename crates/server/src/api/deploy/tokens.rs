//! `/deployit/tokens/users`: the caller's tokens, in the same shapes as under `/api/v1`, for `deploy` by default.

use axum::extract::State;
use axum::response::Response;
use patgate_core::application::ApplicationSlot;
use patgate_core::identifier::GrantId;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::json::Json;
use crate::api::page::Paging;
use crate::api::path::Named;
use crate::api::query::Parameters;
use crate::api::refusals::InText;
use crate::api::tokens::create::{create, shown};
use crate::api::tokens::list::{TokenFilter, list};
use crate::api::tokens::{NewTokenBody, TokenBody, deleted};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::tokens::{self, OwnerAsked, TokenRequest};
use crate::state::AppState;

/// Lists the caller's tokens.
#[utoipa::path(
    get,
    path = "/deployit/tokens/users",
    tag = "deploy",
    params(TokenFilter, Paging),
    responses((status = 200, description = "The tokens", body = Vec<TokenBody>), InText)
)]
pub(super) async fn list_deploy_tokens(
    State(state): State<AppState>,
    caller: Caller,
    Parameters(filter): Parameters<TokenFilter>,
    paging: Paging,
) -> Result<Response, Problem> {
    list(&state, &caller, OwnerAsked::Oneself, filter, paging).await
}

/// Makes a token for the caller.
#[utoipa::path(
    post,
    path = "/deployit/tokens/users",
    tag = "deploy",
    request_body = TokenRequest,
    responses((status = 201, description = "It is made, and shown this once", body = NewTokenBody<'_>), InText)
)]
pub(super) async fn create_deploy_token(
    State(state): State<AppState>,
    caller: Caller,
    Json(request): Json<TokenRequest>,
) -> Result<Response, Problem> {
    let made = create(&state, &caller, request, ApplicationSlot::DEPLOY).await?;
    Ok(shown(&state, made))
}

/// Which token to delete.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct IdParameter {
    /// The token.
    id: String,
}

/// Deletes a token, for clients that name it in a parameter.
#[utoipa::path(
    delete,
    path = "/deployit/tokens/users",
    tag = "deploy",
    params(IdParameter),
    responses((status = 204, description = "It is deleted"), InText)
)]
pub(super) async fn delete_deploy_token_by_parameter(
    State(state): State<AppState>,
    caller: Caller,
    Parameters(named): Parameters<IdParameter>,
) -> Result<Response, Problem> {
    delete(&state, &caller, Named::parse(&named.id)?).await
}

/// Deletes a token. The next request with it is refused.
#[utoipa::path(
    delete,
    path = "/deployit/tokens/users/{id}",
    tag = "deploy",
    params(("id" = String, Path, description = "The token")),
    responses((status = 204, description = "It is deleted"), InText)
)]
pub(super) async fn delete_deploy_token(
    State(state): State<AppState>,
    caller: Caller,
    named: Named<GrantId>,
) -> Result<Response, Problem> {
    delete(&state, &caller, named).await
}

async fn delete(state: &AppState, caller: &Caller, Named(id): Named<GrantId>) -> Result<Response, Problem> {
    tokens::delete(state, caller, id).await?;
    Ok(deleted())
}
