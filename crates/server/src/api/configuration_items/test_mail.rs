//! `POST /api/v1/configuration-items/{id}/test-mail`: does this mail server work?

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::path::Place;
use crate::api::json::Json;
use crate::api::refusals::{BadBody, Conflict, Missing, Unproven};
use crate::caller::Caller;
use crate::mail::Report;
use crate::problem::Problem;
use crate::service::items;
use crate::state::AppState;

/// Who gets the test mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct TestMailForm {
    /// A mail address; absent: the server's Test Address.
    #[schema(example = "ann@example.org")]
    to: Option<String>,
}

/// Sends a test mail through a mail server and tells each step, in the server's own words where it has some; never a
/// password. A mail that is not taken is an answer too: its last step has the outcome `failed`. Needs `config#edit`.
#[utoipa::path(
    post,
    path = "/api/v1/configuration-items/{id}/test-mail",
    tag = "configuration items",
    params(("id" = String, Path, description = "The mail server's place, whatever the case; slashes as they are, or as \
        `%2F`")),
    request_body = TestMailForm,
    responses((status = 200, description = "What happened", body = Report), BadBody, Unproven, Missing, Conflict)
)]
pub(super) async fn send_test_mail(
    State(state): State<AppState>,
    caller: Caller,
    Place(which): Place,
    Json(form): Json<TestMailForm>,
) -> Result<axum::Json<Report>, Problem> {
    Ok(axum::Json(items::send_test_mail(&state, &caller, &which, form.to.as_deref()).await?))
}
