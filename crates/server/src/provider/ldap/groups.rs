//! The groups of people: those that name them as members, those that they name, and those above.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::connection::{ADMIN_LIMIT_EXCEEDED, Found, NO_SUCH_OBJECT, SIZE_LIMIT_EXCEEDED, SUCCESS};
use super::entry::{Entry, first_value};
use super::fault::{FaultOf, LdapFault, Step};
use super::filter::{Values, everything};
use super::message::{Scope, Search};
use super::servers::Servers;
use super::settings::DirectorySettings;

/// The most groups of one person: Windows itself stops at 1,015.
const MOST_GROUPS: usize = 2_000;
/// The most groups that are looked at for the people of one call.
const MOST_LOOKED_AT: usize = 50_000;
/// How far up groups of groups are followed.
const HIGHEST: usize = 10;
/// The longest name of a group, in characters; a longer one can stand in no role.
const LONGEST_NAME: usize = 100;

/// Somebody whose groups are wanted.
pub(super) struct Member<'a> {
    /// The entry, with `member_of_attribute` when there is one.
    pub(super) entry: &'a Entry,
    /// The log-in name, as the directory writes it.
    pub(super) username: &'a str,
}

/// A person in more groups than are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany;

/// A group: its distinguished name in lower case, and what it is called.
type Group = (String, String);

