//! Changes of configuration items.

use std::collections::BTreeSet;
use std::slice;

use patgate_core::identifier::ItemNumber;
use patgate_core::item::ItemId;
use sea_orm::sea_query::{Expr, Query};
use serde_json::json;

use super::Change;
use super::taken::Taken;
use crate::audit::{PendingEvent, SubjectKind};
use crate::change_log::ChangedKind;
use crate::error::StoreError;
use crate::items::written::{Column, PLACE, VALUES, WHOLE, names, row};
use crate::items::{self, Item, ItemUpdate, NewItem, RefusedItem, StoredSecret, StoredSecrets};
use crate::rows::{AT_ONCE, updates};
use crate::tables::ConfigurationItems;

/// What somebody tries a mail server out with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTrial {
    /// *Send Test Mail*.
    TestMail,
    /// *Send to me*: a reminder about made-up tokens.
    Sample,
    /// A connection and a sign-in, without a mail.
    SignIn,
}

/// What errors call it.
pub(super) const ITEM: &str = "configuration item";

impl Change {
    /// The configuration item at this place, whatever the case.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; so with all reads below.
    pub async fn item(&self, id: &ItemId) -> Result<Option<Item>, StoreError> {
        items::by_id(&self.transaction, id).await
    }

    /// The configuration items at these places, in the order of the places. Those that are not there are left out.
    pub async fn items_at(&self, ids: &[ItemId]) -> Result<Vec<Item>, StoreError> {
        items::at(&self.transaction, ids).await
    }

    /// The configuration items of these numbers, in no order. Those that are not there are left out.
    pub async fn items_numbered(&self, numbers: &[ItemNumber]) -> Result<Vec<Item>, StoreError> {
        items::numbered(&self.transaction, numbers).await
    }

    /// The configuration item of this number.
    pub async fn item_by_number(&self, number: ItemNumber) -> Result<Option<Item>, StoreError> {
        items::by_number(&self.transaction, number).await
    }

    /// Everything somewhere below a folder, in the order of the places.
    pub async fn items_below(&self, folder: &ItemId) -> Result<Vec<Item>, StoreError> {
        items::below(&self.transaction, folder).await
    }

    /// How many items are somewhere below a folder, counted no further than `most`.
    pub async fn count_items_below(&self, folder: &ItemId, most: u64) -> Result<u64, StoreError> {
        items::count_below(&self.transaction, folder, most).await
    }

    /// All configuration items that have secrets.
    pub async fn items_with_secrets(&self) -> Result<Vec<Item>, StoreError> {
        items::with_secrets(&self.transaction).await
    }

    /// Makes configuration items, all or none of them, in their order: a folder before what is in it.
    ///
    /// # Errors
    /// For the first that is refused, and nothing was written then: [`StoreError::AlreadyThere`] when its place is taken;
    /// [`StoreError::ValueTaken`] when a value is that no two items may have; [`StoreError::NotFound`] when its folder is not
    /// there, or is none.
    pub async fn insert_items(&mut self, new: &[NewItem]) -> Result<Vec<Item>, RefusedItem> {
        let mut taken = Taken::before(&self.transaction, new).await?;
        let mut items = Vec::with_capacity(new.len());
        for (at, new) in new.iter().enumerate() {
            let item = Item {
                number: new.number,
                id: new.id.clone(),
                type_name: new.type_name.clone(),
                version: 1,
                properties: new.properties.clone(),
                secrets: new.secrets.clone(),
                created_at: self.now,
                created_by: self.actor.name.clone(),
                changed_at: self.now,
                changed_by: self.actor.name.clone(),
            };
            items.push(taken.put(item).map_err(|error| RefusedItem { at, error })?);
        }
        for some in items.chunks(AT_ONCE) {
            let columns = std::iter::once(ConfigurationItems::Number).chain(names(WHOLE));
            let mut insert = Query::insert().into_table(ConfigurationItems::Table).columns(columns).take();
            for item in some {
                insert.values_panic(row(item, WHOLE)?.into_iter().map(Expr::from));
            }
            self.execute(&insert).await?;
        }
        for item in &items {
            let secrets: Vec<_> = item.secrets.keys().collect();
            let detail = json!({ "type": item.type_name, "properties": item.properties, "secrets": secrets });
            self.note_item(item, "item.create", detail);
        }
        Ok(items)
    }

    /// Puts other values and secrets in place. Returns the item as it is then.
    ///
    /// # Errors
    /// [`StoreError::ValueTaken`] when another item has a value that no two may have.
    pub async fn update_item(&mut self, update: ItemUpdate) -> Result<Item, StoreError> {
        let mut items = self.update_items(vec![update]).await.map_err(|refused| refused.error)?;
        items.pop().ok_or(StoreError::NotFound(ITEM))
    }

