//! Making, changing, moving and deleting items.

use std::collections::BTreeSet;

use patgate_core::identifier::ItemNumber;
use patgate_core::item::{
    Decision, ItemId, Keeping, Kind, PropertyFault, SecretChange, Stored, TypeDescriptor, decide, descriptor,
};
use patgate_core::permission::names::CONFIG_EDIT;
use patgate_core::policy::TokenSettings;
use patgate_store::{
    Change, Item, ItemFilter, ItemUpdate, NewItem, RefusedItem, Seek, StoreError, StoredSecret, StoredSecrets,
};

use super::kind::Held;
use super::many::{few_with, of_one};
use super::starts::{Fitting, Starts};
use super::{ItemChange, ItemDraft, ItemRef, ItemView, compared, kind, no_such_item};
use crate::caller::Caller;
use crate::problem::{FieldFault, Problem};
use crate::sealing::Purpose;
use crate::service::mandate::Mandate;
use crate::service::shown::overtaken;
use crate::state::AppState;

/// Makes an item.
///
/// # Errors
/// 403 without `config#edit`, and without `release#create` for an endpoint that starts releases; 400 naming each property
/// that is wrong; 404 when its folder is not there; 409 when the
/// place is taken.
pub async fn create(state: &AppState, caller: &Caller, draft: ItemDraft) -> Result<ItemView, Problem> {
    let (mut change, mut starts) = begin(state, caller).await?;
    let made = insert(state, &mut change, &mut starts, vec![draft], &[]).await?;
    let item = made.into_iter().next().ok_or_else(no_such_item)?;
    state.commit(change).await?;
    Ok(ItemView::new(state, item).await)
}

/// Makes items inside a change, in their order. The first that is refused is told by what it is called, where it is.
pub(super) async fn insert(
    state: &AppState,
    change: &mut Change,
    starts: &mut Starts,
    drafts: Vec<ItemDraft>,
    called: &[Option<ItemId>],
) -> Result<Vec<Item>, Problem> {
    let called = |at: usize| called.get(at).and_then(Option::as_ref);
    let mut fitting = Vec::with_capacity(drafts.len());
    let unfit: Result<(), Problem> = drafts.into_iter().enumerate().try_for_each(|(at, draft)| {
        fitting.push(fit(draft).map_err(|problem| of_one(problem, called(at)))?);
        Ok(())
    });
    starts.look(change, &fitting.iter().map(|(_, fitting)| fitting).collect::<Vec<_>>()).await?;
    let mut new = Vec::with_capacity(fitting.len());
    let mut number = ItemNumber::generate(&mut state.random.draw());
    let refused: Result<(), Problem> = fitting.into_iter().enumerate().try_for_each(|(at, (id, fitting))| {
        let item = decided(state, starts, number, id, fitting);
        number = number.next();
        new.push(item.map_err(|problem| of_one(problem, called(at)))?);
        Ok(())
    });
    // What stands before what was refused may be refused for its place, and is then the first.
    let made = change.insert_items(&new).await.map_err(|RefusedItem { at, error }| {
        let descriptor = new.get(at).and_then(|new| descriptor(&new.type_name));
        of_one(misplaced(descriptor, error), called(at))
    })?;
    // What does not fit stands behind all that were looked at further.
    refused.and(unfit).map(|()| made)
}

/// Where an item will be made, and as what, when its values may be so by themselves.
fn fit(draft: ItemDraft) -> Result<(ItemId, Fitting), Problem> {
    let descriptor = known(&draft)?;
    let decision = decide(descriptor, None, draft.properties).map_err(|faults| refused(&faults))?;
    judge(descriptor, &decision, &StoredSecrets::new())?;
    Ok((draft.id, Fitting { descriptor, decision }))
}

/// An item as it will be made, when it may.
fn decided(
    state: &AppState,
    starts: &Starts,
    number: ItemNumber,
    id: ItemId,
    fitting: Fitting,
) -> Result<NewItem, Problem> {
    starts.require(&fitting)?;
    let Fitting { descriptor, decision } = fitting;
    let mut random = state.random.draw();
    let secrets = kept(state, descriptor, number, &decision, StoredSecrets::new(), &mut random)?;
    let type_name = descriptor.name.to_owned();
    Ok(NewItem { number, id, type_name, properties: decision.properties, secrets })
}

/// The type of an item that is wanted, where one can be.
pub(super) fn known(draft: &ItemDraft) -> Result<&'static TypeDescriptor, Problem> {
    let descriptor = descriptor(&draft.type_name).ok_or_else(|| {
        let detail = format!("The field `type`: there is no type `{}`", draft.type_name);
        Problem::field("type", detail)
            .hint("`GET /api/v1/configuration-item-types` lists those that are known")
    })?;
    if draft.id.is_root() {
        return Err(Problem::field(
            "id",
            "The field `id`: `Configuration` is the folder of everything; give a name in it",
        ));
    }
    Ok(descriptor)
}

