//! Version 14 of the tables: who is in which role, a row each beside the roles.

use sea_orm::DbBackend;

use super::Step;
use super::first::{index, key, number, reference, table, text};
use crate::tables::{RolePrincipals, Roles};

/// The number of this version.
pub(super) const VERSION: i64 = 14;

/// All statements of this version, in order. The rows of the roles that are there are written after it ([`crate::roles::fill`]).
pub(super) fn steps(backend: DbBackend) -> Vec<Step> {
    let row = [RolePrincipals::Role, RolePrincipals::Kind, RolePrincipals::Provider, RolePrincipals::Name];
    let principal =
        [RolePrincipals::Provider, RolePrincipals::Kind, RolePrincipals::Name, RolePrincipals::Role];
    vec![
        table(
            RolePrincipals::Table,
            [
                &mut number(RolePrincipals::Role),
                &mut text(RolePrincipals::Kind),
                &mut key(RolePrincipals::Provider, backend),
                &mut key(RolePrincipals::Name, backend),
            ],
            [reference(RolePrincipals::Table, RolePrincipals::Role, Roles::Table, Roles::Id)],
        ),
        Step::Index(index("role_principals_of_role", RolePrincipals::Table, row).unique().take()),
        Step::Index(index("roles_of_principal", RolePrincipals::Table, principal)),
    ]
}
