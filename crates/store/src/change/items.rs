//! Changes of configuration items.

use patgate_core::identifier::ItemNumber;
use patgate_core::item::{ItemId, Properties, descriptor};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::json;

use super::Change;
use crate::audit::{PendingEvent, SubjectKind};
use crate::change_log::ChangedKind;
use crate::error::StoreError;
use crate::items::{self, Item, NewItem, StoredSecret, StoredSecrets};
use crate::rows::to_json;
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
const ITEM: &str = "configuration item";

impl Change {
    /// The configuration item at this place, whatever the case.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; so with all reads below.
    pub async fn item(&self, id: &ItemId) -> Result<Option<Item>, StoreError> {
        items::by_id(&self.transaction, id).await
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

    /// Makes a configuration item.
    ///
    /// # Errors
    /// [`StoreError::AlreadyThere`] when the place is taken; [`StoreError::ValueTaken`] when a value is that no two items may
    /// have; [`StoreError::NotFound`] when its folder is not there, or is none.
    pub async fn insert_item(&mut self, new: &NewItem) -> Result<Item, StoreError> {
        let id = self.free_place(&new.id, None).await?;
        let item = Item {
            number: new.number,
            id,
            type_name: new.type_name.clone(),
            version: 1,
            properties: new.properties.clone(),
            secrets: new.secrets.clone(),
            created_at: self.now,
            created_by: self.actor.name.clone(),
            changed_at: self.now,
            changed_by: self.actor.name.clone(),
        };
        let unique_key = self.free_value(&item).await?;
        let at = self.now.as_millisecond();
        let insert = Query::insert()
            .into_table(ConfigurationItems::Table)
            .columns(items::COLUMNS.into_iter().chain([
                ConfigurationItems::IdKey,
                ConfigurationItems::FolderKey,
                ConfigurationItems::UniqueKey,
            ]))
            .values_panic([
                item.number.as_i64().into(),
                item.id.as_str().into(),
                item.type_name.as_str().into(),
                item.version.into(),
                to_json(&item.properties, "properties")?.into(),
                to_json(&item.secrets, "sealed_secrets")?.into(),
                at.into(),
                item.created_by.as_str().into(),
                at.into(),
                item.changed_by.as_str().into(),
                item.id.key().into(),
                folder_key(&item.id).into(),
                unique_key.into(),
            ])
            .take();
        self.execute(&insert).await?;
        let secrets: Vec<_> = item.secrets.keys().collect();
        let detail = json!({ "type": item.type_name, "properties": item.properties, "secrets": secrets });
        self.note_item(&item, "item.create", detail);
        Ok(item)
    }

    /// Puts other values and secrets in place. Returns the item as it is then.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Overtaken`] when it is no longer of this version;
    /// [`StoreError::ValueTaken`] when another item has a value that no two may have.
    pub async fn update_item(
        &mut self,
        number: ItemNumber,
        version: i64,
        properties: Properties,
        secrets: StoredSecrets,
    ) -> Result<Item, StoreError> {
        let before = self.item_of_version(number, version).await?;
        if before.properties == properties && before.secrets == secrets {
            return Ok(before);
        }
        let names =
            before.properties.keys().chain(properties.keys()).collect::<std::collections::BTreeSet<_>>();
        let changed = names.into_iter().filter_map(|name| {
            let (from, to) = (before.properties.get(name), properties.get(name));
            (from != to).then(|| (name.clone(), json!({ "from": from, "to": to })))
        });
        let names = before.secrets.keys().chain(secrets.keys()).collect::<std::collections::BTreeSet<_>>();
        let other: Vec<_> =
            names.into_iter().filter(|name| before.secrets.get(*name) != secrets.get(*name)).collect();
        let changed: serde_json::Map<_, _> = changed.collect();
        let detail = json!({ "properties": changed, "secrets": other });
        let item = Item { properties, secrets, ..self.touched_item(before.clone()) };
        self.free_value(&item).await?;
        self.write_item(&item).await?;
        self.trim_webhooks_of(&item).await?;
        self.steer_webhooks_of(&before, &item).await?;
        self.resume_webhooks_of(&before, &item).await?;
        self.note_item(&item, "item.update", detail);
        Ok(item)
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
        let to = self.free_place(to, Some(number)).await?;
        let below = items::below(&self.transaction, &before.id).await?;
        let mut moved = Vec::with_capacity(below.len());
        for item in below {
            let id = item.id.moved(&before.id, &to).map_err(|_| StoreError::Unmovable)?;
            moved.push((item.id.clone(), Item { id, ..item }));
        }
        let first = Item { id: to, ..self.touched_item(before.clone()) };
        moved.insert(0, (before.id, first.clone()));
        for (from, item) in moved {
            self.write_item(&item).await?;
            let detail = json!({ "from": from, "to": item.id });
            self.note_item(&item, "item.move", detail);
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
        if items::count_below(&self.transaction, &item.id, 1).await? > 0 {
            return Err(StoreError::NotEmpty);
        }
        let delete = Query::delete()
            .from_table(ConfigurationItems::Table)
            .and_where(Expr::col(ConfigurationItems::Number).eq(number.as_i64()))
            .take();
        self.execute(&delete).await?;
        self.forget_webhooks_of(number).await?;
        let detail = json!({ "type": item.type_name, "properties": item.properties });
        self.note_item(&item, "item.delete", detail);
        Ok(item)
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
        self.write_item(&item).await?;
        self.note_item(&item, "item.reseal", json!({ "keys": keys }));
        Ok(())
    }

    async fn item_of_version(&self, number: ItemNumber, version: i64) -> Result<Item, StoreError> {
        let item = self.item_by_number(number).await?.ok_or(StoreError::NotFound(ITEM))?;
        if item.version == version { Ok(item) } else { Err(StoreError::Overtaken(ITEM)) }
    }

    /// What no other item may have alike, when no other has it.
    async fn free_value(&self, item: &Item) -> Result<Option<String>, StoreError> {
        let Some(key) = items::unique_key(&item.type_name, &item.properties) else { return Ok(None) };
        match items::by_unique_key(&self.transaction, &key).await? {
            Some(other) if other.number != item.number => Err(StoreError::ValueTaken),
            _ => Ok(Some(key)),
        }
    }

    /// The place as it is written below its folder, when nothing but perhaps this item is there.
    async fn free_place(&self, id: &ItemId, own: Option<ItemNumber>) -> Result<ItemId, StoreError> {
        let folder = id.folder().ok_or(StoreError::AlreadyThere(ITEM))?;
        let written = match folder.is_root() {
            true => id.clone(),
            false => {
                let found = self.item(&folder).await?;
                let found =
                    found.filter(|item| descriptor(&item.type_name).is_some_and(|known| known.is_folder));
                let found = found.ok_or(StoreError::NotFound("folder"))?;
                id.moved(&folder, &found.id).map_err(|_| StoreError::Unmovable)?
            }
        };
        match self.item(id).await? {
            Some(other) if Some(other.number) != own => Err(StoreError::AlreadyThere(ITEM)),
            _ => Ok(written),
        }
    }

    /// The item, changed now by whoever makes this change.
    fn touched_item(&self, item: Item) -> Item {
        Item { version: item.version + 1, changed_at: self.now, changed_by: self.actor.name.clone(), ..item }
    }

    async fn write_item(&mut self, item: &Item) -> Result<(), StoreError> {
        let update = Query::update()
            .table(ConfigurationItems::Table)
            .value(ConfigurationItems::Id, item.id.as_str())
            .value(ConfigurationItems::IdKey, item.id.key())
            .value(ConfigurationItems::FolderKey, folder_key(&item.id))
            .value(ConfigurationItems::Version, item.version)
            .value(ConfigurationItems::Properties, to_json(&item.properties, "properties")?)
            .value(ConfigurationItems::SealedSecrets, to_json(&item.secrets, "sealed_secrets")?)
            .value(ConfigurationItems::UniqueKey, items::unique_key(&item.type_name, &item.properties))
            .value(ConfigurationItems::ChangedAt, item.changed_at.as_millisecond())
            .value(ConfigurationItems::ChangedBy, item.changed_by.as_str())
            .and_where(Expr::col(ConfigurationItems::Number).eq(item.number.as_i64()))
            .take();
        self.execute(&update).await?;
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

fn folder_key(id: &ItemId) -> String {
    id.folder().map_or_else(String::new, |folder| folder.key())
}
