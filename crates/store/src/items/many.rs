//! Many items at once: what is read of places, numbers and values that are known.

use patgate_core::identifier::ItemNumber;
use patgate_core::item::ItemId;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};

use super::query::{ItemReference, is_one_of, reference, references};
use super::{Item, read, selection};
use crate::error::StoreError;
use crate::rows::{column, of_each};
use crate::tables::ConfigurationItems;

/// The items at these places, in the order of the places; those that are not there are left out.
pub(crate) async fn at(connection: &impl ConnectionTrait, ids: &[ItemId]) -> Result<Vec<Item>, StoreError> {
    let mut items = of_each(connection, &selection(), ConfigurationItems::IdKey, keys(ids), read).await?;
    items.sort_by_cached_key(|item| item.id.key());
    Ok(items)
}

/// The items of these numbers; those that are not there are left out.
pub(crate) async fn numbered(
    connection: &impl ConnectionTrait,
    numbers: &[ItemNumber],
) -> Result<Vec<Item>, StoreError> {
    of_numbers(connection, &selection(), numbers).await
}

/// The items of these numbers that are of one of these types.
pub(crate) async fn numbered_of(
    connection: &impl ConnectionTrait,
    numbers: &[ItemNumber],
    types: &[&str],
) -> Result<Vec<Item>, StoreError> {
    let is_one = Expr::col(ConfigurationItems::TypeName).is_in(types.iter().copied());
    of_numbers(connection, selection().and_where(is_one), numbers).await
}

async fn of_numbers(
    connection: &impl ConnectionTrait,
    selection: &SelectStatement,
    numbers: &[ItemNumber],
) -> Result<Vec<Item>, StoreError> {
    let numbers = numbers.iter().map(|number| number.as_i64()).collect();
    of_each(connection, selection, ConfigurationItems::Number, numbers, read).await
}

/// What is at these places, in no order; places where nothing is are left out.
pub(crate) async fn references_at(
    connection: &impl ConnectionTrait,
    ids: &[ItemId],
) -> Result<Vec<ItemReference>, StoreError> {
    of_each(connection, &references(), ConfigurationItems::IdKey, keys(ids), reference).await
}

/// The keys of those of these folders in which something is, but for these items.
pub(crate) async fn folders_in_use(
    connection: &impl ConnectionTrait,
    folders: &[ItemId],
    but: &[ItemNumber],
) -> Result<Vec<String>, StoreError> {
    let select = Query::select()
        .distinct()
        .column(ConfigurationItems::FolderKey)
        .from(ConfigurationItems::Table)
        .and_where(is_one_of(but).not())
        .take();
    let read = |row: &QueryResult| column(row, "folder_key");
    of_each(connection, &select, ConfigurationItems::FolderKey, keys(folders), read).await
}

/// Who has which of these values of what is unique, by their keys.
pub(crate) async fn holders(
    connection: &impl ConnectionTrait,
    keys: Vec<String>,
) -> Result<Vec<(String, ItemNumber)>, StoreError> {
    fn holder(row: &QueryResult) -> Result<(String, ItemNumber), StoreError> {
        Ok((column(row, "unique_key")?, ItemNumber::from_i64(column(row, "number")?)))
    }
    let select = Query::select()
        .columns([ConfigurationItems::UniqueKey, ConfigurationItems::Number])
        .from(ConfigurationItems::Table)
        .take();
    of_each(connection, &select, ConfigurationItems::UniqueKey, keys, holder).await
}

fn keys(ids: &[ItemId]) -> Vec<String> {
    ids.iter().map(ItemId::key).collect()
}
