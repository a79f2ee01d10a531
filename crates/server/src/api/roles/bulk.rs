//! `POST` and `PUT /api/v1/roles`: making and changing several roles in one transaction.

use axum::extract::State;
use http::StatusCode;

use super::body::{RoleBody, RoleForm};
use crate::api::json::Json;
use crate::api::refusals::{BadBody, Conflict, Missing, Unproven};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::roles::{self, RoleDraft};
use crate::state::AppState;

/// The most roles in one call.
const MOST: usize = 100;

/// Makes several roles, all or none of them. The rules are those for one.
#[utoipa::path(
    post,
    path = "/api/v1/roles",
    tag = "roles",
    request_body(content = Vec<RoleForm>, description = "At most 100 roles, each with `name`"),
    responses((status = 201, description = "The roles", body = Vec<RoleBody>), BadBody, Unproven, Conflict)
)]
pub(super) async fn create_roles(
    State(state): State<AppState>,
    caller: Caller,
    Json(forms): Json<Vec<RoleForm>>,
) -> Result<(StatusCode, axum::Json<Vec<RoleBody>>), Problem> {
    let made = roles::create(&state, &caller, &drafts(forms)?).await?;
    Ok((StatusCode::CREATED, axum::Json(made.into_iter().map(RoleBody::from).collect())))
}

/// Changes several roles, all or none of them. The rules are those for one.
#[utoipa::path(
    put,
    path = "/api/v1/roles",
    tag = "roles",
    request_body(content = Vec<RoleForm>, description = "At most 100 roles, each with `name`"),
    responses(
        (status = 200, description = "The roles as they are now", body = Vec<RoleBody>),
        BadBody, Unproven, Missing, Conflict
    )
)]
pub(super) async fn update_roles(
    State(state): State<AppState>,
    caller: Caller,
    Json(forms): Json<Vec<RoleForm>>,
) -> Result<axum::Json<Vec<RoleBody>>, Problem> {
    let changed = roles::update(&state, &caller, &drafts(forms)?).await?;
    Ok(axum::Json(changed.into_iter().map(RoleBody::from).collect()))
}

fn drafts(forms: Vec<RoleForm>) -> Result<Vec<RoleDraft>, Problem> {
    if forms.len() > MOST {
        return Err(Problem::field(format!("[{MOST}]"), format!("One call takes at most {MOST} roles")));
    }
    forms.into_iter().enumerate().map(|(at, form)| form.into_draft_at(at)).collect()
}
