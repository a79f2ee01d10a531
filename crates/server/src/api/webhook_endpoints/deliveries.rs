//! `GET /api/v1/webhook-endpoints/{number}/deliveries`: what became of requests that are forwarded or start releases.

use axum::Json;
use axum::extract::State;
use patgate_core::identifier::ItemNumber;
use patgate_store::DeliveryState;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::body::DeliveryBody;
use crate::api::page::{ASKED, cut, place};
use crate::api::path::Named;
use crate::api::query::Parameters;
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
    /// The `next` of the page before.
    after: Option<String>,
}

/// A page of deliveries.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDeliveries)]
pub(super) struct DeliveriesBody {
    /// At most 100, those of the newest requests first.
    deliveries: Vec<DeliveryBody>,
    /// What `after` is for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
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

/// Lists the deliveries of an endpoint that are in a state, those of the newest requests first. Needs `webhook#view`.
#[utoipa::path(
    get,
    path = "/api/v1/webhook-endpoints/{number}/deliveries",
    tag = "webhooks",
    params(("number" = String, Path, description = "The endpoint: the number of its configuration item"), Asked),
    responses((status = 200, description = "The deliveries", body = DeliveriesBody), Malformed, Unproven, Missing)
)]
pub(super) async fn list_webhook_deliveries(
    State(state): State<AppState>,
    caller: Caller,
    Named(number): Named<ItemNumber>,
    Parameters(asked): Parameters<Asked>,
) -> Result<Json<DeliveriesBody>, Problem> {
    let seek = place::<i64>(asked.after.as_deref())?;
    let became = match asked.state.unwrap_or(Became::Dead) {
        Became::Waiting => DeliveryState::Waiting,
        Became::Delivered => DeliveryState::Delivered,
        Became::Dead => DeliveryState::Dead,
    };
    let found = webhooks::deliveries(&state, &caller, number, became, &seek, ASKED).await?;
    let (deliveries, next) = cut(found, |delivery| delivery.number);
    let deliveries = deliveries.into_iter().map(DeliveryBody::from).collect();
    Ok(Json(DeliveriesBody { deliveries, next }))
}
