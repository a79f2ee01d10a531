//! Use cases of roles: listing, making, changing, renaming and deleting them.
//!
//! Whoever changes a role must hold all that it can do, before and after ([`patgate_core::delegation`]); otherwise
//! putting oneself into a role would be a way to more.

mod draft;
mod principals;
mod read;
mod write;

pub use draft::{PrincipalDraft, ProviderName, RoleDraft, shown};
pub use principals::{PrincipalCursor, add_principals, mark, remove_principals, some_principals};
pub use read::{list, list_by_prefix, listed, read, read_by_id};
pub use write::{create, create_one, delete, may_delete, rename, update, update_one};

use crate::problem::Problem;

/// The one answer to a role that is missing.
fn no_such_role() -> Problem {
    Problem::not_found("role")
}
