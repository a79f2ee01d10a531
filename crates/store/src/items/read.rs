//! What the store answers about items.

use std::collections::BTreeSet;

use patgate_core::identifier::ItemNumber;
use patgate_core::item::ItemId;

use super::list::{self, ItemCursor, ItemFilter};
use super::query::{self, ItemQuery, ItemReference};
use super::{Item, StoredSecret, by_id, by_number, many, with_secrets};
use crate::confirmations::refresh_tokens;
use crate::error::StoreError;
use crate::keyset::Seek;
use crate::rows::Page;
use crate::store::Store;

impl Store {
    /// The configuration item at this place, whatever the case.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; so with all reads below.
    pub async fn item(&self, id: &ItemId) -> Result<Option<Item>, StoreError> {
        by_id(&self.inner.orm, id).await
    }

    /// The configuration item of this number, wherever it is now.
    pub async fn item_by_number(&self, number: ItemNumber) -> Result<Option<Item>, StoreError> {
        by_number(&self.inner.orm, number).await
    }

    /// A page of configuration items, in the order of their places.
    pub async fn items(&self, filter: &ItemFilter, page: Page) -> Result<Vec<Item>, StoreError> {
        list::page(&self.inner.orm, filter, page).await
    }

    /// At most `limit` configuration items, in the order of their places, from a place of the list on.
    pub async fn list_items(
        &self,
        filter: &ItemFilter,
        seek: &Seek<ItemCursor>,
        limit: u64,
    ) -> Result<Vec<Item>, StoreError> {
        list::list(&self.inner.orm, filter, seek, limit).await
    }

    /// The configuration items at these places, in their order. Those that are not there are left out.
    pub async fn items_at(&self, ids: &[ItemId]) -> Result<Vec<Item>, StoreError> {
        many::at(&self.inner.orm, ids).await
    }

    /// The configuration items of these numbers. Those that are not there are left out.
    pub async fn items_numbered(&self, numbers: &[ItemNumber]) -> Result<Vec<Item>, StoreError> {
        many::numbered(&self.inner.orm, numbers).await
    }

    /// The configuration items of these numbers that are of one of these types.
    pub async fn items_numbered_of(
        &self,
        numbers: &[ItemNumber],
        types: &[&str],
    ) -> Result<Vec<Item>, StoreError> {
        many::numbered_of(&self.inner.orm, numbers, types).await
    }

    /// The places and types of configuration items from a place on, in the order of the places: at most `limit` behind
    /// the first `skip`.
    pub async fn find_items(
        &self,
        query: &ItemQuery,
        seek: &Seek<ItemCursor>,
        skip: u64,
        limit: u64,
    ) -> Result<Vec<ItemReference>, StoreError> {
        query::find(&self.inner.orm, query, seek, skip, limit).await
    }

    /// The numbers of the keys with which something is sealed that is not to be lost: secrets of items and of
    /// releases, and refresh tokens. Not counted are the ID tokens of sessions, which a log-out can do without.
    pub async fn sealing_keys(&self) -> Result<BTreeSet<u32>, StoreError> {
        let items = with_secrets(&self.inner.orm).await?;
        let tokens = refresh_tokens(&self.inner.orm).await?;
        let releases = crate::releases::with_secrets(&self.inner.orm).await?;
        let of_items = items.iter().flat_map(|item| item.secrets.values());
        let of_releases = releases.iter().flat_map(|release| release.secrets.values());
        let secrets = of_items.chain(of_releases).filter_map(StoredSecret::sealed);
        Ok(secrets.chain(tokens.iter().map(|(_, token)| token)).map(|secret| secret.key).collect())
    }
}
