//! The API: one folder a resource, one file an endpoint. A handler authenticates, parses, calls a use case of
//! `service`, and answers; it decides nothing itself.

pub mod configuration_items;
pub mod deploy;
mod document;
pub mod entity_tag;
pub mod global_permissions;
pub mod health;
pub mod json;
pub mod page;
pub mod path;
pub mod query;
pub mod refusals;
pub mod release;
pub mod releases;
pub mod reminders;
pub mod request_log;
pub mod roles;
pub mod session;
pub mod settings;
pub(crate) mod tail;
mod time;
pub mod tokens;
pub mod users;
pub mod webhook_endpoints;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// Every route of the API, with its documentation.
#[must_use]
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(document::root())
        .merge(configuration_items::routes())
        .merge(deploy::routes())
        .merge(global_permissions::routes())
        .merge(health::routes())
        .merge(release::routes())
        .merge(releases::routes())
        .merge(reminders::routes())
        .merge(roles::routes())
        .merge(crate::scim::routes())
        .merge(session::routes())
        .merge(settings::routes())
        .merge(tokens::routes())
        .merge(users::routes())
        .merge(webhook_endpoints::routes())
}

/// The document of the API: every path that this server answers.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}

/// The document as a text, as it stands in `docs/reference/openapi.json`.
#[must_use]
pub fn openapi_text() -> String {
    let text = openapi().to_pretty_json().unwrap_or_default();
    text + "\n"
}
