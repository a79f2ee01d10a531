//! Configuration items as they are written: whole ones when they are made, and later only the part that changes. SQLite writes
//! all indexes of the columns that a statement names, though they stay as they were, and most are indexes of the place.

use sea_orm::sea_query::Value;

use super::{Item, unique_key};
use crate::error::StoreError;
use crate::rows::to_json;
use crate::tables::ConfigurationItems;

/// A column, and what an item has in it.
pub(crate) type Column = (ConfigurationItems, fn(&Item) -> Result<Value, StoreError>);

/// All but its number.
pub(crate) const WHOLE: &[Column] = &[
    ID, ID_KEY, FOLDER_KEY, TYPE_NAME, VERSION, PROPERTIES, SECRETS, UNIQUE_KEY, CREATED_AT, CREATED_BY,
    CHANGED_AT, CHANGED_BY,
];
/// Its values and secrets.
pub(crate) const VALUES: &[Column] = &[VERSION, PROPERTIES, SECRETS, UNIQUE_KEY, CHANGED_AT, CHANGED_BY];
/// Where it is.
pub(crate) const PLACE: &[Column] = &[ID, ID_KEY, FOLDER_KEY, VERSION, CHANGED_AT, CHANGED_BY];

const ID: Column = (ConfigurationItems::Id, |item| Ok(item.id.as_str().into()));
const ID_KEY: Column = (ConfigurationItems::IdKey, |item| Ok(item.id.key().into()));
const FOLDER_KEY: Column = (ConfigurationItems::FolderKey, |item| {
    Ok(item.id.folder().map_or_else(String::new, |folder| folder.key()).into())
});
const TYPE_NAME: Column = (ConfigurationItems::TypeName, |item| Ok(item.type_name.as_str().into()));
const VERSION: Column = (ConfigurationItems::Version, |item| Ok(item.version.into()));
const PROPERTIES: Column =
    (ConfigurationItems::Properties, |item| Ok(to_json(&item.properties, "properties")?.into()));
const SECRETS: Column =
    (ConfigurationItems::SealedSecrets, |item| Ok(to_json(&item.secrets, "sealed_secrets")?.into()));
const UNIQUE_KEY: Column =
    (ConfigurationItems::UniqueKey, |item| Ok(unique_key(&item.type_name, &item.properties).into()));
const CREATED_AT: Column =
    (ConfigurationItems::CreatedAt, |item| Ok(item.created_at.as_millisecond().into()));
const CREATED_BY: Column = (ConfigurationItems::CreatedBy, |item| Ok(item.created_by.as_str().into()));
const CHANGED_AT: Column =
    (ConfigurationItems::ChangedAt, |item| Ok(item.changed_at.as_millisecond().into()));
const CHANGED_BY: Column = (ConfigurationItems::ChangedBy, |item| Ok(item.changed_by.as_str().into()));

/// The columns by themselves.
pub(crate) fn names(columns: &[Column]) -> impl Iterator<Item = ConfigurationItems> {
    columns.iter().map(|(name, _)| *name)
}

/// The number of an item, and then what it has in these columns.
pub(crate) fn row(item: &Item, columns: &[Column]) -> Result<Vec<Value>, StoreError> {
    let number = Value::from(item.number.as_i64());
    std::iter::once(Ok(number)).chain(columns.iter().map(|(_, value)| value(item))).collect()
}