/// Changes an item, and moves it when another place is given: a folder with all that is in it. Settings that name what
/// is moved name its new place.
///
/// # Errors
/// As [`create`]; 400 naming the secret that must be given again, because the change would send it elsewhere; 409 when
/// somebody else changed it after it was read, and for a folder with too many items in it to be moved at once.
pub async fn update(
    state: &AppState,
    caller: &Caller,
    which: &ItemRef,
    wanted: ItemChange,
) -> Result<ItemView, Problem> {
    let (mut change, mut starts) = begin(state, caller).await?;
    let item = apply(state, &mut change, &mut starts, which, wanted).await?;
    state.commit(change).await?;
    Ok(ItemView::new(state, item).await)
}

/// Changes an item inside a change.
async fn apply(
    state: &AppState,
    change: &mut Change,
    starts: &mut Starts,
    which: &ItemRef,
    wanted: ItemChange,
) -> Result<Item, Problem> {
    let before = found(change, which).await?;
    let to = wanted.id.clone();
    let fitting = fit_over(&before, wanted)?;
    starts.look(change, &[&fitting]).await?;
    let update = updated(state, starts, &before, fitting)?;
    let changed = change.update_item(update).await;
    let mut item = changed.map_err(|error| misplaced(descriptor(&before.type_name), error))?;
    if let Some(to) = to.filter(|to| to.as_str() != item.id.as_str()) {
        let from = item.id.clone();
        few_with(change, &from).await?;
        let moved = change.move_item(item.number, item.version, &to).await;
        item = moved.map_err(|error| misplaced(descriptor(&item.type_name), error))?;
        follow(change, &from, &item.id).await?;
    }
    Ok(item)
}

/// What an item will be where it is, when its values may be so by themselves.
pub(super) fn fit_over(before: &Item, wanted: ItemChange) -> Result<Fitting, Problem> {
    if wanted.type_name.is_some_and(|name| name != before.type_name) {
        let detail = format!("The field `type` is not `{}`: an item keeps its type", before.type_name);
        return Err(Problem::field("type", detail));
    }
    let descriptor = descriptor(&before.type_name).ok_or_else(|| {
        let detail = format!("This version of Patgate does not know the type `{}`", before.type_name);
        Problem::conflict(detail)
    })?;
    let stored: BTreeSet<_> = before.secrets.keys().cloned().collect();
    let stored = Stored { properties: &before.properties, secrets: &stored };
    // Whoever read an old version is told so first: what they would be told of their values may be wrong by now.
    if wanted.version.is_some_and(|version| before.version != version) {
        return Err(overtaken());
    }
    let decision = decide(descriptor, Some(stored), wanted.properties).map_err(|faults| refused(&faults))?;
    judge(descriptor, &decision, &before.secrets)?;
    Ok(Fitting { descriptor, decision })
}

/// What becomes of an item where it is, when it may.
pub(super) fn updated(
    state: &AppState,
    starts: &Starts,
    before: &Item,
    fitting: Fitting,
) -> Result<ItemUpdate, Problem> {
    starts.require(&fitting)?;
    let Fitting { descriptor, decision } = fitting;
    let mut random = state.random.draw();
    let secrets = kept(state, descriptor, before.number, &decision, before.secrets.clone(), &mut random)?;
    Ok(ItemUpdate { before: before.clone(), properties: decision.properties, secrets })
}

/// Deletes an item.
///
/// # Errors
/// 403 without `config#edit`; 404; 409 for a folder with something in it, for a mail server that the settings name, and
/// when `version` is given and somebody else changed it after it was read.
pub async fn delete(
    state: &AppState,
    caller: &Caller,
    which: &ItemRef,
    version: Option<i64>,
) -> Result<(), Problem> {
    let (mut change, _) = begin(state, caller).await?;
    let item = found(&change, which).await?;
    require_unnamed(&change.token_settings().await?, &item)?;
    change.delete_item(item.number, version).await?;
    state.commit(change).await?;
    Ok(())
}

/// Tells beforehand what [`delete`] would say of an item that was read. It reads, so that nobody who changes something waits for
/// whoever is asked.
///
/// # Errors
/// As [`delete`].
pub async fn may_delete(state: &AppState, caller: &Caller, item: &Item) -> Result<(), Problem> {
    caller.require(state, CONFIG_EDIT)?;
    require_unnamed(&state.store.token_settings().await?, item)?;
    let inside = ItemFilter { folder: Some(item.id.clone()), ..ItemFilter::default() };
    if state.store.list_items(&inside, &Seek::Start, 1).await?.is_empty() {
        Ok(())
    } else {
        Err(StoreError::NotEmpty.into())
    }
}

