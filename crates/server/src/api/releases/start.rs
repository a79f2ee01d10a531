//! Making releases of templates.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::body::ReleaseBody;
use super::form::{SecretField, credential, entry};
use super::place::ReleasePlace;
use crate::api::json::Json;
use crate::api::refusals::{BadBody, Conflict, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::releases::{self, StartDraft, Then};
use crate::state::AppState;

/// What a release of a template is made with.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StartReleaseForm)]
pub(super) struct StartForm {
    /// What people will call it; the template's title when it is not sent.
    #[schema(example = "Ship 1.2")]
    release_title: Option<String>,
    /// The values of its variables by their keys, which may be in `${}`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    variables: Option<BTreeMap<String, Value>>,
    /// More of them.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    release_variables: Option<BTreeMap<String, Value>>,
    /// Those that are passwords.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    release_password_variables: Option<BTreeMap<String, SecretField>>,
    /// *Run automated tasks as user*: a user name; blank for a personal access token. As in the template when it is not sent.
    script_username: Option<String>,
    /// Their password, or the token.
    script_user_password: Option<SecretField>,
    /// Whether `create` starts the release at once.
    auto_start: Option<bool>,
}

impl StartForm {
    fn into_draft(self) -> Result<StartDraft, Problem> {
        let mut variables = BTreeMap::new();
        let plain = self.variables.into_iter().chain(self.release_variables).flatten();
        for (key, value) in plain {
            let entry = entry(&key, None, value)?;
            variables.insert(key, entry);
        }
        for (key, secret) in self.release_password_variables.into_iter().flatten() {
            variables.insert(key, secret.into_entry());
        }
        Ok(StartDraft {
            expected: None,
            title: self.release_title.unwrap_or_default(),
            variables,
            credential: credential(self.script_username, self.script_user_password),
            event: None,
        })
    }
}

/// Makes a release of a template. Needs `release#create`.
#[utoipa::path(
    post,
    path = "/api/v1/templates/{id}/create",
    tag = "release",
    params(("id" = String, Path, description = "Its id, with `Applications/` before it or without; slashes as they are, or as `%2F`")),
    request_body = StartForm,
    responses((status = 200, description = "The release", body = ReleaseBody), BadBody, Unproven, Missing, Conflict)
)]
pub(super) async fn create_release(
    State(state): State<AppState>,
    caller: Caller,
    ReleasePlace(id): ReleasePlace,
    Json(form): Json<StartForm>,
) -> Result<axum::Json<ReleaseBody>, Problem> {
    let then = if form.auto_start == Some(true) { Then::Start } else { Then::Wait };
    let made = releases::from_template(&state, &caller, &id, form.into_draft()?, then).await?;
    Ok(axum::Json(ReleaseBody::new(&state, made)))
}

/// Makes a release of a template and starts it. Needs `release#create`. When the user for automated tasks does not pass,
/// there is no release.
#[utoipa::path(
    post,
    path = "/api/v1/templates/{id}/start",
    tag = "release",
    params(("id" = String, Path, description = "Its id, with `Applications/` before it or without; slashes as they are, or as `%2F`")),
    request_body = StartForm,
    responses((status = 200, description = "The release", body = ReleaseBody), BadBody, Unproven, Missing, Conflict)
)]
pub(super) async fn start_release_of_template(
    State(state): State<AppState>,
    caller: Caller,
    ReleasePlace(id): ReleasePlace,
    Json(form): Json<StartForm>,
) -> Result<axum::Json<ReleaseBody>, Problem> {
    let made = releases::from_template(&state, &caller, &id, form.into_draft()?, Then::Start).await?;
    Ok(axum::Json(ReleaseBody::new(&state, made)))
}
