//! `POST /api/v1/session`: signing in.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use http::header::SET_COOKIE;
use serde::Deserialize;
use utoipa::ToSchema;

use super::SessionBody;
use crate::api::json::Json;
use crate::api::refusals::{BadBody, Unproven};
use crate::caller::Peer;
use crate::password::{Attempt, PasswordText};
use crate::problem::Problem;
use crate::service::sessions;
use crate::session;
use crate::state::AppState;

/// User name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SignIn)]
pub(super) struct SignInForm {
    /// The log-in name, whatever the case.
    #[schema(example = "ann")]
    username: String,
    /// The password.
    #[schema(value_type = String, write_only)]
    password: PasswordText,
}

/// Signs in to the pages and sets the session's cookie. Needs `login`. Works although passwords may be switched off for
/// the API. A session that the request brings ends.
#[utoipa::path(
    post,
    path = "/api/v1/session",
    tag = "session",
    security(()),
    request_body = SignInForm,
    responses(
        (status = 200, description = "Signed in", body = SessionBody,
            headers(("Set-Cookie" = String, description = "The session, for the browser alone"))),
        BadBody, Unproven
    )
)]
pub(super) async fn sign_in(
    State(state): State<AppState>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Json(form): Json<SignInForm>,
) -> Result<Response, Problem> {
    let address = state.gateway.proxies().client_address(peer.0.ip(), &headers);
    let attempt = Attempt { username: form.username.trim(), password: form.password.reveal(), address };
    let opened = sessions::open(&state, attempt, &headers, session::previous(&state, &headers)).await?;
    let username = opened.user.username.as_str();
    let body = SessionBody::new(username, &opened.user.full_name, &opened.csrf, opened.expires_at);
    let mut response = body.into_answer();
    response.headers_mut().insert(SET_COOKIE, opened.secret.set_cookie(session::cookie_name(&state)));
    Ok(response)
}
