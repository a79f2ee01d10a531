//! `GET /readyz`: whether requests should come here.

use axum::extract::State;
use http::StatusCode;

use crate::state::AppState;

/// Says `ready` when the whole token set is loaded and the server is not stopping.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "server",
    security(()),
    responses(
        (status = 200, description = "Send requests here", body = String, content_type = "text/plain", example = "ready"),
        (status = 503, description = "Not yet, or not any more", body = String, content_type = "text/plain", example = "loading"),
    )
)]
pub(super) async fn readyz(State(state): State<AppState>) -> (StatusCode, &'static str) {
    if state.node.is_draining() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping")
    } else if state.node.is_ready() {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "loading")
    }
}
