//! `POST /api/v1/personal-access-tokens`: making a token. The vendor's call, unchanged.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::LOCATION;
use patgate_core::application::ApplicationSlot;

use super::{NewTokenBody, TokenBody, answer};
use crate::api::json::Json;
use crate::api::refusals::{BadBody, Conflict, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::tokens::{self, NewTokenMade, TokenRequest};
use crate::state::AppState;

/// Makes a token for the caller.
#[utoipa::path(
    post,
    path = "/api/v1/personal-access-tokens",
    tag = "tokens",
    request_body = TokenRequest,
    responses(
        (status = 201, description = "It is made, and shown this once", body = NewTokenBody<'_>,
            headers(("Location" = String, description = "Where it is found from now on"))),
        BadBody,
        Unproven,
        Conflict,
    )
)]
pub(super) async fn create_token(
    State(state): State<AppState>,
    caller: Caller,
    Json(request): Json<TokenRequest>,
) -> Result<Response, Problem> {
    let made = create(&state, &caller, request, ApplicationSlot::RELEASE).await?;
    let path = format!("/api/v1/personal-access-tokens/{}", made.owned.grant.id);
    let location = [(LOCATION, state.public_url.join(&path))];
    Ok((location, shown(&state, made)).into_response())
}

/// Makes a token for the application of the path when the body names none.
pub(in crate::api) async fn create(
    state: &AppState,
    caller: &Caller,
    request: TokenRequest,
    application: ApplicationSlot,
) -> Result<NewTokenMade, Problem> {
    tokens::create(state, caller, request.read(state, application)?).await
}

/// The one answer that shows a secret.
pub(in crate::api) fn shown(state: &AppState, NewTokenMade { token, owned }: NewTokenMade) -> Response {
    let about = TokenBody::new(owned, state.clock.now());
    answer(StatusCode::CREATED, &NewTokenBody { token: token.reveal(), about })
}
