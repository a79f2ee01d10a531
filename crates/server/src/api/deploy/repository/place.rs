//! Where a CI is, and putting it elsewhere.

use axum::extract::State;
use patgate_core::item::ItemName;
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::wire::{Answer, Ci, CiDocument, Flag, FlagDocument, Format, Place};
use crate::api::query::Parameters;
use crate::api::refusals::InText;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::items::{self, ItemChange, ItemRef, ItemView};
use crate::state::AppState;

/// Tells whether there is a CI at a place. Needs `config#view` or `config#edit`.
#[utoipa::path(
    get,
    path = "/deployit/repository/exists/{id}",
    tag = "deploy",
    params(("id" = String, Path, description = "The place, whatever the case; slashes as they are, or as `%2F`")),
    responses(
        (status = 200, description = "Whether it is there",
            content((FlagDocument = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn ci_exists(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    format: Format,
) -> Result<Answer<Flag>, Problem> {
    items::require_sight(&state, &caller)?;
    let is_there = place.is_root()
        || match &place.id {
            Ok(id) => state.store.item(id).await?.is_some(),
            Err(_) => false,
        };
    Ok(Answer(format, Flag(is_there)))
}

/// How a CI is to be called.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct NameParameters {
    /// The new last name of its place.
    new_name: String,
}

/// Calls a CI otherwise; it stays in its folder. Needs `config#edit`.
#[utoipa::path(
    post,
    path = "/deployit/repository/rename/{id}",
    tag = "deploy",
    params(("id" = String, Path, description = "Its place, whatever the case; slashes as they are, or as `%2F`"),
        NameParameters),
    responses(
        (status = 200, description = "The CI", content((CiDocument = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn rename_ci(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    Parameters(asked): Parameters<NameParameters>,
    format: Format,
) -> Result<Answer<Ci>, Problem> {
    let there = place.look(&state, &caller).await?;
    let wrong = |why: &dyn std::fmt::Display| {
        Problem::field("newName", format!("The query parameter `newName`: {why}"))
    };
    let name: ItemName = asked.new_name.parse().map_err(|why| wrong(&why))?;
    let folder = there.item.id.folder().unwrap_or_else(patgate_core::item::ItemId::root);
    let to = folder.child(&name).map_err(|why| wrong(&why))?;
    Ok(Answer(format, put(&state, &caller, &there, to).await?.into()))
}

/// Where a CI is to be.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct PlaceParameters {
    /// The new place. Its folder must be there.
    #[param(example = "Configuration/Mail/SMTPSERVERTEST")]
    new_id: String,
}

/// Moves a CI, a folder with all that is in it. Needs `config#edit`. Settings that name it name its new place.
#[utoipa::path(
    post,
    path = "/deployit/repository/move/{id}",
    tag = "deploy",
    params(("id" = String, Path, description = "Its place, whatever the case; slashes as they are, or as `%2F`"),
        PlaceParameters),
    responses(
        (status = 200, description = "The CI", content((CiDocument = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn move_ci(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    Parameters(asked): Parameters<PlaceParameters>,
    format: Format,
) -> Result<Answer<Ci>, Problem> {
    let there = place.look(&state, &caller).await?;
    let to = Place::of(&asked.new_id).into_id("newId")?;
    Ok(Answer(format, put(&state, &caller, &there, to).await?.into()))
}

/// Copies a CI to another place, a folder with all that is in it. Needs `config#edit`. Secrets are not copied: they are
/// entered where the copy is.
#[utoipa::path(
    post,
    path = "/deployit/repository/copy/{id}",
    tag = "deploy",
    params(("id" = String, Path, description = "Its place, whatever the case; slashes as they are, or as `%2F`"),
        PlaceParameters),
    responses(
        (status = 200, description = "The copy", content((CiDocument = "application/json"), (String = "application/xml"))),
        InText
    )
)]
pub(super) async fn copy_ci(
    State(state): State<AppState>,
    caller: Caller,
    place: Place,
    Parameters(asked): Parameters<PlaceParameters>,
    format: Format,
) -> Result<Answer<Ci>, Problem> {
    let there = place.look(&state, &caller).await?;
    let to = Place::of(&asked.new_id).into_id("newId")?;
    let copy = items::copy(&state, &caller, &ItemRef::Numbered(there.item.number), &to).await?;
    Ok(Answer(format, copy.into()))
}

async fn put(
    state: &AppState,
    caller: &Caller,
    there: &ItemView,
    to: patgate_core::item::ItemId,
) -> Result<ItemView, Problem> {
    let change = ItemChange { version: None, id: Some(to), type_name: None, properties: Default::default() };
    items::update(state, caller, &ItemRef::Numbered(there.item.number), change).await
}
