//! What is done with a configuration: trying it out, and duplicating it.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::ConfigurationBody;
use super::place::ConfigurationPlace;
use crate::api::refusals::{Conflict, Malformed, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::items::{self, Trial};
use crate::state::AppState;

/// Whether a configuration works.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConfigurationStatus {
    /// It does.
    success: bool,
    /// Why not.
    error_text: Option<String>,
    /// Whether configurations of this type can be tried at all.
    script_found: bool,
}

/// Tries a configuration out: connects to a mail server and signs in there, and sends nothing. Needs `config#edit`.
#[utoipa::path(
    post,
    path = "/api/v1/config/{id}/status",
    tag = "release",
    params(("id" = String, Path, description = "Its id, or the place of the item; slashes as they are, or as `%2F`")),
    responses((status = 200, description = "Whether it works", body = ConfigurationStatus), Unproven, Missing)
)]
pub(super) async fn check_configuration(
    State(state): State<AppState>,
    caller: Caller,
    ConfigurationPlace(which): ConfigurationPlace,
) -> Result<axum::Json<ConfigurationStatus>, Problem> {
    Ok(axum::Json(match items::try_out(&state, &caller, &which).await? {
        Trial::Works => ConfigurationStatus { success: true, error_text: None, script_found: true },
        Trial::Fails(why) => {
            ConfigurationStatus { success: false, error_text: Some(why), script_found: true }
        }
        Trial::Impossible => ConfigurationStatus {
            success: false,
            error_text: Some("Configurations of this type cannot be tried out".to_owned()),
            script_found: false,
        },
    }))
}

/// Duplicates a configuration beside it, as *Copy of* its title. Needs `config#edit`. Secrets are not copied: they are entered
/// in the copy.
#[utoipa::path(
    post,
    path = "/api/v1/config/{id}/copy",
    tag = "release",
    params(("id" = String, Path, description = "Its id, or the place of the item; slashes as they are, or as `%2F`")),
    responses(
        (status = 200, description = "The copy", body = ConfigurationBody),
        Malformed, Unproven, Missing, Conflict
    )
)]
pub(super) async fn copy_configuration(
    State(state): State<AppState>,
    caller: Caller,
    ConfigurationPlace(which): ConfigurationPlace,
) -> Result<axum::Json<ConfigurationBody>, Problem> {
    Ok(axum::Json(items::duplicate(&state, &caller, &which).await?.into()))
}
