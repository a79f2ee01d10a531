//! Version 3 of the tables: the configuration items and their folders.

use sea_orm::DbBackend;

use super::Step;

/// All statements of this version, in order.
pub(super) fn steps(_: DbBackend) -> Vec<Step> {
    Vec::new()
}