    /// Puts other values and secrets in place for several items, all or none of them, in their order; none may stand twice,
    /// and each must have been read in this change. Returns them as they are then.
    ///
    /// # Errors
    /// As [`Change::update_item`], for the first that is refused; what was written before it is not to be committed.
    pub async fn update_items(&mut self, updates: Vec<ItemUpdate>) -> Result<Vec<Item>, RefusedItem> {
        let mut items = Vec::with_capacity(updates.len());
        let mut written = Vec::with_capacity(updates.len());
        for (at, update) in updates.into_iter().enumerate() {
            let refused = |error| RefusedItem { at, error };
            if update.before.properties == update.properties && update.before.secrets == update.secrets {
                items.push(update.before);
                continue;
            }
            let detail = differences(&update);
            let ItemUpdate { before, properties, secrets } = update;
            let item = Item { properties, secrets, ..self.touched_item(before.clone()) };
            let is_moving_value = unique_key(&before) != unique_key(&item);
            if is_moving_value {
                self.free_value(&item).await.map_err(refused)?;
            }
            self.trim_webhooks_of(&item).await.map_err(refused)?;
            self.steer_webhooks_of(&before, &item).await.map_err(refused)?;
            self.resume_webhooks_of(&before, &item).await.map_err(refused)?;
            self.note_item(&item, "item.update", detail);
            written.push(item.clone());
            // The next one may take the value that this one gives up.
            if is_moving_value {
                self.write_items(&std::mem::take(&mut written), VALUES).await.map_err(refused)?;
            }
            items.push(item);
        }
        self.write_items(&written, VALUES).await?;
        Ok(items)
    }

    /// Notes that somebody tries a mail server out, and to whom the mail goes; nobody where there is none.
    pub fn note_trial(&mut self, server: &Item, trial: MailTrial, to: &str) {
        let action = match trial {
            MailTrial::TestMail => "item.test_mail",
            MailTrial::Sample => "item.send_sample",
            MailTrial::SignIn => "item.sign_in",
        };
        self.note_item(server, action, json!({ "to": to }));
    }

    /// Moves a configuration item to another place, with everything below it. Returns it as it is then.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it, or the folder of the new place, is not there; [`StoreError::AlreadyThere`] when
    /// the place is taken; [`StoreError::Overtaken`] when it is no longer of this version; [`StoreError::Unmovable`]
    /// when the place is below it, or something in it would be too deep.
    pub async fn move_item(
        &mut self,
        number: ItemNumber,
        version: i64,
        to: &ItemId,
    ) -> Result<Item, StoreError> {
        let before = self.item_of_version(number, version).await?;
        if before.id.as_str() == to.as_str() {
            return Ok(before);
        }
        if to.is_below(&before.id) || to.is_root() {
            return Err(StoreError::Unmovable);
        }
        let to = Taken::of(&self.transaction, slice::from_ref(to), Vec::new())
            .await?
            .free_place(to, Some(number))?;
        let below = items::below(&self.transaction, &before.id).await?;
        let mut moved = Vec::with_capacity(below.len());
        for item in below {
            let id = item.id.moved(&before.id, &to).map_err(|_| StoreError::Unmovable)?;
            moved.push((item.id.clone(), Item { id, ..item }));
        }
        let first = Item { id: to, ..self.touched_item(before.clone()) };
        moved.insert(0, (before.id, first.clone()));
        let (from, items): (Vec<_>, Vec<_>) = moved.into_iter().unzip();
        self.write_items(&items, PLACE).await?;
        for (from, item) in from.iter().zip(&items) {
            let detail = json!({ "from": from, "to": item.id });
            self.note_item(item, "item.move", detail);
        }
        Ok(first)
    }

    /// Deletes a configuration item.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Overtaken`] when a version is given and it is of another;
    /// [`StoreError::NotEmpty`] for a folder with something in it.
    pub async fn delete_item(
        &mut self,
        number: ItemNumber,
        version: Option<i64>,
    ) -> Result<Item, StoreError> {
        let item = self.item_by_number(number).await?.ok_or(StoreError::NotFound(ITEM))?;
        if version.is_some_and(|version| version != item.version) {
            return Err(StoreError::Overtaken(ITEM));
        }
        self.delete_items(slice::from_ref(&item)).await.map_err(|refused| refused.error)?;
        Ok(item)
    }

