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

use axum::Router;
use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// The routes of each resource, with their documentation.
const RESOURCES: [fn() -> OpenApiRouter<AppState>; 14] = [
    configuration_items::routes,
    deploy::routes,
    global_permissions::routes,
    health::routes,
    release::routes,
    releases::routes,
    reminders::routes,
    roles::routes,
    crate::scim::routes,
    session::routes,
    settings::routes,
    tokens::routes,
    users::routes,
    webhook_endpoints::routes,
];

/// Every route of the API.
///
/// The documentation of a resource is dropped before the next one's is made: all of it at once takes 14 MB, and what is
/// kept of the routes would lie scattered in them for as long as the server runs.
pub fn routes() -> Router<AppState> {
    RESOURCES.into_iter().fold(Router::new(), |router, resource| router.merge(Router::from(resource())))
}

/// The document of the API: every path that this server answers.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let root = OpenApiRouter::with_openapi(document::root());
    RESOURCES.into_iter().fold(root, |router, resource| router.merge(resource())).into_openapi()
}

/// The document as a text, as it stands in `docs/reference/openapi.json`.
#[must_use]
pub fn openapi_text() -> String {
    let text = openapi().to_pretty_json().unwrap_or_default();
    text + "\n"
}
