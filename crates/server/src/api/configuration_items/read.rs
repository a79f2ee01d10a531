//! `GET /api/v1/configuration-items/{id}`: one item.

use axum::Json;
use axum::extract::State;

use super::body::ItemBody;
use super::path::Place;
use crate::api::refusals::{Malformed, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::items;
use crate::state::AppState;

/// Reads one configuration item. Needs `config#view` or `config#edit`.
#[utoipa::path(
    get,
    path = "/api/v1/configuration-items/{id}",
    tag = "configuration items",
    params(("id" = String, Path, description = "Its place, such as `Configuration/SMTPSERVERTEST`, whatever the case; \
        slashes as they are, or as `%2F`")),
    responses((status = 200, description = "The item", body = ItemBody), Malformed, Unproven, Missing)
)]
pub(super) async fn read_configuration_item(
    State(state): State<AppState>,
    caller: Caller,
    Place(which): Place,
) -> Result<Json<ItemBody>, Problem> {
    Ok(Json(items::read(&state, &caller, &which).await?.into()))
}
