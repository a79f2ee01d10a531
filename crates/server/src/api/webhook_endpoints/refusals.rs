//! `GET /api/v1/webhook-endpoints/{number}/refusals`: who was refused, and why.

use axum::Json;
use axum::extract::State;
use patgate_core::identifier::ItemNumber;

use super::body::RefusalBody;
use crate::api::path::Named;
use crate::api::refusals::{Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::webhooks;
use crate::state::AppState;

/// Lists the newest refused requests of an endpoint, at most 50, newest first. When many come at a time, not all are noted.
/// Needs `webhook#view`.
#[utoipa::path(
    get,
    path = "/api/v1/webhook-endpoints/{number}/refusals",
    tag = "webhooks",
    params(("number" = String, Path, description = "The endpoint: the number of its configuration item")),
    responses((status = 200, description = "The refused requests", body = Vec<RefusalBody>), Unproven, Missing)
)]
pub(super) async fn list_webhook_refusals(
    State(state): State<AppState>,
    caller: Caller,
    Named(number): Named<ItemNumber>,
) -> Result<Json<Vec<RefusalBody>>, Problem> {
    let refusals = webhooks::refusals(&state, &caller, number).await?;
    let method = webhooks::method(&state, &caller, number)?;
    Ok(Json(refusals.into_iter().map(|refusal| RefusalBody::of(refusal, &method)).collect()))
}
