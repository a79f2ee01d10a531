//! `/account/api`: the document of the API, readable, with a request to try in one's own session.

mod document;
mod indented;
mod trial;

use std::sync::LazyLock;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use flate2::Compression;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, VARY};

use self::document::Group;
use super::{PageResult, Query, Shell, Visitor, assets};
use crate::state::AppState;

/// Where the page is.
pub(crate) const PATH: &str = "/account/api";

/// The page.
#[derive(Template)]
#[template(path = "pages/api.html")]
struct ApiPage {
    shell: Shell,
    groups: &'static [Group],
    server: String,
    /// The call that one comes back to.
    open: String,
}

/// The addresses of the page.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/account/api", get(show).post(trial::send))
}

/// What this very program answers.
static GROUPS: LazyLock<Vec<Group>> = LazyLock::new(document::read);

/// `GET /account/api?call=`.
async fn show(
    State(state): State<AppState>,
    visitor: Visitor,
    Query(query): Query,
    headers: HeaderMap,
) -> PageResult {
    let page = ApiPage {
        shell: Shell::new(&state, &visitor, "API", PATH),
        groups: &GROUPS,
        server: state.public_url.join(""),
        open: query.text("call").to_owned(),
    };
    let text = page.render()?;
    if !assets::takes_packed(&headers) {
        return Ok(Html(text).into_response());
    }
    let packing = [(CONTENT_ENCODING, "gzip"), (VARY, "accept-encoding")];
    Ok((packing, Html(assets::pack(&text, Compression::fast()))).into_response())
}
