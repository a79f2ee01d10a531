//! `/api/v1/session`: signing in to the pages and out of them.

mod create;
mod delete;
mod read;

use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::api::endpoints::Endpoints;
use crate::problem::Problem;
use crate::session::CsrfToken;

/// The routes of this folder.
pub fn routes(endpoints: Endpoints) -> Endpoints {
    endpoints.routes(routes!(create::sign_in, read::read_session, delete::sign_out))
}

/// A session, as the pages need it. The secret is in the cookie alone.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
pub(super) struct SessionBody<'s> {
    /// Who signed in.
    #[schema(example = "ann")]
    username: &'s str,
    /// For people to read.
    #[schema(example = "Ann Example")]
    full_name: &'s str,
    /// What a change with this session shows in the header `X-CSRF-Token`.
    csrf_token: &'s str,
    /// When the session ends, if nothing more is done with it.
    expires_at: Timestamp,
}

impl<'s> SessionBody<'s> {
    fn new(username: &'s str, full_name: &'s str, csrf: &'s CsrfToken, expires_at: Timestamp) -> Self {
        Self { username, full_name, csrf_token: csrf.reveal(), expires_at }
    }

    /// The answer; no cache keeps it.
    fn into_answer(self) -> Response {
        ([(CACHE_CONTROL, HeaderValue::from_static("no-store"))], axum::Json(self)).into_response()
    }
}

/// The one answer to a caller who has no session.
fn no_session() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "You use no session")
}