    /// Deletes configuration items that were read in this change, all or none of them: what is in a folder before the folder.
    /// 30,000 at most, because one statement names all of them.
    ///
    /// # Errors
    /// [`StoreError::NotEmpty`] for the first folder with something in it that is not among them; nothing was deleted then.
    pub async fn delete_items(&mut self, items: &[Item]) -> Result<(), RefusedItem> {
        let numbers: Vec<_> = items.iter().map(|item| item.number).collect();
        let places: Vec<_> = items.iter().map(|item| item.id.clone()).collect();
        let in_use = items::folders_in_use(&self.transaction, &places, &numbers).await?;
        if let Some(at) = places.iter().position(|place| in_use.contains(&place.key())) {
            return Err(RefusedItem { at, error: StoreError::NotEmpty });
        }
        for some in numbers.chunks(AT_ONCE) {
            let is_theirs = items::is_one_of(some);
            let delete = Query::delete().from_table(ConfigurationItems::Table).and_where(is_theirs).take();
            self.execute(&delete).await?;
        }
        self.forget_webhooks_of(&numbers).await?;
        for item in items {
            let detail = json!({ "type": item.type_name, "properties": item.properties });
            self.note_item(item, "item.delete", detail);
        }
        Ok(())
    }

    /// Puts the same secrets, sealed with another key, in place. The item stays of its version.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn reseal_item(
        &mut self,
        number: ItemNumber,
        secrets: StoredSecrets,
    ) -> Result<(), StoreError> {
        let before = self.item_by_number(number).await?.ok_or(StoreError::NotFound(ITEM))?;
        let keys: Vec<_> =
            secrets.values().filter_map(StoredSecret::sealed).map(|secret| secret.key).collect();
        let item = Item { secrets, ..before };
        self.write_items(slice::from_ref(&item), VALUES).await?;
        self.note_item(&item, "item.reseal", json!({ "keys": keys }));
        Ok(())
    }

    async fn item_of_version(&self, number: ItemNumber, version: i64) -> Result<Item, StoreError> {
        let item = self.item_by_number(number).await?.ok_or(StoreError::NotFound(ITEM))?;
        if item.version == version { Ok(item) } else { Err(StoreError::Overtaken(ITEM)) }
    }

    /// Demands that nobody else has what no other item may have alike.
    async fn free_value(&self, item: &Item) -> Result<(), StoreError> {
        let holders = items::holders(&self.transaction, unique_key(item).into_iter().collect()).await?;
        if holders.iter().any(|(_, holder)| *holder != item.number) {
            Err(StoreError::ValueTaken)
        } else {
            Ok(())
        }
    }

    /// The item, changed now by whoever makes this change.
    fn touched_item(&self, item: Item) -> Item {
        Item { version: item.version + 1, changed_at: self.now, changed_by: self.actor.name.clone(), ..item }
    }

    /// Writes these columns of items that are there.
    async fn write_items(&mut self, items: &[Item], columns: &[Column]) -> Result<(), StoreError> {
        let rows = items.iter().map(|item| row(item, columns)).collect::<Result<Vec<_>, _>>()?;
        for update in updates(ConfigurationItems::Table, ConfigurationItems::Number, names(columns), &rows) {
            self.execute(&update).await?;
        }
        Ok(())
    }

    pub(super) fn note_item(&mut self, item: &Item, action: &'static str, detail: serde_json::Value) {
        let event = PendingEvent {
            action,
            subject_kind: SubjectKind::Item,
            subject_id: item.number.to_string(),
            subject_name: item.id.to_string(),
            detail,
        };
        self.note(ChangedKind::Item, item.number.as_i64(), event);
    }
}

/// What no other item may have alike.
fn unique_key(item: &Item) -> Option<String> {
    items::unique_key(&item.type_name, &item.properties)
}

/// What is different about an item, for the audit log. Of secrets only which.
fn differences(update: &ItemUpdate) -> serde_json::Value {
    let before = &update.before;
    let names = before.properties.keys().chain(update.properties.keys()).collect::<BTreeSet<_>>();
    let changed = names.into_iter().filter_map(|name| {
        let (from, to) = (before.properties.get(name), update.properties.get(name));
        (from != to).then(|| (name.clone(), json!({ "from": from, "to": to })))
    });
    let changed: serde_json::Map<_, _> = changed.collect();
    let names = before.secrets.keys().chain(update.secrets.keys()).collect::<BTreeSet<_>>();
    let other: Vec<_> =
        names.into_iter().filter(|name| before.secrets.get(*name) != update.secrets.get(*name)).collect();
    json!({ "properties": changed, "secrets": other })
}
