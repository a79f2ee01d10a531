//! What Release's clients ask beside tokens, users and roles: shared configurations, settings, and who they are.

mod config;
mod profile;
mod server;
mod settings;

use utoipa_axum::routes;

use crate::api::endpoints::Endpoints;

/// The routes of this folder.
pub fn routes(endpoints: Endpoints) -> Endpoints {
    config::routes(endpoints)
        .routes(routes!(settings::read_settings))
        .routes(routes!(profile::read_profile))
        .routes(routes!(server::read_release_info))
}
