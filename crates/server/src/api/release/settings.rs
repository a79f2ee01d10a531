//! `GET /api/v1/settings/{id}`: a settings object by its place, as Release's clients name them.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::path::Word;
use crate::api::refusals::{Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;

const GENERAL: &str = "Configuration/settings/general";

/// The general settings.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct GeneralSettings {
    /// Their place.
    #[schema(example = "Configuration/settings/general")]
    id: &'static str,
    /// The name of the program.
    #[schema(example = "Patgate")]
    product: &'static str,
    /// Its version.
    version: &'static str,
    /// Where people find this server.
    server_url: String,
}

/// Reads a settings object: `Configuration/settings/general`. For everybody.
#[utoipa::path(
    get,
    path = "/api/v1/settings/{id}",
    tag = "settings",
    params(("id" = String, Path, description = "Its place, whatever the case; slashes as they are, or as `%2F`")),
    responses((status = 200, description = "The settings", body = GeneralSettings), Unproven, Missing)
)]
pub(super) async fn read_settings(
    State(state): State<AppState>,
    _: Caller,
    Word(id): Word,
) -> Result<Json<GeneralSettings>, Problem> {
    if !id.eq_ignore_ascii_case(GENERAL) {
        return Err(Problem::not_found("settings object"));
    }
    let server_url = state.public_url.to_string();
    Ok(Json(GeneralSettings {
        id: GENERAL,
        product: "Patgate",
        version: env!("CARGO_PKG_VERSION"),
        server_url,
    }))
}
