//! `POST /api/v1/personal-access-tokens`: making a token. The vendor's call, unchanged.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::LOCATION;
use patgate_core::application::ApplicationSlot;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{NewTokenBody, TokenBody, answer};
use crate::api::json::Json;
use crate::api::refusals::{BadBody, Conflict, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::tokens::{self, NewTokenMade, TokenRequest};
use crate::state::AppState;

/// What is asked of a new token. Unknown fields are refused: a misspelt one must not make a token that never ends.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, expecting = "an object")]
#[schema(as = TokenRequest)]
pub(in crate::api) struct TokenRequestBody {
    /// What it is for: 1 to 100 characters, none of them a control character.
    #[schema(min_length = 1, max_length = 100, example = "nightly build")]
    token_note: String,
    /// When it ends, in RFC 3339; absent: as late as an administrator allows. Above the maximum is refused.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// The same as `expiresAt`; one of them.
    #[schema(format = DateTime)]
    expiry_date: Option<String>,
    /// After how many days of 24 hours it ends, instead of `expiresAt`.
    #[schema(minimum = 1, maximum = 3650)]
    expires_in_days: Option<i64>,
    /// What it carries of the owner's permissions; absent: all of them, `[]`: none.
    global_permissions: Option<Vec<String>>,
    /// Where it passes; `any`: everywhere. Absent: `release`, and under `/deployit` `deploy`.
    #[schema(example = "release")]
    application: Option<String>,
}

/// Makes a token for the caller.
#[utoipa::path(
    post,
    path = "/api/v1/personal-access-tokens",
    tag = "tokens",
    request_body = TokenRequestBody,
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
    Json(body): Json<TokenRequestBody>,
) -> Result<Response, Problem> {
    let made = create(&state, &caller, body, ApplicationSlot::RELEASE).await?;
    let path = format!("/api/v1/personal-access-tokens/{}", made.owned.grant.id);
    let location = [(LOCATION, state.public_url.join(&path))];
    Ok((location, shown(&state, made)).into_response())
}

/// Makes a token for the application of the path when the body names none.
pub(in crate::api) async fn create(
    state: &AppState,
    caller: &Caller,
    body: TokenRequestBody,
    application: ApplicationSlot,
) -> Result<NewTokenMade, Problem> {
    let request = TokenRequest {
        token_note: body.token_note,
        expires_at: body.expires_at,
        expiry_date: body.expiry_date,
        expires_in_days: body.expires_in_days,
        global_permissions: body.global_permissions,
        application: body.application,
    };
    tokens::create(state, caller, request.read(state, application)?).await
}

/// The one answer that shows a secret.
pub(in crate::api) fn shown(state: &AppState, NewTokenMade { token, owned }: NewTokenMade) -> Response {
    let about = TokenBody::new(owned, state.clock.now());
    answer(StatusCode::CREATED, &NewTokenBody { token: token.reveal(), about })
}
