//! `PUT /api/v1/configuration-items/{id}`: changing or moving an item.

use axum::extract::State;

use super::body::{ItemBody, ItemForm};
use super::path::Place;
use crate::api::json::Json;
use crate::api::refusals::{BadBody, Conflict, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::items;
use crate::state::AppState;

/// Changes a configuration item, and moves it when the body has another `id`. Needs `config#edit`. 409 with the code
/// `overtaken`: somebody else changed it after it was read.
#[utoipa::path(
    put,
    path = "/api/v1/configuration-items/{id}",
    tag = "configuration items",
    params(("id" = String, Path, description = "Its place, whatever the case; slashes as they are, or as `%2F`")),
    request_body = ItemForm,
    responses(
        (status = 200, description = "The item as it is now", body = ItemBody),
        BadBody, Unproven, Missing, Conflict
    )
)]
pub(super) async fn update_configuration_item(
    State(state): State<AppState>,
    caller: Caller,
    Place(which): Place,
    Json(form): Json<ItemForm>,
) -> Result<axum::Json<ItemBody>, Problem> {
    Ok(axum::Json(items::update(&state, &caller, &which, form.read()?).await?.into()))
}
