//! `/oidc-login` and `/login/external-login`: a browser comes back from its provider, and is signed in when everything
//! fits that it was sent with.

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::SET_COOKIE;
use http::{HeaderMap, Uri};

use super::{fitting, pending, refused};
use crate::caller::Peer;
use crate::pages::refused::redirect;
use crate::pages::{Fields, PageResult, Query};
use crate::problem::Problem;
use crate::provider::oidc::Callback;
use crate::service::{sign_in, sso};
use crate::session;
use crate::state::AppState;

/// `GET /oidc-login?code=…&state=…`.
pub(super) async fn arrive(
    State(state): State<AppState>,
    Extension(peer): Extension<Peer>,
    uri: Uri,
    headers: HeaderMap,
    Query(query): Query,
) -> PageResult {
    if !["code", "state", "error"].into_iter().any(|name| query.has(name)) {
        // Where a provider sends people after a log-out.
        return Ok(redirect(&state, "/login"));
    }
    let answer = judge(&state, peer, uri.path(), &headers, &query).await?;
    // Whatever came of it, the sign-in is over: what is brought back once is not taken twice.
    let mut answer = answer.into_response();
    answer.headers_mut().append(SET_COOKIE, pending::forget(&state));
    Ok(answer)
}

async fn judge(
    state: &AppState,
    peer: Peer,
    path: &str,
    headers: &HeaderMap,
    query: &Fields,
) -> Result<Response, crate::pages::Refused> {
    let begun = pending::find(state, headers);
    let provider = begun.as_ref().and_then(|begun| sso::provider(state, begun.provider().as_str()));
    let (Some(begun), Some(provider)) = (begun, provider) else {
        let sentence = sign_in::refused(&"the browser that came back began no sign-in here").sentence();
        return refused(state, Problem::forbidden(sentence), None);
    };
    let callback = Callback {
        path,
        code: query.text("code"),
        state: query.text("state"),
        issuer: query.text("iss"),
        error: query.text("error"),
    };
    let address = state.gateway.proxies().client_address(peer.0.ip(), headers);
    let previous = session::previous(state, headers);
    match sso::complete(state, provider, &begun, callback, address, headers, previous).await {
        Ok(opened) => {
            let cookie = opened.secret.set_cookie(session::cookie_name(state));
            let next = Some(fitting(begun.next())).filter(|next| !next.is_empty());
            let answer = redirect(state, next.unwrap_or("/account/tokens"));
            Ok(([(SET_COOKIE, cookie)], answer).into_response())
        }
        Err(problem) => {
            // A browser is asked for no password of its own here.
            let is_ours = problem.status().is_server_error();
            let problem = if is_ours { problem } else { Problem::forbidden(problem.sentence()) };
            refused(state, problem, Some((provider, begun.next())))
        }
    }
}
