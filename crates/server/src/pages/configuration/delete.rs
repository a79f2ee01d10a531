//! `/configuration/{item}/delete`: the question before an item is deleted.

use axum::extract::State;
use http::StatusCode;
use patgate_core::identifier::ItemNumber;
use patgate_core::item::ItemId;
use patgate_core::permission::names::CONFIG_EDIT;
use patgate_store::Item;

use super::{EXPLORER, path};
use crate::pages::confirm::Confirm;
use crate::pages::form::Named;
use crate::pages::refused::redirect;
use crate::pages::{PageResult, Refused, Shell, Submitted, Visitor};
use crate::service::items::{self, ItemRef, ItemView};
use crate::state::AppState;

/// The field that says which version was shown.
const SHOWN: &str = "shown";

/// `GET /configuration/{item}/delete`.
pub(super) async fn ask(
    State(state): State<AppState>,
    Named(number): Named<ItemNumber>,
    visitor: Visitor,
) -> PageResult {
    let view = changeable(&state, &visitor, number).await?;
    let foreseen = items::may_delete(&state, &visitor.caller, &view.item).await;
    question(&state, &visitor, &view).carrying(vec![shown(&view)]).ask_unless(foreseen)
}

/// `POST /configuration/{item}/delete`.
pub(super) async fn delete(
    State(state): State<AppState>,
    Named(number): Named<ItemNumber>,
    Submitted { visitor, fields }: Submitted,
) -> PageResult {
    let view = match changeable(&state, &visitor, number).await {
        Ok(view) => view,
        // Two people delete the same item: both read that it is so.
        Err(Refused::Problem(problem)) if problem.status() == StatusCode::NOT_FOUND => {
            return Ok(redirect(&state, &format!("{EXPLORER}?done=deleted")));
        }
        Err(other) => return Err(other),
    };
    let folder = folder_path(&state, &visitor, &view.item).await;
    // Of a page that does not say what it showed, such as one from before, none is the version.
    let version = fields.text(SHOWN).parse().unwrap_or_default();
    match items::delete(&state, &visitor.caller, &ItemRef::Numbered(number), Some(version)).await {
        Ok(()) => Ok(redirect(&state, &format!("{folder}?done=deleted"))),
        // Who has read that it changed, and as what it stands here now, may go on.
        Err(problem) => question(&state, &visitor, &view).carrying(vec![shown(&view)]).refused(problem),
    }
}

/// The version that the question is about.
fn shown(view: &ItemView) -> (&'static str, String) {
    (SHOWN, view.item.version.to_string())
}

async fn changeable(state: &AppState, visitor: &Visitor, number: ItemNumber) -> Result<ItemView, Refused> {
    visitor.caller.require(state, CONFIG_EDIT)?;
    Ok(items::read(state, &visitor.caller, &ItemRef::Numbered(number)).await?)
}

/// The page of the folder that an item is in.
async fn folder_path(state: &AppState, visitor: &Visitor, item: &Item) -> String {
    let folder = item.id.folder().unwrap_or_else(ItemId::root);
    let found = items::read(state, &visitor.caller, &ItemRef::At(folder)).await;
    found.map_or_else(|_| EXPLORER.to_owned(), |folder| path(folder.item.number))
}

fn question(state: &AppState, visitor: &Visitor, view: &ItemView) -> Confirm {
    let item = &view.item;
    let label = view.descriptor.map_or("item", |known| known.label).to_lowercase();
    let heading = format!("Delete the {label} {}?", item.id.name());
    let mut sentences = vec![format!("{} is gone for good then.", item.id)];
    if !item.secrets.is_empty() {
        sentences.push("Its stored secrets are deleted with it.".to_owned());
    }
    Confirm {
        shell: Shell::new(state, visitor, heading.clone(), EXPLORER),
        heading,
        sentences,
        action: format!("{}/delete", path(item.number)),
        button: "Delete for good",
        is_danger: true,
        is_possible: true,
        cancel: path(item.number),
    }
}
