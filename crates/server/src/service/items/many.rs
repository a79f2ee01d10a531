//! Several items at once, all or none of them; and copies.

use std::collections::{HashMap, HashSet};

use patgate_core::identifier::ItemNumber;
use patgate_core::item::{Draft, Entered, ItemId, ItemName, SecretText, Value, descriptor};
use patgate_store::{Change, Item, RefusedItem, StoreError};

use super::write::{begin, fit_over, found, insert, misplaced, require_unnamed, updated};
use super::{ItemChange, ItemDraft, ItemRef, ItemView, no_such_item};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// How many items one call may make, change, delete, copy or move: while it does, nobody else changes anything.
pub const MOST_AT_ONCE: usize = 1_000;
/// How many copies of an item get a name by themselves.
const MOST_COPIES: usize = 20;
/// How much of the name of an item goes into the name of its copy.
const LONGEST_COPIED: usize = 90;

/// Makes items, in their order: a folder before what is in it. For who shows no warnings.
///
/// # Errors
/// As [`super::create`], for the first that is refused; 400 for too many.
pub async fn create_all(
    state: &AppState,
    caller: &Caller,
    drafts: Vec<ItemDraft>,
) -> Result<Vec<ItemView>, Problem> {
    few(drafts.len())?;
    let (mut change, mut starts) = begin(state, caller).await?;
    let called: Vec<_> = drafts.iter().map(|draft| Some(draft.id.clone())).collect();
    let made = insert(state, &mut change, &mut starts, drafts, &called).await?;
    state.commit(change).await?;
    Ok(made.into_iter().map(ItemView::bare).collect())
}

/// Changes items where they are, in their order; none may stand twice. For who shows no warnings.
///
/// # Errors
/// As [`super::update`], for the first that is refused; 400 for too many.
pub async fn update_all(
    state: &AppState,
    caller: &Caller,
    wanted: Vec<(ItemNumber, ItemChange)>,
) -> Result<Vec<ItemView>, Problem> {
    few(wanted.len())?;
    let (mut change, mut starts) = begin(state, caller).await?;
    let numbers: Vec<_> = wanted.iter().map(|(number, _)| *number).collect();
    let there = change.items_numbered(&numbers).await?;
    let there: HashMap<_, _> = there.into_iter().map(|item| (item.number, item)).collect();
    let mut fitting = Vec::with_capacity(wanted.len());
    let mut named = HashSet::new();
    let unfit: Result<(), Problem> = wanted.into_iter().try_for_each(|(number, wanted)| {
        // Two places are one item when somebody moved it while they were looked for: the second is not there.
        let before = there.get(&number).filter(|_| named.insert(number)).ok_or_else(no_such_item)?;
        fitting.push((before, fit_over(before, wanted).map_err(|problem| problem.at(&before.id))?));
        Ok(())
    });
    starts.look(&change, &fitting.iter().map(|(_, fitting)| fitting).collect::<Vec<_>>()).await?;
    let mut updates = Vec::with_capacity(fitting.len());
    let refused: Result<(), Problem> = fitting.into_iter().try_for_each(|(before, fitting)| {
        let update = updated(state, &starts, before, fitting);
        updates.push(update.map_err(|problem| problem.at(&before.id))?);
        Ok(())
    });
    // What stands before what was refused may be refused for a value that is taken, and is then the first.
    let changed = change.update_items(updates).await.map_err(|RefusedItem { at, error }| {
        let before = numbers.get(at).and_then(|number| there.get(number));
        let descriptor = before.and_then(|before| descriptor(&before.type_name));
        of_one(misplaced(descriptor, error), before.map(|before| &before.id))
    })?;
    refused.and(unfit)?;
    state.commit(change).await?;
    Ok(changed.into_iter().map(ItemView::bare).collect())
}

/// Deletes items, whatever the order: what is in a folder before the folder. One that is not there is no fault.
///
/// # Errors
/// As [`super::delete`], for the first that is refused; 400 for too many.
pub async fn delete_all(state: &AppState, caller: &Caller, mut ids: Vec<ItemId>) -> Result<(), Problem> {
    few(ids.len())?;
    let (mut change, _) = begin(state, caller).await?;
    ids.sort_by_key(|id| std::cmp::Reverse(id.depth()));
    let there = change.items_at(&ids).await?;
    let mut there: HashMap<_, _> = there.into_iter().map(|item| (item.id.clone(), item)).collect();
    let settings = change.token_settings().await?;
    let mut deleted = Vec::with_capacity(ids.len());
    // One that stands twice is there once.
    let mut found = ids.iter().filter_map(|id| there.remove(id));
    let refused: Result<(), Problem> = found.try_for_each(|item| {
        require_unnamed(&settings, &item).map_err(|problem| problem.at(&item.id))?;
        deleted.push(item);
        Ok(())
    });
    // What stands before what was refused may be a folder in which something is, and is then the first.
    change
        .delete_items(&deleted)
        .await
        .map_err(|RefusedItem { at, error }| of_one(error.into(), deleted.get(at).map(|item| &item.id)))?;
    refused?;
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
    let (mut change, mut starts) = begin(state, caller).await?;
    let item = found(&change, which).await?;
    if to.is_below(&item.id) {
        return Err(Problem::conflict("A folder cannot be copied into itself"));
    }
    few_with(&change, &item.id).await?;
    let below = change.items_below(&item.id).await?;
    // Of what is refused, what is in the folder is told by where it is.
    let (mut twins, mut called) = (vec![twin(&item, to.clone())], vec![None]);
    let refused: Result<(), Problem> = below.into_iter().try_for_each(|inner| {
        let place = inner.id.moved(&item.id, to).map_err(|_| StoreError::Unmovable)?;
        twins.push(twin(&inner, place));
        called.push(Some(inner.id));
        Ok(())
    });
    let copied = insert(state, &mut change, &mut starts, twins, &called).await?;
    refused?;
    let copied = copied.into_iter().next().ok_or_else(no_such_item)?;
    state.commit(change).await?;
    Ok(ItemView::new(state, copied).await)
}

/// Copies an item beside itself, as *Copy of* its name, with a number when that is taken.
///
/// # Errors
/// As [`copy`].
pub async fn duplicate(state: &AppState, caller: &Caller, which: &ItemRef) -> Result<ItemView, Problem> {
    let there = super::read(state, caller, which).await?.item;
    let folder = there.id.folder().ok_or_else(no_such_item)?;
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

/// What is wrong with one of several, which is at this place.
pub(super) fn of_one(problem: Problem, place: Option<&ItemId>) -> Problem {
    match place {
        Some(place) => problem.at(place),
        None => problem,
    }
}

fn few(count: usize) -> Result<(), Problem> {
    if count <= MOST_AT_ONCE {
        return Ok(());
    }
    let detail = format!("These are {count} configuration items, and one call takes at most {MOST_AT_ONCE}");
    Err(Problem::field("cis", detail))
}
