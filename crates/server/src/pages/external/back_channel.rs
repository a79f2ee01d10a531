//! `/login/backchannel-logout/{name}`: a provider tells of a log-out (OpenID Connect Back-Channel Logout 1.0 §2.5, §2.8).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::RETRY_AFTER;
use serde_json::json;

use crate::pages::form::Named;
use crate::pages::{Fields, PageResult, Refused};
use crate::problem::Problem;
use crate::service::sso;
use crate::state::AppState;

/// `GET`: there is nothing to see.
pub(super) async fn ask() -> PageResult {
    Err(Problem::not_found("page").into())
}

/// How long a provider waits before it shows the same token again, in seconds.
const LATER: &str = "30";

/// `POST` with `logout_token`: 200 when the sessions have ended, 400 when the token cannot end any, and 503 when it may
/// later. Every page is kept by no cache.
pub(super) async fn sign_out(
    State(state): State<AppState>,
    Named(name): Named<String>,
    form: Result<Fields, Refused>,
) -> Response {
    let done = match (sso::provider(&state, &name), &form) {
        (Some(provider), Ok(form)) => {
            sso::close_by_provider(&state, provider, form.secret("logout_token")).await
        }
        (None, _) => return refused(&name, &"there is no such provider"),
        (Some(_), Err(_)) => return refused(&name, &"it brought no form"),
    };
    match done {
        Ok(()) => StatusCode::OK.into_response(),
        Err(reason) if reason.is_passing() => {
            tracing::error!(provider = name, %reason, "a log-out that a provider told of has not happened");
            let body = axum::Json(json!({ "error": "temporarily_unavailable" }));
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, LATER)], body).into_response()
        }
        Err(reason) => refused(&name, &reason),
    }
}

fn refused(name: &str, reason: &dyn std::fmt::Display) -> Response {
    tracing::warn!(provider = name, %reason, "a log-out that a provider told of was refused");
    (StatusCode::BAD_REQUEST, axum::Json(json!({ "error": "invalid_request" }))).into_response()
}
