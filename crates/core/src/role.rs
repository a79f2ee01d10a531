//! Roles: who (principals) may do what (permissions).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::identifier::RoleId;
use crate::permission::PermissionId;
use crate::user::{Principal, PrincipalKind, User, Username};

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

/// What a principal is found by. Two principals of one key are the same one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct PrincipalKey {
    /// `internal`, or the name of the provider.
    pub provider: String,
    /// User or group.
    pub kind: PrincipalKind,
    /// A user's name in lower case, a group's name as it is: of that the case counts, as its provider sees it.
    pub name: String,
}

impl PrincipalKey {
    /// That of the user of this name from this provider.
    #[must_use]
    pub fn of_user(provider: &str, name: &Username) -> Self {
        Self { provider: provider.to_owned(), kind: PrincipalKind::User, name: name.key() }
    }

    /// Those that stand for a user: as themselves, and as one of each of their groups.
    pub fn standing_for(user: &User) -> impl Iterator<Item = Self> {
        let of_group = move |name: &String| Self {
            provider: user.provider.clone(),
            kind: PrincipalKind::Group,
            name: name.clone(),
        };
        std::iter::once(Self::of_user(&user.provider, &user.username)).chain(user.groups.iter().map(of_group))
    }
}

impl From<&Principal> for PrincipalKey {
    fn from(principal: &Principal) -> Self {
        let Principal { username, kind, provider, .. } = principal;
        match kind {
            PrincipalKind::User => Self::of_user(provider, username),
            PrincipalKind::Group => {
                Self { provider: provider.clone(), kind: *kind, name: username.as_str().to_owned() }
            }
        }
    }
}
