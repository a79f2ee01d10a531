//! What a user belongs to: of the roles they hold, and of the groups that their provider named, which may be two thousand, a page
//! of each.

use std::cmp::Ordering;

use patgate_core::user::PrincipalKind;
use patgate_store::Seek;

use crate::pages::paging::{self, Paging, ROWS};
use crate::pages::{Field, Fields};
use crate::service::names::{begins_with, compare};
use crate::service::users::Account;

/// The field of the query that names the role that was seen last.
const ROLES_AFTER: &str = "roles_after";
/// The fields of the query that name the places in both lists.
pub(super) const PLACE: [&str; 4] = ["search", "after", "before", ROLES_AFTER];

/// A page of the roles, and one of the groups.
pub(super) struct Belonging {
    /// The roles by name, each with its identifier.
    pub(super) roles: Vec<(String, String)>,
    /// The query of the roles behind these; empty: they are the last.
    pub(super) more_roles: String,
    /// Whether a place among the roles was asked for.
    pub(super) is_later: bool,
    /// Whether the provider named any group.
    pub(super) has_groups: bool,
    /// The beginning of a group's name.
    pub(super) search: Field,
    pub(super) groups: Vec<String>,
    pub(super) paging: Paging,
    /// The query of both lists, to come back to it.
    pub(super) list: String,
}

impl Belonging {
    /// What the query asks for.
    pub(super) fn of(account: &Account, query: &Fields) -> Self {
        let query = paging::only(query, &PLACE);
        let search = Field::new("search", "Name begins with", paging::search(&query, "search"))
            .at_most(PrincipalKind::LONGEST_NAME);
        let place: Seek<String> = paging::place(&query);
        let found = some_groups(&account.user.groups, &search.value, &place, ROWS + 1);
        let (found, paging) = Paging::cut(found, &place, &query, |group| (*group).clone());
        let (roles, more) = some_roles(&account.roles, query.text(ROLES_AFTER));
        let more_roles = more.map(|last| query.with(&[(ROLES_AFTER, last)])).unwrap_or_default();
        Self {
            roles: roles.to_vec(),
            more_roles,
            is_later: query.has(ROLES_AFTER),
            has_groups: !account.user.groups.is_empty(),
            groups: found.into_iter().cloned().collect(),
            search,
            paging,
            list: paging::kept(&query),
        }
    }
}

/// A page of the roles behind one of them, and the last of it when there are more. A role that is not among them is the beginning.
fn some_roles<'r>(roles: &'r [(String, String)], after: &str) -> (&'r [(String, String)], Option<&'r str>) {
    let first = roles.iter().position(|(id, _)| id == after).map_or(0, |at| at + 1);
    let rest = &roles[first..];
    let page = &rest[..ROWS.min(rest.len())];
    let last = page.last().filter(|_| rest.len() > ROWS);
    (page, last.map(|(id, _)| id.as_str()))
}

/// At most `limit` of the groups whose names begin with `prefix`, whatever the case, in the order of their names, from a place on.
fn some_groups<'g>(groups: &'g [String], prefix: &str, seek: &Seek<String>, limit: usize) -> Vec<&'g String> {
    let is_backward = matches!(seek, Seek::Before(_));
    let met = |one: &str, other: &str| if is_backward { order(other, one) } else { order(one, other) };
    let is_beyond = |group: &str| seek.cursor().is_none_or(|place| met(group, place).is_gt());
    let mut found: Vec<_> =
        groups.iter().filter(|group| begins_with(group, prefix) && is_beyond(group)).collect();
    found.sort_unstable_by(|one, other| met(one, other));
    // A provider may name one twice.
    found.dedup();
    found.truncate(limit);
    if is_backward {
        found.reverse();
    }
    found
}

/// By name, whatever the case, and then by the name as it is written.
fn order(one: &str, other: &str) -> Ordering {
    compare(one, other).then_with(|| one.cmp(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_come_in_pages_there_and_back() {
        let mut groups: Vec<_> =
            (0..23).rev().map(|number| format!("{}{number:02}", ["ci-", "Dev-"][number % 2])).collect();
        groups.push("ci-04".to_owned());
        for (prefix, count) in [("", 23), ("DEV", 11), ("ci-0", 5), ("none", 0)] {
            let whole = some_groups(&groups, prefix, &Seek::Start, 100);
            assert_eq!(whole.len(), count, "{prefix}");
            assert!(whole.is_sorted_by_key(|group| group.to_lowercase()), "{whole:?}");
            let (mut there, mut seek) = (Vec::new(), Seek::Start);
            loop {
                let page = some_groups(&groups, prefix, &seek, 5);
                let Some(last) = page.last() else { break };
                seek = Seek::After((*last).clone());
                there.extend(page);
            }
            assert_eq!(there, whole, "{prefix}");
            let Some(last) = whole.last() else { continue };
            let back = some_groups(&groups, prefix, &Seek::Before((*last).clone()), 4);
            assert_eq!(back, whole[count - 5..count - 1], "{prefix}");
        }
    }

    #[test]
    fn roles_come_in_pages() {
        let roles: Vec<_> = (0..45).map(|number| (format!("id{number}"), format!("role {number}"))).collect();
        let page = |after| {
            let (page, last) = some_roles(&roles, after);
            (page.len(), page[0].0.as_str(), last)
        };
        assert_eq!(page(""), (20, "id0", Some("id19")));
        assert_eq!(page("id19"), (20, "id20", Some("id39")));
        assert_eq!(page("id39"), (5, "id40", None));
        assert_eq!(page("gone"), (20, "id0", Some("id19")));
        assert!(some_roles(&[], "").0.is_empty());
    }
}
