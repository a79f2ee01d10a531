//! Version 13 of the tables: the disabled users, by name.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ConditionalStatement, DbBackend};

use super::Step;
use super::first::index;
use crate::tables::Users;

/// All statements of this version, in order. Few are disabled, so the index is small, and nothing but disabling and enabling
/// writes it. It lists them, and tells whose tokens they are that a filter of tokens asks for.
pub(super) fn steps(_: DbBackend) -> Vec<Step> {
    let disabled = Expr::col(Users::DisabledAt).is_not_null();
    let present = Expr::col(Users::DeletedAt).is_null();
    vec![Step::Index(
        index("users_disabled_by_name", Users::Table, [Users::UsernameKey])
            .and_where(disabled)
            .and_where(present)
            .take(),
    )]
}
