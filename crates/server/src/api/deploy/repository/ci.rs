//! `/deployit/repository/ci/{id}`: one CI.

use axum::extract::State;
use http::StatusCode;
use patgate_core::item::{Entered, descriptor};
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::wire::{
    Answer, Ci, CiDocument, CiForm, Format, Place, Received, entity_missing, version_of,
};
use crate::api::query::Parameters;
use crate::api::refusals::InText;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::items::{self, ItemChange, ItemDraft, ItemRef, ItemView};
use crate::service::shown::overtaken;
use crate::state::AppState;

/// Reads a CI. Needs `config#view` or `config#edit`. A secret that is stored is `********`.
#[utoipa::path(
    get,
    path = "/deployit/repository/ci/{id}",
    tag = "deploy",
    params(("id" = String, Path, description = "Its place, such as `Configuration/SMTPSERVERTEST`, whatever the case; \
        slashes as they are, or as `%2F`")),
    responses(
        (status = 200, description = "The CI", content((CiDocument = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn read_ci(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    format: Format,
) -> Result<Answer<Ci>, Problem> {
    if place.is_root() {
        items::require_sight(&state, &caller)?;
        return Ok(Answer(format, Ci::root()));
    }
    Ok(Answer(format, place.look(&state, &caller).await?.into()))
}

/// Makes a CI. Needs `config#edit`. Its folder must be there.
#[utoipa::path(
    post,
    path = "/deployit/repository/ci/{id}",
    tag = "deploy",
    params(("id" = String, Path, description = "Its place; slashes as they are, or as `%2F`")),
    request_body(content((CiDocument = "application/json"), (String = "application/xml"))),
    responses(
        (status = 200, description = "The CI", content((CiDocument = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn create_ci(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    format: Format,
    Received(form): Received<CiForm>,
) -> Result<Answer<Ci>, Problem> {
    agrees(&place, &form)?;
    let made = items::create(&state, &caller, to_make(place, form)?).await.map_err(taken)?;
    Ok(Answer(format, made.into()))
}

/// Changes a CI to what is sent. Needs `config#edit`. A property that is not sent gets its default; a secret that is not
/// sent, or sent as `********`, stays. Whoever changes where a secret is sent gives it again.
#[utoipa::path(
    put,
    path = "/deployit/repository/ci/{id}",
    tag = "deploy",
    params(("id" = String, Path, description = "Its place, whatever the case; slashes as they are, or as `%2F`")),
    request_body(content((CiDocument = "application/json"), (String = "application/xml"))),
    responses(
        (status = 200, description = "The CI", content((CiDocument = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn update_ci(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    format: Format,
    Received(form): Received<CiForm>,
) -> Result<Answer<Ci>, Problem> {
    agrees(&place, &form)?;
    let there = place.look(&state, &caller).await?;
    let (which, change) = to_change(&there, form)?;
    Ok(Answer(format, items::update(&state, &caller, &which, change).await?.into()))
}

/// Deletes a CI. Needs `config#edit`. A folder must be empty, and a mail server not the one of the settings.
#[utoipa::path(
    delete,
    path = "/deployit/repository/ci/{id}",
    tag = "deploy",
    params(("id" = String, Path, description = "Its place, whatever the case; slashes as they are, or as `%2F`")),
    responses((status = 204, description = "It is deleted"), InText)
)]
pub(super) async fn delete_ci(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
) -> Result<StatusCode, Problem> {
    let there = place.look(&state, &caller).await?;
    items::delete(&state, &caller, &ItemRef::Numbered(there.item.number), None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Of which type a new CI would be.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct NewParameters {
    /// The type.
    #[param(example = "notification.PatSmtpServer")]
    r#type: String,
}

/// Shows a CI of a type as it would be made of nothing but defaults. Nothing is stored. For everybody.
#[utoipa::path(
    get,
    path = "/deployit/repository/ci/new",
    tag = "deploy",
    params(NewParameters),
    responses(
        (status = 200, description = "The CI", content((CiDocument = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn new_ci(
    _: Caller,
    Parameters(asked): Parameters<NewParameters>,
    format: Format,
) -> Result<Answer<Ci>, Problem> {
    let descriptor = descriptor(&asked.r#type)
        .ok_or_else(|| Problem::field("type", format!("There is no type `{}`", asked.r#type)))?;
    let defaults = descriptor.properties.iter();
    let defaults =
        defaults.filter_map(|property| Some((property.name.to_owned(), property.default.value()?)));
    Ok(Answer(format, Ci::unstored(String::new(), descriptor.name.to_owned(), defaults.collect())))
}

/// A place that is taken is a fault of the request to Deploy's clients.
pub(super) fn taken(problem: Problem) -> Problem {
    if problem.status() == StatusCode::CONFLICT { Problem::field("id", problem) } else { problem }
}

/// The item that a CI describes, at this place.
pub(super) fn to_make(place: Place, form: CiForm) -> Result<ItemDraft, Problem> {
    let id = place.into_id("id")?;
    let type_name = form.type_name.clone();
    let type_name = type_name.ok_or_else(|| Problem::field("type", "The field `type` is missing"))?;
    let properties = match descriptor(&type_name) {
        Some(descriptor) => form.draft(descriptor),
        None => form.properties,
    };
    Ok(ItemDraft { id, type_name, properties })
}

/// The change to what a CI describes, of an item as it was just read.
pub(super) fn to_change(there: &ItemView, form: CiForm) -> Result<(ItemRef, ItemChange), Problem> {
    let item = &there.item;
    let version = match form.token.as_deref().map(version_of) {
        None => None,
        Some(Some((number, version))) if number == item.number => Some(version),
        Some(_) => return Err(overtaken()),
    };
    let type_name = form.type_name.clone();
    let properties = match there.descriptor {
        None => form.properties,
        Some(descriptor) => {
            let mut draft = form.draft(descriptor);
            for property in descriptor.properties.iter().filter(|property| !property.is_secret()) {
                draft.entry(property.name.to_owned()).or_insert(Entered::Nothing);
            }
            draft
        }
    };
    Ok((ItemRef::Numbered(item.number), ItemChange { version, id: None, type_name, properties }))
}

/// The path and the body name the same place.
fn agrees(place: &Place, form: &CiForm) -> Result<(), Problem> {
    let Some(id) = form.id.as_deref().filter(|id| !id.trim().is_empty()) else { return Ok(()) };
    if Place::of(id).id == place.id && (place.id.is_ok() || id.trim() == place.written) {
        return Ok(());
    }
    let detail = format!("The field `id` is not `{}`, as in the path", place.written);
    Err(Problem::field("id", detail).hint("`repository/move` moves a CI"))
}

/// The item at each of these places, in the order in which they are named.
///
/// # Errors
/// 403 for who may not see items; 400 naming one that stands twice; 404 naming the first that is not there.
pub(super) async fn all_at(
    state: &AppState,
    caller: &Caller,
    places: &[Place],
) -> Result<Vec<ItemView>, Problem> {
    items::require_sight(state, caller)?;
    if places.len() > items::MOST_AT_ONCE {
        let detail = format!("One call takes at most {} CIs", items::MOST_AT_ONCE);
        return Err(Problem::field("cis", detail));
    }
    let ids: Vec<_> = places.iter().filter_map(|place| place.id.clone().ok()).collect();
    let mut named = std::collections::BTreeSet::new();
    if let Some(twice) = ids.iter().find(|id| !named.insert(id.key())) {
        return Err(Problem::field("cis", format!("`{twice}` is named twice; name each CI once")));
    }
    let found = items::read_all(state, caller, &ids).await?;
    let mut found: std::collections::BTreeMap<_, _> =
        found.into_iter().map(|view| (view.item.id.key(), view)).collect();
    let view = |place: &Place| {
        let id = place.id.as_ref().ok();
        id.and_then(|id| found.remove(&id.key())).ok_or_else(|| entity_missing(&place.written))
    };
    places.iter().map(view).collect()
}
