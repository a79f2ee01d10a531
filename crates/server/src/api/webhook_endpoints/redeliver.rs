//! `POST /api/v1/webhook-endpoints/{number}/deliveries/{id}/redeliver`: forwarding a request once more, or starting its
//! release.

use axum::extract::State;
use http::StatusCode;
use patgate_core::identifier::{DeliveryId, ItemNumber};

use crate::api::path::Within;
use crate::api::refusals::{Conflict, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::webhooks;
use crate::state::AppState;

/// Lets a delivery that was given up, or that was delivered, begin again now, with the same id, as what the endpoint makes of
/// requests now. One that waits anyway, or whose body is there no longer, is not found here. Needs `config#edit`, and
/// `release#create` where it starts a release.
#[utoipa::path(
    post,
    path = "/api/v1/webhook-endpoints/{number}/deliveries/{id}/redeliver",
    tag = "webhooks",
    params(
        ("number" = String, Path, description = "The endpoint: the number of its configuration item"),
        ("id" = String, Path, description = "The delivery")
    ),
    responses((status = 204, description = "It is tried again"), Unproven, Missing, Conflict)
)]
pub(super) async fn redeliver_webhook(
    State(state): State<AppState>,
    caller: Caller,
    Within(number, id): Within<ItemNumber, DeliveryId>,
) -> Result<StatusCode, Problem> {
    webhooks::redeliver(&state, &caller, number, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
