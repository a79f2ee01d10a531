//! Seeing items.

use patgate_core::identifier::ItemNumber;
use patgate_core::item::{FOLDER, ItemId};
use patgate_core::permission::names::{CONFIG_EDIT, CONFIG_VIEW};
use patgate_store::{Item, ItemCursor, ItemFilter, ItemQuery, ItemReference, Page, Seek};

use super::{ItemRef, ItemView, no_such_item};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// How many items the tree of the Explorer shows.
const MOST_IN_TREE: u64 = 500;

/// Lists items in the order of their places.
///
/// # Errors
/// 403 without `config#view` and `config#edit`.
pub async fn list(
    state: &AppState,
    caller: &Caller,
    filter: &ItemFilter,
    page: Page,
) -> Result<Vec<ItemView>, Problem> {
    require_sight(state, caller)?;
    Ok(ItemView::all(state, state.store.items(filter, page).await?).await)
}

/// At most `limit` items, in the order of their places, from a place of the list on.
///
/// # Errors
/// As [`list`].
pub async fn list_from(
    state: &AppState,
    caller: &Caller,
    filter: &ItemFilter,
    seek: &Seek<ItemCursor>,
    limit: u64,
) -> Result<Vec<ItemView>, Problem> {
    require_sight(state, caller)?;
    Ok(ItemView::all(state, state.store.list_items(filter, seek, limit).await?).await)
}

/// Items for a tree, in the order of their places: all of them, or, when they are more than 500, the first 500 folders.
///
/// # Errors
/// As [`list`].
pub async fn tree(state: &AppState, caller: &Caller) -> Result<Vec<Item>, Problem> {
    require_sight(state, caller)?;
    let all = state.store.list_items(&ItemFilter::default(), &Seek::Start, MOST_IN_TREE + 1).await?;
    if all.len() as u64 <= MOST_IN_TREE {
        return Ok(all);
    }
    folders(state, caller).await
}

/// The first 500 folders, in the order of their places.
///
/// # Errors
/// As [`list`].
pub async fn folders(state: &AppState, caller: &Caller) -> Result<Vec<Item>, Problem> {
    require_sight(state, caller)?;
    let filter = ItemFilter { type_name: Some(FOLDER.name.to_owned()), ..ItemFilter::default() };
    Ok(state.store.list_items(&filter, &Seek::Start, MOST_IN_TREE).await?)
}

/// Reads one item.
///
/// # Errors
/// As [`list`]; 404.
pub async fn read(state: &AppState, caller: &Caller, which: &ItemRef) -> Result<ItemView, Problem> {
    require_sight(state, caller)?;
    let item = match which {
        ItemRef::At(id) => state.store.item(id).await?,
        ItemRef::Numbered(number) => state.store.item_by_number(*number).await?,
    };
    Ok(ItemView::new(state, item.ok_or_else(no_such_item)?).await)
}

/// Demands that there is such a folder. Its place, as it is written.
///
/// # Errors
/// As [`list`]; 404.
pub async fn folder(state: &AppState, caller: &Caller, id: &ItemId) -> Result<ItemId, Problem> {
    require_sight(state, caller)?;
    if id.is_root() {
        return Ok(ItemId::root());
    }
    let found = read(state, caller, &ItemRef::At(id.clone())).await?;
    if found.is_folder() { Ok(found.item.id) } else { Err(no_such_item()) }
}

/// At most `limit` of the places and types of items from a place on, in the order of the places, behind the first `skip`.
///
/// # Errors
/// As [`list`].
pub async fn find(
    state: &AppState,
    caller: &Caller,
    query: &ItemQuery,
    seek: &Seek<ItemCursor>,
    (skip, limit): (u64, u64),
) -> Result<Vec<ItemReference>, Problem> {
    require_sight(state, caller)?;
    Ok(state.store.find_items(query, seek, skip, limit).await?)
}

/// As [`list_from`], for who shows no warnings.
///
/// # Errors
/// As [`list`].
pub async fn list_bare(
    state: &AppState,
    caller: &Caller,
    filter: &ItemFilter,
    seek: &Seek<ItemCursor>,
    limit: u64,
) -> Result<Vec<ItemView>, Problem> {
    require_sight(state, caller)?;
    let items = state.store.list_items(filter, seek, limit).await?;
    Ok(items.into_iter().map(ItemView::bare).collect())
}

/// The items at these places, in the order of the places; those that are not there are left out.
///
/// # Errors
/// As [`list`].
pub async fn read_all(state: &AppState, caller: &Caller, ids: &[ItemId]) -> Result<Vec<ItemView>, Problem> {
    require_sight(state, caller)?;
    Ok(ItemView::all(state, state.store.items_at(ids).await?).await)
}

/// The items at these places and of these numbers; those that are not there are left out.
///
/// # Errors
/// As [`list`].
pub async fn read_known(
    state: &AppState,
    caller: &Caller,
    ids: &[ItemId],
    numbers: &[ItemNumber],
) -> Result<Vec<ItemView>, Problem> {
    require_sight(state, caller)?;
    let mut items = state.store.items_at(ids).await?;
    items.extend(state.store.items_numbered(numbers).await?);
    Ok(ItemView::all(state, items).await)
}

/// Demands that somebody may see items.
///
/// # Errors
/// 403 without `config#view` and `config#edit`.
pub fn require_sight(state: &AppState, caller: &Caller) -> Result<(), Problem> {
    caller.require_any(state, &[CONFIG_VIEW, CONFIG_EDIT])
}
