//! What a supervisor and a client ask the server about itself. Everybody may.

mod live;
mod openapi;
mod ready;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The routes of this folder.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(live::healthz))
        .routes(routes!(ready::readyz))
        .routes(routes!(openapi::openapi_json))
}