/// Refuses to delete the mail server that the settings name.
pub(super) fn require_unnamed(settings: &TokenSettings, item: &Item) -> Result<(), Problem> {
    if settings.email_notifications.server.as_ref().is_none_or(|named| *named != item.id) {
        return Ok(());
    }
    let detail = format!("`{}` is the email server of *Email notifications*", item.id);
    Err(Problem::conflict(detail).hint("Choose another one there first"))
}

/// Begins a change of items, when the caller may make one.
pub(super) async fn begin(state: &AppState, caller: &Caller) -> Result<(Change, Starts), Problem> {
    caller.require(state, CONFIG_EDIT)?;
    // A key that was added meanwhile seals from now on.
    state.sealer.refresh().await;
    let change = state.change(&caller.actor()).await?;
    let mandate = Mandate::of_caller(state, &change, caller).await?;
    mandate.require(CONFIG_EDIT)?;
    Ok((change, Starts::new(mandate)))
}

pub(super) async fn found(change: &Change, which: &ItemRef) -> Result<Item, Problem> {
    let item = match which {
        ItemRef::At(id) => change.item(id).await?,
        ItemRef::Numbered(number) => change.item_by_number(*number).await?,
    };
    item.ok_or_else(no_such_item)
}

/// Lets the settings name the new place of what was moved.
async fn follow(change: &mut Change, from: &ItemId, to: &ItemId) -> Result<(), Problem> {
    let mut settings = change.token_settings().await?;
    let server = settings.email_notifications.server.clone();
    let moved = server.as_ref().and_then(|server| server.moved(from, to).ok());
    let Some(moved) = moved.filter(|moved| Some(moved.as_str()) != server.as_ref().map(ItemId::as_str))
    else {
        return Ok(());
    };
    settings.email_notifications.server = Some(moved);
    change.put_token_settings(&settings).await?;
    Ok(())
}

/// Asks the type whether the values go together.
pub(super) fn judge(
    descriptor: &TypeDescriptor,
    decision: &Decision,
    before: &StoredSecrets,
) -> Result<(), Problem> {
    let held = |name: &'static str| match decision.secrets.get(name) {
        Some(SecretChange::Set(secret)) => Held::New(secret),
        Some(SecretChange::Remove) => Held::Nothing,
        None if before.contains_key(name) => Held::Stored,
        None => Held::Nothing,
    };
    let faults = kind::judge(descriptor.name, &decision.properties, held);
    if faults.is_empty() { Ok(()) } else { Err(refused(&faults)) }
}

/// The secrets as they will be stored.
fn kept(
    state: &AppState,
    descriptor: &TypeDescriptor,
    item: ItemNumber,
    decision: &Decision,
    mut secrets: StoredSecrets,
    random: &mut impl rand_core::CryptoRng,
) -> Result<StoredSecrets, Problem> {
    for (&property, change) in &decision.secrets {
        let SecretChange::Set(secret) = change else {
            secrets.remove(property);
            continue;
        };
        let keeping = match descriptor.property(property).map(|property| property.kind) {
            Some(Kind::Secret { keeping, .. }) => keeping,
            _ => Keeping::ToCompute,
        };
        let stored = match keeping {
            Keeping::ToSend | Keeping::ToCompute => {
                StoredSecret::Sealed(state.sealer.seal(Purpose::Item { item, property }, secret, random)?)
            }
            Keeping::Digest => compared::stored(state, item, property, secret)?,
        };
        secrets.insert(property.to_owned(), stored);
    }
    Ok(secrets)
}

/// 400 with every property that is wrong.
pub(super) fn refused(faults: &[PropertyFault]) -> Problem {
    let faults = faults.iter().map(|fault| {
        let field = format!("properties.{}", fault.property);
        FieldFault { detail: format!("The field `{field}`: {}", fault.reason), field }
    });
    Problem::fields(faults.collect())
}

/// What is wrong with a place is wrong with the field `id`; a value that is taken, with its property.
pub(super) fn misplaced(descriptor: Option<&TypeDescriptor>, error: StoreError) -> Problem {
    match error {
        StoreError::ValueTaken => {
            let unique = descriptor.and_then(|descriptor| descriptor.unique);
            let name = unique.map_or("", |unique| unique.property);
            Problem::field(
                format!("properties.{name}"),
                format!(
                    "The field `properties.{name}`: another configuration item has this value; choose another"
                ),
            )
        }
        StoreError::NotFound("folder") => {
            Problem::field("id", "The field `id`: there is no such folder to put it in")
        }
        StoreError::AlreadyThere(_) => {
            Problem::conflict("There is a configuration item of this name in this folder")
        }
        other => other.into(),
    }
}
