//! Several items at once, all or none of them; and copies.

use patgate_core::item::{Draft, Entered, ItemId, ItemName, SecretText, Value};
use patgate_store::{Change, Item, StoreError};

use super::write::{apply, begin, found, insert, remove};
use super::{ItemChange, ItemDraft, ItemRef, ItemView};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// How many items one call may make, change, delete, copy or move: while it does, nobody else changes anything.
pub const MOST_AT_ONCE: usize = 1_000;
/// How many copies of an item get a name by themselves.
const MOST_COPIES: usize = 20;
/// How much of the name of an item goes into the name of its copy.
const LONGEST_COPIED: usize = 90;

/// Makes items, in their order: a folder before what is in it.
///
/// # Errors
/// As [`super::create`], for the first that is refused; 400 for too many.
pub async fn create_all(
    state: &AppState,
    caller: &Caller,
    drafts: Vec<ItemDraft>,
) -> Result<Vec<ItemView>, Problem> {
    few(drafts.len())?;
    let mut change = begin(state, caller).await?;
    let mut made = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let place = draft.id.clone();
        let item = insert(state, &mut change, caller, draft).await;
        made.push(item.map_err(|problem| problem.at(&place))?);
    }
    state.commit(change).await?;
    Ok(ItemView::all(state, made).await)
}

/// Changes items, in their order.
///
/// # Errors
/// As [`super::update`], for the first that is refused; 400 for too many.
pub async fn update_all(
    state: &AppState,
    caller: &Caller,
    wanted: Vec<(ItemRef, ItemChange)>,
) -> Result<Vec<ItemView>, Problem> {
    few(wanted.len())?;
    let mut change = begin(state, caller).await?;
    let mut changed = Vec::with_capacity(wanted.len());
    for (which, wanted) in wanted {
        let item = found(&change, &which).await?;
        let item =
            apply(state, &mut change, caller, &which, wanted).await.map_err(|problem| problem.at(&item.id));
        changed.push(item?);
    }
    state.commit(change).await?;
    Ok(ItemView::all(state, changed).await)
}

/// Deletes items, whatever the order: what is in a folder before the folder. One that is not there is no fault.
///
/// # Errors
/// As [`super::delete`], for the first that is refused; 400 for too many.
pub async fn delete_all(state: &AppState, caller: &Caller, mut ids: Vec<ItemId>) -> Result<(), Problem> {
    few(ids.len())?;
    let mut change = begin(state, caller).await?;
    ids.sort_by_key(|id| std::cmp::Reverse(id.depth()));
    for id in ids {
        if change.item(&id).await?.is_some() {
            remove(&mut change, &ItemRef::At(id.clone()), None).await.map_err(|problem| problem.at(&id))?;
        }
    }
    state.commit(change).await?;
    Ok(())
}

/// Copies an item to another place: a folder with all that is in it. Its secrets stay where they are: who wants the copy
/// to have them enters them there.
///
/// # Errors
/// As [`super::create`]; 400 also for a type that needs a secret; 409 for a place in the folder itself, and for too many
/// items in it; 404.
pub async fn copy(
    state: &AppState,
    caller: &Caller,
    which: &ItemRef,
    to: &ItemId,
) -> Result<ItemView, Problem> {
    let mut change = begin(state, caller).await?;
    let item = found(&change, which).await?;
    if to.is_below(&item.id) {
        return Err(Problem::conflict("A folder cannot be copied into itself"));
    }
    few_with(&change, &item.id).await?;
    let below = change.items_below(&item.id).await?;
    let copied = insert(state, &mut change, caller, twin(&item, to.clone())).await?;
    for inner in below {
        let place = inner.id.moved(&item.id, &copied.id).map_err(|_| Problem::from(StoreError::Unmovable))?;
        insert(state, &mut change, caller, twin(&inner, place))
            .await
            .map_err(|problem| problem.at(&inner.id))?;
    }
    state.commit(change).await?;
    Ok(ItemView::new(state, copied).await)
}

/// Copies an item beside itself, as *Copy of* its name, with a number when that is taken.
///
/// # Errors
/// As [`copy`].
pub async fn duplicate(state: &AppState, caller: &Caller, which: &ItemRef) -> Result<ItemView, Problem> {
    let there = super::read(state, caller, which).await?.item;
    let folder = there.id.folder().ok_or_else(super::no_such_item)?;
    let name: String = format!("Copy of {}", there.id.name()).chars().take(LONGEST_COPIED).collect();
    for number in 1..=MOST_COPIES {
        let numbered = if number == 1 { name.clone() } else { format!("{} {number}", name.trim_end()) };
        let place = numbered.trim_end().parse::<ItemName>().ok().and_then(|name| folder.child(&name).ok());
        let place = place.ok_or_else(|| Problem::from(StoreError::Unmovable))?;
        if state.store.item(&place).await?.is_none() {
            return copy(state, caller, &ItemRef::Numbered(there.number), &place).await;
        }
    }
    Err(Problem::conflict("There are too many copies of it already; rename one"))
}

/// A new item like another, without its secrets.
fn twin(item: &Item, id: ItemId) -> ItemDraft {
    let entered = |value: &Value| match value {
        Value::Boolean(yes) => Entered::Boolean(*yes),
        Value::Integer(number) => Entered::Integer(*number),
        Value::Text(text) => Entered::Text(SecretText::from(text.as_str())),
        Value::Map(map) => Entered::Map(map.clone()),
    };
    let properties: Draft =
        item.properties.iter().map(|(name, value)| (name.clone(), entered(value))).collect();
    ItemDraft { id, type_name: item.type_name.clone(), properties }
}

/// Refuses to copy or move an item that has too many items in it.
///
/// # Errors
/// 409 when they are more than [`MOST_AT_ONCE`] with itself.
pub(super) async fn few_with(change: &Change, id: &ItemId) -> Result<(), Problem> {
    let most = MOST_AT_ONCE as u64;
    if change.count_items_below(id, most).await? < most {
        return Ok(());
    }
    let detail = format!(
        "`{id}` is, with what is in it, more than {MOST_AT_ONCE} configuration items, and one call copies or moves no more; \
         copy or move what is in it part by part"
    );
    Err(Problem::conflict(detail))
}

fn few(count: usize) -> Result<(), Problem> {
    if count <= MOST_AT_ONCE {
        return Ok(());
    }
    let detail = format!("These are {count} configuration items, and one call takes at most {MOST_AT_ONCE}");
    Err(Problem::field("cis", detail))
}
