//! Signing in at an identity provider: `/login/external/{name}` sends a browser there, `/oidc-login` and
//! `/login/external-login` take it back, `/login/backchannel-logout/{name}` hears of log-outs.
//!
//! Between the first two nothing is kept here: the browser holds what must fit, sealed ([`pending`]).

mod back_channel;
mod begin;
mod finish;
mod pending;

use askama::Template;
use axum::Router;
use axum::routing::get;

use super::login::is_ours;
use super::submitted::fits;
use super::{PageResult, Shell};
use crate::problem::Problem;
use crate::provider::oidc::Provider;
use crate::state::AppState;

pub(super) use begin::path_to;

/// The addresses of these pages.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/login/external/{name}", get(begin::go))
        .route("/oidc-login", get(finish::arrive))
        .route("/login/external-login", get(finish::arrive))
        .route("/login/backchannel-logout/{name}", get(back_channel::ask).post(back_channel::sign_out))
}

/// What is shown to somebody who does not get in.
#[derive(Template)]
#[template(path = "pages/sign_in_refused.html")]
struct RefusedPage {
    shell: Shell,
    sentence: String,
    again: String,
}

/// The page of a refused sign-in: what is wrong, and a way to try again.
fn refused(state: &AppState, problem: Problem, again: Option<(&Provider, &str)>) -> PageResult {
    let again = again.map_or_else(|| "/login".to_owned(), |(provider, next)| path_to(provider, next));
    let shell = Shell::bare(state, "You are not signed in");
    let page = RefusedPage { shell, sentence: problem.sentence(), again };
    Ok(problem.into_page_response(page.render()?))
}

/// An address to go on at, when it is one of ours and fits.
fn fitting(next: &str) -> &str {
    if is_ours(next) && fits(next) { next } else { "" }
}
