//! Configuration items as they are written: whole ones when they are made, and later only the part that changes. A column that is
//! written has all its indexes written with it, though it stays as it was: with the places of a hundred items that takes
//! longer than with their values.

use sea_orm::sea_query::Value;

use super::{Item, unique_key};
use crate::error::StoreError;
use crate::rows::to_json;
use crate::tables::ConfigurationItems;

/// What is written together of an item.
pub(crate) struct Part {
    /// The columns behind its number.
    pub(crate) columns: &'static [ConfigurationItems],
    /// Its number, and then what is in the columns.
    pub(crate) row: fn(&Item) -> Result<Vec<Value>, StoreError>,
}

/// All of it.
pub(crate) const WHOLE: Part = Part {
    columns: &[
        ConfigurationItems::Id,
        ConfigurationItems::IdKey,
        ConfigurationItems::FolderKey,
        ConfigurationItems::TypeName,
        ConfigurationItems::Version,
        ConfigurationItems::Properties,
        ConfigurationItems::SealedSecrets,
        ConfigurationItems::UniqueKey,
        ConfigurationItems::CreatedAt,
        ConfigurationItems::CreatedBy,
        ConfigurationItems::ChangedAt,
        ConfigurationItems::ChangedBy,
    ],
    row: |item| {
        Ok(vec![
            item.number.as_i64().into(),
            item.id.as_str().into(),
            item.id.key().into(),
            folder_key(item).into(),
            item.type_name.as_str().into(),
            item.version.into(),
            to_json(&item.properties, "properties")?.into(),
            to_json(&item.secrets, "sealed_secrets")?.into(),
            unique_key(&item.type_name, &item.properties).into(),
            item.created_at.as_millisecond().into(),
            item.created_by.as_str().into(),
            item.changed_at.as_millisecond().into(),
            item.changed_by.as_str().into(),
        ])
    },
};

/// Its values and secrets.
pub(crate) const VALUES: Part = Part {
    columns: &[
        ConfigurationItems::Version,
        ConfigurationItems::Properties,
        ConfigurationItems::SealedSecrets,
        ConfigurationItems::UniqueKey,
        ConfigurationItems::ChangedAt,
        ConfigurationItems::ChangedBy,
    ],
    row: |item| {
        Ok(vec![
            item.number.as_i64().into(),
            item.version.into(),
            to_json(&item.properties, "properties")?.into(),
            to_json(&item.secrets, "sealed_secrets")?.into(),
            unique_key(&item.type_name, &item.properties).into(),
            item.changed_at.as_millisecond().into(),
            item.changed_by.as_str().into(),
        ])
    },
};

/// Where it is.
pub(crate) const PLACE: Part = Part {
    columns: &[
        ConfigurationItems::Id,
        ConfigurationItems::IdKey,
        ConfigurationItems::FolderKey,
        ConfigurationItems::Version,
        ConfigurationItems::ChangedAt,
        ConfigurationItems::ChangedBy,
    ],
    row: |item| {
        Ok(vec![
            item.number.as_i64().into(),
            item.id.as_str().into(),
            item.id.key().into(),
            folder_key(item).into(),
            item.version.into(),
            item.changed_at.as_millisecond().into(),
            item.changed_by.as_str().into(),
        ])
    },
};

fn folder_key(item: &Item) -> String {
    item.id.folder().map_or_else(String::new, |folder| folder.key())
}
