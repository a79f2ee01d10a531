//! `POST /api/v1/webhook-endpoints/{number}/test`: a request in the server's own name.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use patgate_core::identifier::ItemNumber;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::path::Named;
use crate::api::refusals::{Conflict, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::webhooks;
use crate::state::AppState;

/// A test request.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookTest)]
pub(super) struct TestBody {
    /// Its id in the log of the endpoint.
    id: String,
}

/// Sends a test request to an endpoint in the server's own name. It is kept and passed on like every other, and marked as
/// a test. An endpoint that is not enabled takes none. Needs `config#edit`.
#[utoipa::path(
    post,
    path = "/api/v1/webhook-endpoints/{number}/test",
    tag = "webhooks",
    params(("number" = String, Path, description = "The endpoint: the number of its configuration item")),
    responses((status = 202, description = "It was taken", body = TestBody), Unproven, Missing, Conflict)
)]
pub(super) async fn test_webhook_endpoint(
    State(state): State<AppState>,
    caller: Caller,
    Named(number): Named<ItemNumber>,
) -> Result<(StatusCode, Json<TestBody>), Problem> {
    let id = webhooks::send_test(&state, &caller, number).await?;
    Ok((StatusCode::ACCEPTED, Json(TestBody { id: id.to_string() })))
}
