//! `/deployit/repository/cis`: several CIs at once, all or none of them.

use axum::extract::State;
use http::StatusCode;

use super::super::wire::{Answer, Ci, CiDocument, CiForm, Format, Ids, List, Place, Received};
use super::ci::{all_at, taken, to_change, to_make};
use crate::api::refusals::InText;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::items::{self, ItemDraft};
use crate::state::AppState;

/// Makes CIs, in their order: a folder before what is in it. Needs `config#edit`.
#[utoipa::path(
    post,
    path = "/deployit/repository/cis",
    tag = "deploy",
    request_body(content((Vec<CiDocument> = "application/json"), (String = "application/xml"))),
    responses(
        (status = 200, description = "The CIs",
            content((Vec<CiDocument> = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn create_cis(
    State(state): State<AppState>,
    caller: Caller,
    format: Format,
    Received(forms): Received<Vec<CiForm>>,
) -> Result<Answer<List<Ci>>, Problem> {
    let made = items::create_all(&state, &caller, drafts(forms)?).await.map_err(taken)?;
    Ok(Answer(format, List(made.into_iter().map(Ci::from).collect())))
}

/// Changes CIs to what is sent, as each alone would be. Needs `config#edit`.
#[utoipa::path(
    put,
    path = "/deployit/repository/cis",
    tag = "deploy",
    request_body(content((Vec<CiDocument> = "application/json"), (String = "application/xml"))),
    responses(
        (status = 200, description = "The CIs",
            content((Vec<CiDocument> = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn update_cis(
    State(state): State<AppState>,
    caller: Caller,
    format: Format,
    Received(forms): Received<Vec<CiForm>>,
) -> Result<Answer<List<Ci>>, Problem> {
    let places: Vec<_> = forms.iter().map(place).collect();
    let there = all_at(&state, &caller, &places).await?;
    let changes = there.iter().zip(forms).map(|(there, form)| {
        let (_, change) = to_change(there, form)?;
        Ok((there.item.number, change))
    });
    let changed = items::update_all(&state, &caller, changes.collect::<Result<_, Problem>>()?).await?;
    Ok(Answer(format, List(changed.into_iter().map(Ci::from).collect())))
}

/// Deletes CIs, whatever their order. Needs `config#edit`. One that is not there is no fault.
#[utoipa::path(
    post,
    path = "/deployit/repository/cis/delete",
    tag = "deploy",
    request_body(content((Vec<String> = "application/json"), (String = "application/xml"))),
    responses((status = 204, description = "They are deleted"), InText)
)]
pub(super) async fn delete_cis(
    State(state): State<AppState>,
    caller: Caller,
    Received(Ids(ids)): Received<Ids>,
) -> Result<StatusCode, Problem> {
    let ids = ids.iter().filter_map(|id| Place::of(id).id.ok()).collect();
    items::delete_all(&state, &caller, ids).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reads CIs, in the order in which they are named. Needs `config#view` or `config#edit`.
#[utoipa::path(
    post,
    path = "/deployit/repository/cis/read",
    tag = "deploy",
    request_body(content((Vec<String> = "application/json"), (String = "application/xml"))),
    responses(
        (status = 200, description = "The CIs",
            content((Vec<CiDocument> = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn read_cis(
    State(state): State<AppState>,
    caller: Caller,
    format: Format,
    Received(Ids(ids)): Received<Ids>,
) -> Result<Answer<List<Ci>>, Problem> {
    let places: Vec<_> = ids.iter().map(|id| Place::of(id)).collect();
    let found = all_at(&state, &caller, &places).await?;
    Ok(Answer(format, List(found.into_iter().map(Ci::from).collect())))
}

/// The items that the CIs of a list describe.
pub(super) fn drafts(forms: Vec<CiForm>) -> Result<Vec<ItemDraft>, Problem> {
    forms.into_iter().map(|form| to_make(place(&form), form)).collect()
}

fn place(form: &CiForm) -> Place {
    Place::of(form.id.as_deref().unwrap_or_default())
}
