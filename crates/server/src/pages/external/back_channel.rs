//! `/login/backchannel-logout/{name}`: a provider tells of a log-out (OpenID Connect Back-Channel Logout 1.0 §2.5, §2.8).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
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

/// `POST` with `logout_token`: 200 when the sessions have ended, and 400 otherwise. Every page is kept by no cache.
pub(super) async fn sign_out(
    State(state): State<AppState>,
    Named(name): Named<String>,
    form: Result<Fields, Refused>,
) -> Response {
    let done = match (state.oidc.find(&name), &form) {
        (Some(provider), Ok(form)) => {
            sso::close_by_provider(&state, provider, form.secret("logout_token")).await
        }
        (None, _) => Err("there is no such provider".to_owned()),
        (Some(_), Err(_)) => Err("it brought no form".to_owned()),
    };
    match done {
        Ok(()) => StatusCode::OK.into_response(),
        Err(reason) => {
            tracing::warn!(provider = name, reason, "a log-out that a provider told of was refused");
            (StatusCode::BAD_REQUEST, axum::Json(json!({ "error": "invalid_request" }))).into_response()
        }
    }
}
