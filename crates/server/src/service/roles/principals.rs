//! Single principals of a role, of which there may be thousands: some of them from a place on, and putting them in and out.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::slice;
use std::str::FromStr;

use patgate_core::identifier::RoleId;
use patgate_core::role::{PrincipalKey, Role};
use patgate_core::user::{Principal, PrincipalKind};
use patgate_store::{NotACursor, Seek};

use super::draft::{NamedUsers, PrincipalDraft, RoleDraft, too_many};
use super::no_such_role;
use super::write::begin;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::mandate::LastAdministrator;
use crate::service::names::{begins_with, compare};
use crate::service::shown::Shown;
use crate::state::AppState;

/// A place in the list of a role's principals: the one that was seen last. Its text is for a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalCursor(Principal);

/// By what a form names a principal of a role: short, however long the names are.
#[must_use]
pub fn mark(principal: &Principal) -> Shown {
    Shown::of(&PrincipalKey::from(principal))
}

impl PrincipalCursor {
    /// The place of a principal.
    #[must_use]
    pub fn of(principal: &Principal) -> Self {
        Self(Principal { fullname: None, ..principal.clone() })
    }
}

/// A letter for the kind, how many characters the provider has, a dot, the provider and the name.
impl fmt::Display for PrincipalCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Principal { username, kind, provider, .. } = &self.0;
        let kind = match kind {
            PrincipalKind::User => 'u',
            PrincipalKind::Group => 'g',
        };
        write!(formatter, "{kind}{}.{provider}{username}", provider.chars().count())
    }
}

impl FromStr for PrincipalCursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let (kind, text) = match (text.strip_prefix('u'), text.strip_prefix('g')) {
            (Some(rest), _) => (PrincipalKind::User, rest),
            (None, Some(rest)) => (PrincipalKind::Group, rest),
            (None, None) => return Err(NotACursor),
        };
        let (length, text) = text.split_once('.').ok_or(NotACursor)?;
        let length: usize = length.parse().map_err(|_| NotACursor)?;
        let end = text.char_indices().map(|(at, _)| at).nth(length).ok_or(NotACursor)?;
        let (provider, name) = text.split_at(end);
        let username = kind.name(name).map_err(|_| NotACursor)?;
        Ok(Self(Principal { username, fullname: None, kind, provider: provider.to_owned() }))
    }
}

/// At most `limit` principals of a role whose names begin with `prefix`, whatever the case, in the order of their names, from
/// a place on.
#[must_use]
pub fn some_principals<'r>(
    role: &'r Role,
    prefix: &str,
    seek: &Seek<PrincipalCursor>,
    limit: usize,
) -> Vec<&'r Principal> {
    let is_backward = matches!(seek, Seek::Before(_));
    let met = |one: &Principal, other: &Principal| {
        if is_backward { order(other, one) } else { order(one, other) }
    };
    let begins = |principal: &Principal| begins_with(principal.username.as_str(), prefix);
    let is_beyond =
        |principal: &Principal| seek.cursor().is_none_or(|place| met(principal, &place.0).is_gt());
    let principals = role.principals.iter();
    let mut found: Vec<_> = principals.filter(|one| begins(one) && is_beyond(one)).collect();
    // Of thousands only those of the page are put in order.
    if limit < found.len() {
        found.select_nth_unstable_by(limit, |one, other| met(one, other));
        found.truncate(limit);
    }
    found.sort_unstable_by(|one, other| order(one, other));
    found
}

/// Puts principals into a role; who is in it already stays. Returns how many came in.
///
/// # Errors
/// 403 without `security#edit`, and for a role that holds what the caller lacks; 400 naming the field; 404.
pub async fn add_principals(
    state: &AppState,
    caller: &Caller,
    id: RoleId,
    added: Vec<PrincipalDraft>,
) -> Result<usize, Problem> {
    let (mut change, mandate) = begin(state, caller).await?;
    let before = change.role_by_id(id).await?.ok_or_else(no_such_role)?;
    let held = mandate.set(&before.permissions);
    mandate.changer.may_change_role(held, held)?;
    let draft = RoleDraft {
        name: before.name.clone(),
        place: String::new(),
        principals: Some(added),
        permissions: None,
        shown: None,
    };
    let users = NamedUsers::of(&change, slice::from_ref(&draft)).await?;
    let wanted = draft.principals(&users, &before.principals)?;
    let there: BTreeSet<_> = before.principals.iter().map(PrincipalKey::from).collect();
    let new = wanted.into_iter().filter(|one| !there.contains(&PrincipalKey::from(one)));
    let principals: Vec<_> = before.principals.iter().cloned().chain(new).collect();
    too_many(principals.len(), "principals")?;
    let added = principals.len() - before.principals.len();
    change.update_role(&Role { principals, ..before }).await?;
    state.commit(change).await?;
    Ok(added)
}

