//! *Profile*: one's own name and mail address, password and sessions, `/account/profile`.

mod browser;
mod details;
mod password;
mod sessions;
mod show;

use axum::Router;
use axum::routing::get;

use crate::state::AppState;

/// Where the page is.
const PROFILE: &str = "/account/profile";

/// The addresses of this page.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/account/profile", get(show::show).post(details::submit))
        .route("/account/profile/password", get(show::back).post(password::submit))
        .route("/account/profile/logout", get(sessions::ask).post(sessions::end_all))
        .route("/account/profile/sessions/{session}", get(show::back).post(sessions::end_one))
}
