//! `POST /api/v1/configuration-items`: making an item.

use axum::extract::State;
use http::StatusCode;

use super::body::{ItemBody, NewItemForm};
use crate::api::json::Json;
use crate::api::refusals::{BadBody, Conflict, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::items;
use crate::state::AppState;

/// Makes a configuration item. Needs `config#edit`. Everything that is wrong is told at once.
#[utoipa::path(
    post,
    path = "/api/v1/configuration-items",
    tag = "configuration items",
    request_body = NewItemForm,
    responses((status = 201, description = "The item", body = ItemBody), BadBody, Unproven, Conflict)
)]
pub(super) async fn create_configuration_item(
    State(state): State<AppState>,
    caller: Caller,
    Json(form): Json<NewItemForm>,
) -> Result<(StatusCode, axum::Json<ItemBody>), Problem> {
    let made = items::create(&state, &caller, form.read()?).await?;
    Ok((StatusCode::CREATED, axum::Json(made.into())))
}
