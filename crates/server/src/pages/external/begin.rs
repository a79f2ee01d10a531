//! `/login/external/{name}`: to the provider, with all that the browser must bring back.

use axum::extract::State;
use axum::response::IntoResponse;
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use url::form_urlencoded;

use super::{fitting, pending, refused};
use crate::pages::form::Named;
use crate::pages::{PageResult, Query};
use crate::problem::Problem;
use crate::provider::oidc::Provider;
use crate::service::sso;
use crate::state::AppState;

/// `GET /login/external/{name}?next=/where`. Changes nothing here: whoever makes a browser come here has it visit its
/// own provider, and its own cookie.
pub(super) async fn go(
    State(state): State<AppState>,
    Named(name): Named<String>,
    Query(query): Query,
) -> PageResult {
    let provider = sso::provider(&state, &name).ok_or_else(|| Problem::not_found("provider"))?;
    let next = fitting(query.text("next"));
    let (location, sign_in) = match sso::begin(&state, provider, next).await {
        Ok(begun) => begun,
        Err(problem) => return refused(&state, problem, Some((provider, next))),
    };
    let cookie = pending::keep(&state, &sign_in)?;
    let location = HeaderValue::from_str(&location).map_err(Problem::internal)?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, location), (SET_COOKIE, cookie)]).into_response())
}

/// The path that begins a sign-in at a provider and goes on at `next`.
pub(in crate::pages) fn path_to(provider: &Provider, next: &str) -> String {
    let path = format!("/login/external/{}", provider.name());
    match fitting(next) {
        "" => path,
        next => {
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
            format!("{path}?{query}")
        }
    }
}
