//! What a supervisor and a client ask the server about itself. Everybody may, whatever credentials come along: these are
//! not looked at here, because the answer is about the server alone, and a supervisor whose proxy adds a wrong header must
//! not take a good server for a bad one.

mod live;
mod openapi;
mod ready;

use utoipa_axum::routes;

use crate::api::endpoints::Endpoints;

/// The routes of this folder.
pub fn routes(endpoints: Endpoints) -> Endpoints {
    endpoints
        .routes(routes!(live::healthz))
        .routes(routes!(ready::readyz))
        .routes(routes!(openapi::openapi_json))
}
