//! The API: one folder a resource, one file an endpoint. A handler authenticates, parses, calls a use case of
//! `service`, and answers; it decides nothing itself.

pub mod configuration_items;
pub mod deploy;
mod document;
pub mod endpoints;
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

use self::endpoints::Endpoints;
use crate::state::AppState;

/// The endpoints of each resource.
const RESOURCES: [fn(Endpoints) -> Endpoints; 14] = [
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
pub fn routes() -> Router<AppState> {
    gathered(Endpoints::to_answer()).into_router()
}

/// The document of the API: every path that this server answers.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    gathered(Endpoints::to_describe(document::root())).into_document()
}

/// The document as a text, as it stands in `docs/reference/openapi.json`.
#[must_use]
pub fn openapi_text() -> String {
    let text = openapi().to_pretty_json().unwrap_or_default();
    text + "\n"
}

fn gathered(endpoints: Endpoints) -> Endpoints {
    RESOURCES.into_iter().fold(endpoints, |endpoints, resource| resource(endpoints))
}
