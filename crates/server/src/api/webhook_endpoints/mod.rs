//! `/api/v1/webhook-endpoints/**`: what comes in at webhook endpoints, and its way on. Endpoints themselves are
//! configuration items.

mod body;
mod deliveries;
mod live;
mod redeliver;
mod refusals;
mod request;
mod requests;
mod test;

use utoipa_axum::routes;

use crate::api::endpoints::Endpoints;

/// The routes of this folder.
pub fn routes(endpoints: Endpoints) -> Endpoints {
    endpoints
        .routes(routes!(requests::list_webhook_requests))
        .routes(routes!(live::watch_webhook_requests))
        .routes(routes!(request::read_webhook_request))
        .routes(routes!(request::read_webhook_request_body))
        .routes(routes!(refusals::list_webhook_refusals))
        .routes(routes!(deliveries::list_webhook_deliveries))
        .routes(routes!(redeliver::redeliver_webhook))
        .routes(routes!(test::test_webhook_endpoint))
}
