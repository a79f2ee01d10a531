//! Roles: who (principals) may do what (permissions).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::identifier::RoleId;
use crate::permission::PermissionId;
use crate::user::{Principal, Username};

/// A named set of permissions and the principals who hold it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// The row.
    pub id: RoleId,
    /// Unique without regard to case; the rules of a [`Username`].
    pub name: Username,
    /// Who holds the role.
    pub principals: Vec<Principal>,
    /// What it lets them do.
    pub permissions: BTreeSet<PermissionId>,
}
