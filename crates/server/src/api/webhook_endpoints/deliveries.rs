//! `GET /api/v1/webhook-endpoints/{number}/deliveries`: what became of requests that are forwarded or start releases.

use axum::Json;
use axum::extract::State;
use patgate_core::identifier::ItemNumber;
use patgate_store::DeliveryState;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::body::DeliveryBody;
use crate::api::path::Named;
use crate::api::query::Query;
use crate::api::refusals::{Malformed, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::webhooks;
use crate::state::AppState;

/// Which deliveries to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// In this state; absent: those that were given up.
    #[param(inline)]
    state: Option<Became>,
}

/// What became of a delivery.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum Became {
    /// It waits for its first attempt, or the next.
    Waiting,
    /// The receiver took it, or its release was started.
    Delivered,
    /// It was given up.
    Dead,
}

/// Lists at most 100 deliveries of an endpoint, those of the newest requests first. Needs `webhook#view`.
#[utoipa::path(
    get,
    path = "/api/v1/webhook-endpoints/{number}/deliveries",
    tag = "webhooks",
    params(("number" = String, Path, description = "The endpoint: the number of its configuration item"), Asked),
    responses((status = 200, description = "The deliveries", body = Vec<DeliveryBody>), Malformed, Unproven, Missing)
)]
pub(super) async fn list_webhook_deliveries(
    State(state): State<AppState>,
    caller: Caller,
    Named(number): Named<ItemNumber>,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<DeliveryBody>>, Problem> {
    let became = match asked.state.unwrap_or(Became::Dead) {
        Became::Waiting => DeliveryState::Waiting,
        Became::Delivered => DeliveryState::Delivered,
        Became::Dead => DeliveryState::Dead,
    };
    let deliveries = webhooks::deliveries(&state, &caller, number, became).await?;
    Ok(Json(deliveries.into_iter().map(DeliveryBody::from).collect()))
}
