//! Version 5 of the tables: reminders.

use sea_orm::DbBackend;

use super::Step;

/// All statements of this version, in order.
pub(super) fn steps(_: DbBackend) -> Vec<Step> {
    Vec::new()
}
