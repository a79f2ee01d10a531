//! `GET /api/v1/webhook-endpoints/{number}/requests`: what an endpoint keeps.

use axum::Json;
use axum::extract::State;
use patgate_core::identifier::ItemNumber;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::body::RequestBody;
use crate::api::page::{ASKED, cut, place};
use crate::api::path::Named;
use crate::api::query::Parameters;
use crate::api::refusals::{Malformed, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::webhooks;
use crate::state::AppState;

/// Which requests to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Those with this text in their id, sender, headers, parameters or body.
    search: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// A page of requests.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookRequests)]
pub(super) struct RequestsBody {
    /// At most 100, newest first.
    requests: Vec<RequestBody>,
    /// What `after` is for the next page; absent on the last. A search looks through a thousand requests at a time: its
    /// page may be empty and have a next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Lists the accepted requests that an endpoint keeps, newest first. Needs `webhook#view`.
#[utoipa::path(
    get,
    path = "/api/v1/webhook-endpoints/{number}/requests",
    tag = "webhooks",
    params(("number" = String, Path, description = "The endpoint: the number of its configuration item"), Asked),
    responses((status = 200, description = "The requests", body = RequestsBody), Malformed, Unproven, Missing)
)]
pub(super) async fn list_webhook_requests(
    State(state): State<AppState>,
    caller: Caller,
    Named(number): Named<ItemNumber>,
    Parameters(asked): Parameters<Asked>,
) -> Result<Json<RequestsBody>, Problem> {
    let seek = place::<i64>(asked.after.as_deref())?;
    let (requests, next) = match asked.search {
        None => {
            let found = webhooks::requests(&state, &caller, number, &seek, ASKED).await?;
            cut(found, |request| request.number)
        }
        Some(text) => {
            let found = webhooks::search(&state, &caller, number, &text, &seek, ASKED).await?;
            let (requests, next) = cut(found.requests, |request| request.number);
            (requests, next.or_else(|| found.looked_until.map(|number| number.to_string())))
        }
    };
    let method = webhooks::method(&state, &caller, number)?;
    let requests = requests.into_iter().map(|request| RequestBody::of(request, &method)).collect();
    Ok(Json(RequestsBody { requests, next }))
}
