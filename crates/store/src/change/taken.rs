//! Which places and values of configuration items are taken: asked once for many items, and kept as a change adds to them.

use std::collections::HashMap;

use patgate_core::identifier::ItemNumber;
use patgate_core::item::{ItemId, descriptor};
use sea_orm::ConnectionTrait;

use super::items::ITEM;
use crate::error::StoreError;
use crate::items::{self, Item, ItemReference, NewItem};

/// What is there, of the places and values that were asked for.
pub(super) struct Taken {
    /// By the keys of the places.
    places: HashMap<String, ItemReference>,
    /// Who has what no two items may have alike, by its key.
    values: HashMap<String, ItemNumber>,
}

impl Taken {
    /// Before these items are made.
    pub(super) async fn before(
        connection: &impl ConnectionTrait,
        new: &[NewItem],
    ) -> Result<Self, StoreError> {
        let places: Vec<_> = new.iter().map(|new| new.id.clone()).collect();
        let value = |new: &NewItem| items::unique_key(&new.type_name, &new.properties);
        let values = new.iter().filter_map(value).collect();
        Self::of(connection, &places, values).await
    }

    /// These places with their folders, and these values.
    pub(super) async fn of(
        connection: &impl ConnectionTrait,
        places: &[ItemId],
        values: Vec<String>,
    ) -> Result<Self, StoreError> {
        let folders = places.iter().filter_map(ItemId::folder).filter(|folder| !folder.is_root());
        let asked: Vec<_> = folders.chain(places.iter().cloned()).collect();
        let there = items::references_at(connection, &asked).await?;
        let holders = items::holders(connection, values).await?;
        Ok(Self {
            places: there.into_iter().map(|item| (item.id.key(), item)).collect(),
            values: holders.into_iter().collect(),
        })
    }

    /// The place as it is written below its folder, when nothing but perhaps this item is there.
    pub(super) fn free_place(&self, id: &ItemId, own: Option<ItemNumber>) -> Result<ItemId, StoreError> {
        let folder = id.folder().ok_or(StoreError::AlreadyThere(ITEM))?;
        let written = match folder.is_root() {
            true => id.clone(),
            false => {
                let found = self.places.get(&folder.key());
                let found =
                    found.filter(|item| descriptor(&item.type_name).is_some_and(|known| known.is_folder));
                let found = found.ok_or(StoreError::NotFound("folder"))?;
                id.moved(&folder, &found.id).map_err(|_| StoreError::Unmovable)?
            }
        };
        match self.places.get(&id.key()) {
            Some(other) if Some(other.number) != own => Err(StoreError::AlreadyThere(ITEM)),
            _ => Ok(written),
        }
    }

    /// Puts a new item there. Returns it with its place as it is written below its folder.
    pub(super) fn put(&mut self, item: Item) -> Result<Item, StoreError> {
        let item = Item { id: self.free_place(&item.id, None)?, ..item };
        if let Some(key) = items::unique_key(&item.type_name, &item.properties)
            && self.values.insert(key, item.number).is_some()
        {
            return Err(StoreError::ValueTaken);
        }
        let (number, id, type_name) = (item.number, item.id.clone(), item.type_name.clone());
        self.places.insert(id.key(), ItemReference { number, id, type_name });
        Ok(item)
    }
}
