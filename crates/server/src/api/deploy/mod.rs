//! The paths of Deploy: its tokens, and who the caller is there. Refusals under `/deployit` are text.

mod instance;
mod tokens;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The routes of this folder.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(instance::read_deploy))
        .routes(routes!(
            tokens::list_deploy_tokens,
            tokens::create_deploy_token,
            tokens::delete_deploy_token_by_parameter
        ))
        .routes(routes!(tokens::delete_deploy_token))
}
