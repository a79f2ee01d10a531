//! One configuration: made, read, changed and deleted.

use axum::extract::State;
use http::StatusCode;

use super::body::ConfigurationBody;
use super::form::ConfigurationForm;
use super::place::ConfigurationPlace;
use crate::api::json::Json;
use crate::api::refusals::{BadBody, Conflict, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::items;
use crate::state::AppState;

/// Makes a configuration: an item in `Configuration` with the title as its name. Needs `config#edit`.
#[utoipa::path(
    post,
    path = "/api/v1/config",
    tag = "release",
    request_body = ConfigurationForm,
    responses((status = 200, description = "The configuration", body = ConfigurationBody), BadBody, Unproven, Conflict)
)]
pub(super) async fn create_configuration(
    State(state): State<AppState>,
    caller: Caller,
    Json(form): Json<ConfigurationForm>,
) -> Result<axum::Json<ConfigurationBody>, Problem> {
    Ok(axum::Json(items::create(&state, &caller, form.into_draft()?).await?.into()))
}

/// Reads a configuration. Needs `config#view` or `config#edit`.
#[utoipa::path(
    get,
    path = "/api/v1/config/{id}",
    tag = "release",
    params(("id" = String, Path, description = "Its id, or the place of the item; slashes as they are, or as `%2F`")),
    responses((status = 200, description = "The configuration", body = ConfigurationBody), Unproven, Missing)
)]
pub(super) async fn read_configuration(
    State(state): State<AppState>,
    caller: Caller,
    ConfigurationPlace(which): ConfigurationPlace,
) -> Result<axum::Json<ConfigurationBody>, Problem> {
    Ok(axum::Json(items::read(&state, &caller, &which).await?.into()))
}

/// Changes a configuration to what is sent; another title renames it. Needs `config#edit`. A property that is not sent gets its
/// default; a secret that is not sent, or sent as `********`, stays. Whoever changes where a secret is sent gives it again.
#[utoipa::path(
    put,
    path = "/api/v1/config/{id}",
    tag = "release",
    params(("id" = String, Path, description = "Its id, or the place of the item; slashes as they are, or as `%2F`")),
    request_body = ConfigurationForm,
    responses(
        (status = 200, description = "The configuration", body = ConfigurationBody),
        BadBody, Unproven, Missing, Conflict
    )
)]
pub(super) async fn update_configuration(
    State(state): State<AppState>,
    caller: Caller,
    ConfigurationPlace(which): ConfigurationPlace,
    Json(form): Json<ConfigurationForm>,
) -> Result<axum::Json<ConfigurationBody>, Problem> {
    let there = items::read(&state, &caller, &which).await?;
    let (which, change) = form.into_change(&there)?;
    Ok(axum::Json(items::update(&state, &caller, &which, change).await?.into()))
}

/// Deletes a configuration. Needs `config#edit`. A mail server that the settings name stays.
#[utoipa::path(
    delete,
    path = "/api/v1/config/{id}",
    tag = "release",
    params(("id" = String, Path, description = "Its id, or the place of the item; slashes as they are, or as `%2F`")),
    responses((status = 204, description = "It is deleted"), Unproven, Missing, Conflict)
)]
pub(super) async fn delete_configuration(
    State(state): State<AppState>,
    caller: Caller,
    ConfigurationPlace(which): ConfigurationPlace,
) -> Result<StatusCode, Problem> {
    items::delete(&state, &caller, &which, None).await?;
    Ok(StatusCode::NO_CONTENT)
}
