//! What Release's clients ask beside tokens, users and roles: shared configurations, the lists of releases and templates,
//! settings, and who they are.

mod config;
mod lists;
mod profile;
mod server;
mod settings;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The routes of this folder.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(config::routes())
        .routes(routes!(lists::list_releases))
        .routes(routes!(lists::list_templates))
        .routes(routes!(settings::read_settings))
        .routes(routes!(profile::read_profile))
        .routes(routes!(server::read_release_info))
}
