//! What is asked of a role, and how its principals are found.

use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;

use patgate_core::permission::PermissionId;
use patgate_core::role::PrincipalKey;
use patgate_core::user::{INTERNAL_PROVIDER, Principal, PrincipalKind, User, Username, is_invisible};
use patgate_store::{Change, StoreError};

use crate::problem::Problem;
use crate::service::mandate::Mandate;
use crate::service::shown::Shown;
use crate::service::users::FullName;

/// The most principals in a role.
const MOST_PRINCIPALS: usize = 10_000;

/// A role as it is wanted; what is `None` stays as it is.
#[derive(Clone, Debug)]
pub struct RoleDraft {
    /// Which role, or what a new one is called.
    pub name: Username,
    /// What stands before the names of its fields in the request, for a refusal: `[3].` in a list.
    pub place: String,
    /// Who is in it.
    pub principals: Option<Vec<PrincipalDraft>>,
    /// What it lets them do.
    pub permissions: Option<BTreeSet<PermissionId>>,
    /// The role as whoever changes it was shown it ([`shown`]); with `None` the change is made over any.
    pub shown: Option<Shown>,
}

/// What somebody is shown of a role before they change it: its permissions. A change keeps its name, and single principals come
/// and go whatever the rest is.
#[must_use]
pub fn shown(permissions: &BTreeSet<PermissionId>) -> Shown {
    Shown::of(permissions)
}

/// A principal as a request names it.
#[derive(Clone, Debug)]
pub struct PrincipalDraft {
    /// The log-in name of the user, or the name of the group.
    pub username: Username,
    /// For people to read.
    pub full_name: Option<FullName>,
    /// User or group.
    pub kind: PrincipalKind,
    /// Where the principal comes from. The vendors' clients do not say: then it is the provider of the user who has
    /// the name.
    pub provider: Option<ProviderName>,
}

/// The name of a directory or identity provider, or `internal`: 1 to 100 characters, no control or invisible ones. What
/// differs from `internal` only in case would be read as it, and mean nobody: it names no provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderName(String);

/// Why a text names no provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAProvider {
    /// It has not the form of a name.
    #[error(
        "the name of a provider is 1 to 100 characters without control or invisible characters, or blanks at its ends"
    )]
    Form,
    /// It only looks like the provider of internal users.
    #[error("the provider of internal users is written `internal`, in small letters")]
    AlmostInternal,
}

impl FromStr for ProviderName {
    type Err = NotAProvider;

    fn from_str(text: &str) -> Result<Self, NotAProvider> {
        let fits = (1..=100).contains(&text.chars().count())
            && text.trim() == text
            && !text.contains(|c: char| c.is_control() || is_invisible(c));
        if !fits {
            return Err(NotAProvider::Form);
        }
        if text != INTERNAL_PROVIDER && text.to_lowercase() == INTERNAL_PROVIDER {
            return Err(NotAProvider::AlmostInternal);
        }
        Ok(Self(text.to_owned()))
    }
}

impl RoleDraft {
    /// How a refusal names a field.
    pub(super) fn field(&self, name: &str) -> String {
        format!("{}{name}", self.place)
    }

    /// The permissions; of those that were not there before, this node must know each.
    ///
    /// # Errors
    /// 400 naming the unknown ones.
    pub(super) fn permissions(
        &self,
        mandate: &Mandate,
        before: &BTreeSet<PermissionId>,
    ) -> Result<BTreeSet<PermissionId>, Problem> {
        let Some(wanted) = &self.permissions else { return Ok(before.clone()) };
        let unknown = mandate.unknown(wanted.difference(before));
        if unknown.is_empty() {
            return Ok(wanted.clone());
        }
        let ids: Vec<_> = unknown.iter().map(|id| format!("`{id}`")).collect();
        let field = self.field("permissions");
        let detail = format!("The field `{field}` names permissions that are not known: {}", ids.join(", "));
        Err(Problem::field(field, detail).hint("`GET /api/v1/global-permissions` lists those that are known"))
    }

