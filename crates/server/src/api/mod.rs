//! The API: one folder a resource, one file an endpoint. A handler authenticates, parses, calls a use case of
//! `service`, and answers; it decides nothing itself.

pub mod page;
pub mod query;
pub mod request_log;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// Every route of the API, with its documentation.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
}
