//! The token that was just made: the one page that shows it, as the answer to its form.

use askama::Template;
use axum::body::{Body, Bytes};
use axum::response::Response;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use patgate_core::grant::Grant;
use zeroize::Zeroizing;

use super::LIST;
use super::row::Row;
use crate::pages::{Notice, PageResult, Shell, Visitor};
use crate::problem::Problem;
use crate::service::tokens::NewTokenMade;
use crate::state::AppState;

/// Larger than the page, so that no smaller copy of the secret is left behind while it is written.
const LONGEST_PAGE: usize = 64 * 1_024;

/// The page.
#[derive(Template)]
#[template(path = "pages/tokens_made.html")]
struct MadePage<'t> {
    shell: Shell,
    token: &'t str,
    row: Row,
    /// A call that works with this token.
    url: String,
}

/// Shows a token. The buffer of the page is wiped when it has been sent.
pub(super) fn show(state: &AppState, visitor: &Visitor, made: &NewTokenMade) -> PageResult {
    let grant = &made.owned.grant;
    let notice = Notice::Done("Copy it now and keep it safe: it will not be shown again.".to_owned());
    let page = MadePage {
        shell: Shell::new(state, visitor, "Token generated", LIST).with_notice(Some(notice)),
        token: made.token.reveal(),
        row: Row::new(state, grant, None, state.clock.now()),
        url: state.public_url.join(path(grant)).replace('\'', "%27"),
    };
    let mut text = Zeroizing::new(Vec::with_capacity(LONGEST_PAGE));
    page.write_into(&mut *text).map_err(Problem::internal)?;
    let mut response = Response::new(Body::from(Bytes::from_owner(text)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Ok(response)
}

/// A path that answers this token: Deploy's own, or the token's, which takes those of every application.
fn path(grant: &Grant) -> &'static str {
    match grant.application.as_str() {
        "deploy" => "/api/v1/deployit",
        _ => "/api/v1/personal-access-tokens/current",
    }
}
