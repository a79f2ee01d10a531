//! Preparing a control task and making it.

use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::super::wire::{Answer, Format, Place, Received, Text, TextDocument};
use super::document::{Control, ControlForm};
use crate::api::path::Word;
use crate::api::refusals::InText;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::control;
use crate::service::items::ItemRef;
use crate::state::AppState;

/// Describes a control task of a CI, to be sent to `/deployit/control`. Needs `config#view` or `config#edit`.
#[utoipa::path(
    get,
    path = "/deployit/control/prepare/{task}/{id}",
    tag = "deploy",
    params(
        ("task" = String, Path, description = "What is to be done: `sendTestMail`"),
        ("id" = String, Path, description = "The CI's place, whatever the case; slashes as they are, or as `%2F`")
    ),
    responses(
        (status = 200, description = "What to send", content((Object = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn prepare_control(
    State(state): State<AppState>,
    caller: Caller,
    Word(task): Word,
    place: Place,
    format: Format,
) -> Result<Answer<Control>, Problem> {
    let there = place.look(&state, &caller).await?;
    let task = control::task_of(&there.item.type_name, &task)?;
    Ok(Answer(format, Control { task, ci: there.into() }))
}

/// Makes a control task, which can be started then. Needs `config#edit`. Answers the name of the task, as a bare text where no
/// JSON is asked for.
#[utoipa::path(
    post,
    path = "/deployit/control",
    tag = "deploy",
    request_body(content((Object = "application/json"), (String = "application/xml"))),
    responses(
        (status = 200, description = "The task", content((TextDocument = "application/json"), (String = "text/plain"))),
        InText
    )
)]
pub(super) async fn create_control(
    State(state): State<AppState>,
    caller: Caller,
    format: Format,
    Received(form): Received<ControlForm>,
) -> Result<Response, Problem> {
    let there = Place::of(form.ci.id.as_deref().unwrap_or_default()).look(&state, &caller).await?;
    let task = control::make(&state, &caller, &form.task, &ItemRef::Numbered(there.item.number)).await?;
    Ok(match format {
        Format::Json => Answer(format, Text(task.id)).into_response(),
        Format::Xml => task.id.into_response(),
    })
}