    /// The principals, each once, as they are stored.
    ///
    /// # Errors
    /// 400 for too many, for an internal user who is not there, and for a group of no provider.
    pub(super) fn principals(
        &self,
        users: &NamedUsers,
        before: &[Principal],
    ) -> Result<Vec<Principal>, Problem> {
        let Some(wanted) = &self.principals else { return Ok(before.to_vec()) };
        too_many(wanted.len(), &self.field("principals"))?;
        let mut seen = BTreeSet::new();
        let mut principals = Vec::with_capacity(wanted.len());
        for (at, draft) in wanted.iter().enumerate() {
            let place = self.field(&format!("principals[{at}]."));
            let principal = found(users, before, draft, &place)?;
            if seen.insert(PrincipalKey::from(&principal)) {
                principals.push(principal);
            }
        }
        Ok(principals)
    }
}

/// The users whom drafts of roles name: asked for together, because there may be thousands.
pub(super) struct NamedUsers(HashMap<String, User>);

impl NamedUsers {
    /// Those of these drafts. A list that is too long is refused without them.
    pub(super) async fn of(change: &Change, drafts: &[RoleDraft]) -> Result<Self, StoreError> {
        let lists = drafts.iter().filter_map(|draft| draft.principals.as_deref());
        let named = lists.filter(|list| list.len() <= MOST_PRINCIPALS).flatten();
        let users = named.filter(|draft| draft.kind == PrincipalKind::User);
        let names: Vec<_> = users.map(|draft| &draft.username).collect();
        Ok(Self(change.users_by_names(&names).await?))
    }
}

/// Refuses a role of more principals than there may be.
///
/// # Errors
/// 400 naming the field.
pub(super) fn too_many(count: usize, field: &str) -> Result<(), Problem> {
    if count <= MOST_PRINCIPALS {
        return Ok(());
    }
    let detail = format!("The field `{field}` has more than 10,000 entries: put them into a group");
    Err(Problem::field(field, detail))
}

fn found(
    users: &NamedUsers,
    before: &[Principal],
    draft: &PrincipalDraft,
    place: &str,
) -> Result<Principal, Problem> {
    let fullname =
        draft.full_name.as_ref().map(|name| name.as_str().to_owned()).filter(|name| !name.is_empty());
    let named = draft.provider.as_ref().map(|provider| provider.0.as_str());
    let principal = |provider: &str| Principal {
        username: draft.username.clone(),
        fullname: fullname.clone(),
        kind: draft.kind,
        provider: provider.to_owned(),
    };
    match (draft.kind, named) {
        (PrincipalKind::Group, None | Some(INTERNAL_PROVIDER)) => {
            let field = format!("{place}provider");
            let detail =
                format!("The field `{field}` names the provider that `{}` is a group of", draft.username);
            Err(Problem::field(field, detail))
        }
        // Who is known to another provider may be named before they ever signed in.
        (PrincipalKind::Group, Some(provider)) => Ok(principal(provider)),
        (PrincipalKind::User, Some(provider)) if provider != INTERNAL_PROVIDER => Ok(principal(provider)),
        (PrincipalKind::User, _) => {
            let user = users.0.get(&draft.username.key());
            let user = user.filter(|user| named.is_none_or(|named| user.provider == named));
            let was_there = || {
                let is_same = |p: &&Principal| p.kind == draft.kind && p.username == draft.username;
                before.iter().find(is_same).filter(|p| named.is_none_or(|named| p.provider == named))
            };
            match (user, was_there()) {
                (Some(user), _) => Ok(principal(&user.provider)),
                (None, Some(stored)) => Ok(principal(&stored.provider)),
                (None, None) => {
                    let field = format!("{place}username");
                    let detail = format!("The field `{field}`: there is no user `{}`", draft.username);
                    Err(Problem::field(field, detail))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_seen_as_it_is_and_internal_is_written_one_way() {
        for good in ["internal", "corp", "https://idp.example.org", "Corp LDAP"] {
            assert!(good.parse::<ProviderName>().is_ok(), "{good}");
        }
        for bad in ["", " corp", "a\nb", "c\u{202e}orp", "inter\u{200b}nal"] {
            assert_eq!(bad.parse::<ProviderName>(), Err(NotAProvider::Form), "{bad:?}");
        }
        for bad in ["Internal", "INTERNAL"] {
            assert_eq!(bad.parse::<ProviderName>(), Err(NotAProvider::AlmostInternal), "{bad:?}");
        }
    }
}
