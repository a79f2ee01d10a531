//! Seeing items.

use patgate_core::identifier::ItemNumber;
use patgate_core::item::{FOLDER, ItemId, TypeDescriptor, descriptor};
use patgate_core::permission::names::{CONFIG_EDIT, CONFIG_VIEW};
use patgate_core::policy::notification::length_in_page;
use patgate_store::{Item, ItemCursor, ItemFilter, ItemQuery, ItemReference, Page, Seek};

use super::{ItemRef, ItemView, no_such_item};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// How many items the tree of the Explorer shows, of all folders that are open together.
const MOST_IN_TREE: usize = 30;
/// How many of one folder.
const MOST_IN_BRANCH: usize = 20;
/// How many folders one can choose from, and how many bytes of a page their paths take together.
const FEW_FOLDERS: (u64, usize) = (50, 3_000);

/// What a tree shows of one folder.
#[derive(Clone, Debug)]
pub struct Branch {
    /// The folder.
    pub folder: ItemId,
    /// Its first items, and the one that is open.
    pub items: Vec<Item>,
    /// Whether there are more.
    pub has_more: bool,
}

impl Branch {
    /// Of the first items of a folder, two more than there is room for when there are as many.
    fn new(folder: ItemId, mut items: Vec<Item>, open: Option<&Item>, room: usize) -> Self {
        let behind = items.split_off(room.min(items.len()));
        let has_more = behind.iter().any(|item| open.is_none_or(|open| open.number != item.number));
        let is_missing = |open: &&Item| items.iter().all(|item| item.number != open.number);
        let missing = open.filter(is_missing).cloned();
        items.extend(missing);
        Self { folder, items, has_more }
    }
}

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

/// What is in the folders from the root down to an item, for a tree that is open there: of each folder the first items, and the
/// one that is open.
///
/// # Errors
/// As [`list`].
pub async fn branches(state: &AppState, caller: &Caller, here: &ItemId) -> Result<Vec<Branch>, Problem> {
    require_sight(state, caller)?;
    let ids: Vec<_> = std::iter::successors(Some(here.clone()), ItemId::folder).collect();
    let there = state.store.items_at(&ids).await?;
    let open: Vec<_> = ids.iter().rev().filter_map(|id| there.iter().find(|item| item.id == *id)).collect();
    let is_folder = |item: &&&Item| descriptor(&item.type_name).is_some_and(|known| known.is_folder);
    let below = open.iter().filter(is_folder).map(|item| item.id.clone());
    let folders: Vec<_> = std::iter::once(ItemId::root()).chain(below).collect();
    let room = (MOST_IN_TREE / folders.len()).min(MOST_IN_BRANCH);
    let mut branches = Vec::new();
    for (depth, folder) in folders.into_iter().enumerate() {
        let filter = ItemFilter { folder: Some(folder.clone()), ..ItemFilter::default() };
        // The second one more tells whether there are others behind the one that is open.
        let items = state.store.list_items(&filter, &Seek::Start, room as u64 + 2).await?;
        branches.push(Branch::new(folder, items, open.get(depth).copied(), room));
    }
    Ok(branches)
}

/// The folders, in the order of their places, when they are few and their paths short; `None`: they are too many for a page.
///
/// # Errors
/// As [`list`].
pub async fn few_folders(state: &AppState, caller: &Caller) -> Result<Option<Vec<ItemId>>, Problem> {
    require_sight(state, caller)?;
    few(state, &FOLDER, FEW_FOLDERS).await
}

/// The places of all items of a type when they are so many at most, and their paths take so many bytes of a page together at
/// most.
pub(super) async fn few(
    state: &AppState,
    known: &TypeDescriptor,
    (most, longest): (u64, usize),
) -> Result<Option<Vec<ItemId>>, Problem> {
    let filter = ItemFilter { type_name: Some(known.name.to_owned()), ..ItemFilter::default() };
    let found = state.store.list_items(&filter, &Seek::Start, most + 1).await?;
    let length: usize = found.iter().flat_map(|item| item.id.as_str().chars()).map(length_in_page).sum();
    let are_few = found.len() as u64 <= most && length <= longest;
    Ok(are_few.then(|| found.into_iter().map(|item| item.id).collect()))
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
pub async fn folder(state: &AppState, caller: &Caller, which: &ItemRef) -> Result<ItemId, Problem> {
    require_sight(state, caller)?;
    if let ItemRef::At(id) = which
        && id.is_root()
    {
        return Ok(ItemId::root());
    }
    let found = read(state, caller, which).await?;
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

/// The items at these places, in the order of the places; those that are not there are left out. For who shows no warnings.
///
/// # Errors
/// As [`list`].
pub async fn read_all(state: &AppState, caller: &Caller, ids: &[ItemId]) -> Result<Vec<ItemView>, Problem> {
    require_sight(state, caller)?;
    Ok(state.store.items_at(ids).await?.into_iter().map(ItemView::bare).collect())
}

/// The items at these places and of these numbers; those that are not there are left out. For who shows no warnings.
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
    Ok(items.into_iter().map(ItemView::bare).collect())
}

/// Demands that somebody may see items.
///
/// # Errors
/// 403 without `config#view` and `config#edit`.
pub fn require_sight(state: &AppState, caller: &Caller) -> Result<(), Problem> {
    caller.require_any(state, &[CONFIG_VIEW, CONFIG_EDIT])
}
