//! `/api/v1/settings/**`: what administrators decide for everybody, and what the server is.

mod instance;
mod tokens;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) use self::instance::Instance;
use crate::state::AppState;

/// The routes of this folder.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(instance::read_instance_information))
        .routes(routes!(tokens::read_token_settings, tokens::put_token_settings))
}
