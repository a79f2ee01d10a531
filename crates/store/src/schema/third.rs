//! Version 3 of the tables: the configuration items and their folders.

use sea_orm::DbBackend;

use super::Step;
use super::first::{index, key, number, table, text};
use crate::tables::ConfigurationItems;

/// All statements of this version, in order.
pub(super) fn steps(backend: DbBackend) -> Vec<Step> {
    vec![
        table(
            ConfigurationItems::Table,
            [
                number(ConfigurationItems::Number).primary_key(),
                &mut text(ConfigurationItems::Id),
                &mut key(ConfigurationItems::IdKey, backend),
                &mut key(ConfigurationItems::FolderKey, backend),
                &mut text(ConfigurationItems::TypeName),
                &mut number(ConfigurationItems::Version),
                &mut text(ConfigurationItems::Properties),
                // In the same row, so that nobody ever reads a secret beside the properties of another version.
                &mut text(ConfigurationItems::SealedSecrets),
                &mut number(ConfigurationItems::CreatedAt),
                &mut text(ConfigurationItems::CreatedBy),
                &mut number(ConfigurationItems::ChangedAt),
                &mut text(ConfigurationItems::ChangedBy),
            ],
            [],
        ),
        Step::Index(
            index("configuration_items_by_id", ConfigurationItems::Table, [ConfigurationItems::IdKey])
                .unique()
                .take(),
        ),
        Step::Index(index(
            "configuration_items_of_folder",
            ConfigurationItems::Table,
            [ConfigurationItems::FolderKey, ConfigurationItems::IdKey],
        )),
        Step::Index(index(
            "configuration_items_of_type",
            ConfigurationItems::Table,
            [ConfigurationItems::TypeName, ConfigurationItems::IdKey],
        )),
    ]
}