/// The groups of each of them, sorted, each once.
pub(super) async fn groups(
    settings: &DirectorySettings,
    servers: &Servers,
    members: &[Member<'_>],
    now: Timestamp,
) -> Result<Vec<Result<Vec<String>, TooMany>>, LdapFault> {
    let questions: Vec<_> = members.iter().map(|member| (member.entry.dn(), Some(member.username))).collect();
    let mut direct = listed(settings, servers, &questions, now).await?;
    for (groups, member) in direct.iter_mut().zip(members) {
        groups.extend(named_by(settings, member.entry));
    }
    let above =
        if settings.nested_groups { above(settings, servers, &direct, now).await? } else { HashMap::new() };
    Ok(direct.into_iter().map(|groups| all(groups, &above)).collect())
}

/// What `group_search_filter` finds for each of them: a distinguished name, with a log-in name when it is a user's.
async fn listed(
    settings: &DirectorySettings,
    servers: &Servers,
    members: &[(&str, Option<&str>)],
    now: Timestamp,
) -> Result<Vec<Vec<Group>>, LdapFault> {
    let Some(search) = &settings.group_search else { return Ok(vec![Vec::new(); members.len()]) };
    let searches: Vec<Search<'_>> = members
        .iter()
        .map(|(dn, username)| Search {
            base: &search.base,
            scope: Scope::Subtree,
            filter: search.filter.encode(Values::Given(dn, username.unwrap_or_default())),
            attributes: vec![&search.name_attribute],
            size_limit: 0,
            time_limit: seconds(settings),
        })
        .collect();
    let found = servers.search(Step::Groups, &searches, now).await?;
    found
        .into_iter()
        .map(|found| entries(settings, found, &search.base))
        .collect::<Result<Vec<_>, _>>()
        .map(|lists| lists.into_iter().map(|list| named(&list, &search.name_attribute)).collect())
}

/// The groups above all of these, by their distinguished names in lower case.
async fn above(
    settings: &DirectorySettings,
    servers: &Servers,
    direct: &[Vec<Group>],
    now: Timestamp,
) -> Result<HashMap<String, Vec<Group>>, LdapFault> {
    let mut above: HashMap<String, Vec<Group>> = HashMap::new();
    let mut next: BTreeSet<String> = direct.iter().flatten().map(|(dn, _)| dn.clone()).collect();
    for _ in 0..HIGHEST {
        if next.is_empty() {
            break;
        }
        if above.len() + next.len() > MOST_LOOKED_AT {
            let detail = format!(
                "more than {MOST_LOOKED_AT} groups stand above these people; narrow the group search"
            );
            return Err(LdapFault::of_content(Step::Groups, detail));
        }
        let asked: Vec<String> = std::mem::take(&mut next).into_iter().collect();
        let parents = parents(settings, servers, &asked, now).await?;
        for (dn, parents) in asked.into_iter().zip(parents) {
            next.extend(parents.iter().map(|(dn, _)| dn.clone()));
            above.insert(dn, parents);
        }
        // A cycle leads back to what was asked already.
        next.retain(|dn| !above.contains_key(dn));
    }
    Ok(above)
}

/// The groups right above each of these.
async fn parents(
    settings: &DirectorySettings,
    servers: &Servers,
    groups: &[String],
    now: Timestamp,
) -> Result<Vec<Vec<Group>>, LdapFault> {
    let by_filter = settings.group_search.as_ref().is_some_and(|search| search.filter.has_place(0));
    if by_filter {
        let questions: Vec<_> = groups.iter().map(|dn| (dn.as_str(), None)).collect();
        return listed(settings, servers, &questions, now).await;
    }
    let Some(attribute) = &settings.member_of_attribute else { return Ok(vec![Vec::new(); groups.len()]) };
    let searches: Vec<Search<'_>> = groups
        .iter()
        .map(|dn| Search {
            base: dn,
            scope: Scope::Base,
            filter: everything(),
            attributes: vec![attribute],
            size_limit: 0,
            time_limit: seconds(settings),
        })
        .collect();
    let found = servers.search(Step::Groups, &searches, now).await?;
    found
        .into_iter()
        .zip(groups)
        .map(|(found, dn)| match found.outcome.code {
            // It went away since it was named.
            NO_SUCH_OBJECT => Ok(Vec::new()),
            // One group that is refused is those people's matter who are in it.
            _ => entries(settings, found, dn)
                .map_err(|fault| LdapFault { of: FaultOf::Content, ..fault })
                .map(|entries| entries.iter().flat_map(|entry| named_by(settings, entry)).collect()),
        })
        .collect()
}

fn entries(settings: &DirectorySettings, found: Found, base: &str) -> Result<Vec<Entry>, LdapFault> {
    if found.outcome.code == SUCCESS {
        return Ok(found.entries);
    }
    let (code, words) = (found.outcome.code, found.outcome.words);
    let detail = format!(
        "the directory `{}` cannot be searched for groups below `{base}` (LDAP {code}: {words})",
        settings.name
    );
    Err(match code {
        SIZE_LIMIT_EXCEEDED | ADMIN_LIMIT_EXCEEDED => LdapFault::of_content(Step::Groups, detail),
        _ => LdapFault::new(Step::Groups, detail),
    })
}

/// Groups that were found, by the attribute that names them.
fn named(entries: &[Entry], attribute: &str) -> Vec<Group> {
    let name = |entry: &Entry| entry.text(attribute).map(str::to_owned).or_else(|| first_value(entry.dn()));
    entries.iter().filter_map(|entry| Some((entry.dn().to_lowercase(), name(entry)?))).collect()
}

/// Groups that an entry names itself.
fn named_by(settings: &DirectorySettings, entry: &Entry) -> Vec<Group> {
    let Some(attribute) = &settings.member_of_attribute else { return Vec::new() };
    entry.texts(attribute).filter_map(|dn| Some((dn.to_lowercase(), first_value(dn)?))).collect()
}

/// Somebody's groups with all above them.
fn all(direct: Vec<Group>, above: &HashMap<String, Vec<Group>>) -> Result<Vec<String>, TooMany> {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut next = direct;
    while let Some((dn, name)) = next.pop() {
        if known.contains_key(&dn) {
            continue;
        }
        if known.len() >= MOST_GROUPS {
            return Err(TooMany);
        }
        next.extend(above.get(&dn).into_iter().flatten().cloned());
        known.insert(dn, name);
    }
    let fits = |name: &String| name.chars().count() <= LONGEST_NAME && !name.contains(char::is_control);
    Ok(known.into_values().filter(fits).collect::<BTreeSet<_>>().into_iter().collect())
}

fn seconds(settings: &DirectorySettings) -> u32 {
    u32::try_from(settings.timeout.as_secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str) -> Group {
        (format!("cn={name}"), name.to_owned())
    }

    #[test]
    fn a_cycle_of_groups_has_an_end() {
        let above = HashMap::from([
            ("cn=a".to_owned(), vec![group("b")]),
            ("cn=b".to_owned(), vec![group("c"), group("a")]),
            ("cn=c".to_owned(), vec![group("a")]),
        ]);
        assert_eq!(
            all(vec![group("a"), group("z")], &above),
            Ok(["a", "b", "c", "z"].map(str::to_owned).to_vec())
        );
    }

    #[test]
    fn who_is_in_too_many_groups_is_not_read_half() {
        let many = |count: usize| (0..count).map(|number| group(&number.to_string())).collect();
        assert_eq!(all(many(MOST_GROUPS), &HashMap::new()).map(|names| names.len()), Ok(MOST_GROUPS));
        assert_eq!(all(many(MOST_GROUPS + 1), &HashMap::new()), Err(TooMany));
    }

    #[test]
    fn a_group_that_no_role_can_name_is_left_out() {
        let direct = vec![group(&"x".repeat(101)), group("a\nb"), group("ops")];
        assert_eq!(all(direct, &HashMap::new()), Ok(vec!["ops".to_owned()]));
    }
}