/// Takes principals out of a role, who are named by their marks ([`mark`]). One that is not in it is no fault. Returns how many
/// went out.
///
/// # Errors
/// As [`add_principals`]; 409 when no administrator would be left.
pub async fn remove_principals(
    state: &AppState,
    caller: &Caller,
    id: RoleId,
    removed: &BTreeSet<String>,
) -> Result<usize, Problem> {
    let (mut change, mandate) = begin(state, caller).await?;
    let before = change.role_by_id(id).await?.ok_or_else(no_such_role)?;
    let held = mandate.set(&before.permissions);
    mandate.changer.may_change_role(held, held)?;
    let last = LastAdministrator::before(&change).await?;
    let stays = |one: &&Principal| !removed.contains(mark(one).as_str());
    let principals: Vec<_> = before.principals.iter().filter(stays).cloned().collect();
    let removed = before.principals.len() - principals.len();
    change.update_role(&Role { principals, ..before }).await?;
    last.stays(&change).await?;
    state.commit(change).await?;
    Ok(removed)
}

/// By name, whatever the case, and then by what else tells them apart.
fn order(one: &Principal, other: &Principal) -> Ordering {
    compare(one.username.as_str(), other.username.as_str())
        .then_with(|| (one.kind == PrincipalKind::Group).cmp(&(other.kind == PrincipalKind::Group)))
        .then_with(|| one.provider.cmp(&other.provider))
        .then_with(|| one.username.as_str().cmp(other.username.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(kind: PrincipalKind, provider: &str, name: &str) -> Principal {
        let username = kind.name(name).unwrap();
        Principal { username, fullname: None, kind, provider: provider.to_owned() }
    }

    #[test]
    fn the_text_of_a_principal_is_read_as_that_one() {
        use PrincipalKind::{Group, User};
        for (kind, provider, name) in [
            (User, "internal", "ann"),
            (User, "https://idp.example", "Ä.1"),
            (Group, "ü", "urn:example:ops"),
            (Group, "a1.b", "/ops"),
        ] {
            let key = PrincipalCursor::of(&principal(kind, provider, name));
            assert_eq!(key.to_string().parse(), Ok(key), "{provider} {name}");
        }
        for text in
            ["", "u", "x3.abcd", "u.ann", "u3.abc", "u9.ann", "u-1.ann", "u1.aa/b", "u18446744073709551616.a"]
        {
            assert_eq!(text.parse::<PrincipalCursor>(), Err(NotACursor), "{text}");
        }
    }

    #[test]
    fn principals_come_in_pages_there_and_back() {
        let mut principals = Vec::new();
        for number in (0..23).rev() {
            let name = format!("{}{number:02}", ["ci-", "Dev-"][number % 2]);
            principals.push(principal(PrincipalKind::User, ["corp", "internal"][number % 3 % 2], &name));
        }
        principals.push(principal(PrincipalKind::Group, "corp", "ci-04"));
        let role = Role {
            id: RoleId::from_i64(1),
            name: "r".parse().unwrap(),
            principals,
            permissions: BTreeSet::new(),
        };
        let names =
            |found: &[&Principal]| found.iter().map(|one| one.username.to_string()).collect::<Vec<_>>();
        for prefix in ["", "DEV", "ci-0", "none"] {
            let whole = names(&some_principals(&role, prefix, &Seek::Start, 100));
            let mut sorted: Vec<_> = role.principals.iter().map(|one| one.username.to_string()).collect();
            sorted.retain(|name| name.to_lowercase().starts_with(&prefix.to_lowercase()));
            sorted.sort_by_key(|name| name.to_lowercase());
            assert_eq!(whole, sorted, "{prefix}");
            let (mut there, mut seek, mut last) = (Vec::new(), Seek::Start, None);
            loop {
                let page = some_principals(&role, prefix, &seek, 5);
                let Some(end) = page.last() else { break };
                last = Some(PrincipalCursor::of(end));
                seek = Seek::After(PrincipalCursor::of(end));
                there.extend(names(&page));
            }
            assert_eq!(there, whole);
            let (mut back, mut seek) = (Vec::new(), last.map_or(Seek::Start, Seek::Before));
            loop {
                let page = some_principals(&role, prefix, &seek, 5);
                let Some(first) = page.first() else { break };
                seek = Seek::Before(PrincipalCursor::of(first));
                back.splice(0..0, names(&page));
            }
            assert_eq!(back, whole[..whole.len().saturating_sub(1)], "{prefix}");
        }
    }
}
