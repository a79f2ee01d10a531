//! `GET /api/v1/configuration-items`: the items, in the order of their places.

use axum::Json;
use axum::extract::State;
use patgate_store::ItemFilter;
use serde::Deserialize;
use utoipa::IntoParams;

use super::body::{ItemBody, place};
use crate::api::page::Paging;
use crate::api::query::Parameters;
use crate::api::refusals::{Malformed, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::items;
use crate::state::AppState;

/// Which items are asked for; all must be true of one.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ItemParameters {
    /// In this folder itself, such as `Configuration`.
    folder: Option<String>,
    /// Somewhere below this folder.
    below: Option<String>,
    /// Of this type, exactly.
    r#type: Option<String>,
}

/// Lists configuration items in the order of their places. Needs `config#view` or `config#edit`.
#[utoipa::path(
    get,
    path = "/api/v1/configuration-items",
    tag = "configuration items",
    params(ItemParameters, Paging),
    responses((status = 200, description = "The items", body = Vec<ItemBody>), Malformed, Unproven)
)]
pub(super) async fn list_configuration_items(
    State(state): State<AppState>,
    caller: Caller,
    Parameters(asked): Parameters<ItemParameters>,
    paging: Paging,
) -> Result<Json<Vec<ItemBody>>, Problem> {
    let filter = ItemFilter {
        folder: asked.folder.map(|folder| place("folder", &folder)).transpose()?,
        below: asked.below.map(|folder| place("below", &folder)).transpose()?,
        type_name: asked.r#type,
        ..ItemFilter::default()
    };
    let listed = items::list(&state, &caller, &filter, paging.page()).await?;
    Ok(Json(listed.into_iter().map(ItemBody::from).collect()))
}
