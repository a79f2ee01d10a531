//! `GET /api/v1/webhook-endpoints/{number}/requests/{id}`: one request, and its body by itself.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use patgate_core::identifier::{ItemNumber, RequestId};

use super::body::{RequestBody, WholeRequestBody};
use crate::api::path::Within;
use crate::api::refusals::{Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::webhooks;
use crate::state::AppState;

/// Reads an accepted request with its body and what became of it. Needs `webhook#view`.
#[utoipa::path(
    get,
    path = "/api/v1/webhook-endpoints/{number}/requests/{id}",
    tag = "webhooks",
    params(
        ("number" = String, Path, description = "The endpoint: the number of its configuration item"),
        ("id" = String, Path, description = "The request")
    ),
    responses((status = 200, description = "The request", body = WholeRequestBody), Unproven, Missing)
)]
pub(super) async fn read_webhook_request(
    State(state): State<AppState>,
    caller: Caller,
    Within(number, id): Within<ItemNumber, RequestId>,
) -> Result<Json<WholeRequestBody>, Problem> {
    let whole = webhooks::request(&state, &caller, number, id).await?;
    let method = webhooks::method(&state, &caller, number)?;
    Ok(Json(WholeRequestBody {
        request: RequestBody::of(whole.request, &method),
        body: whole.body,
        deliveries: whole.deliveries.into_iter().map(Into::into).collect(),
    }))
}

/// Downloads the body of an accepted request, byte for byte. Needs `webhook#view`.
#[utoipa::path(
    get,
    path = "/api/v1/webhook-endpoints/{number}/requests/{id}/body",
    tag = "webhooks",
    params(
        ("number" = String, Path, description = "The endpoint: the number of its configuration item"),
        ("id" = String, Path, description = "The request")
    ),
    responses(
        (status = 200, description = "The body", body = String, content_type = "application/json"),
        Unproven,
        Missing
    )
)]
pub(super) async fn read_webhook_request_body(
    State(state): State<AppState>,
    caller: Caller,
    Within(number, id): Within<ItemNumber, RequestId>,
) -> Result<Response, Problem> {
    let whole = webhooks::request(&state, &caller, number, id).await?;
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"webhook-{id}.json\"")),
    ];
    Ok((headers, whole.body).into_response())
}
