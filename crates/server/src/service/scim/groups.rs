//! The groups of a provider, as its client sees and changes them.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use patgate_core::identifier::{GroupId, UserId};
use patgate_core::scim::Filter;
use patgate_core::user::is_invisible;
use patgate_store::{Change, GroupCondition, ScimGroup, ScimMembership, ScimWindow, StoreError};

use super::{Client, INVALID_FILTER, INVALID_VALUE, bad, uniqueness};
use crate::problem::Problem;
use crate::service::sign_in::check_letters;
use crate::state::AppState;

/// The most characters of a group's name and of the provider's own key for it.
const LONGEST: usize = 255;

/// A group, with its members where they were asked for.
#[derive(Clone, Debug)]
pub struct SeenGroup {
    /// As it is.
    pub group: ScimGroup,
    /// By name.
    pub members: Option<Vec<ScimMembership>>,
}

/// One change of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupEdit {
    /// Another name.
    Name(String),
    /// Another key at the provider, or none.
    ExternalId(Option<String>),
    /// More members.
    Add(Vec<UserId>),
    /// Without these.
    Remove(Vec<UserId>),
    /// These and nobody else.
    Replace(Vec<UserId>),
}

/// How many groups a filter means, and those within the window, with their members or without.
///
/// # Errors
/// 400 for a filter that cannot be answered.
pub async fn list_groups(
    state: &AppState,
    client: &Client,
    filter: Option<&Filter>,
    window: ScimWindow,
    with_members: bool,
) -> Result<(u64, Vec<SeenGroup>), Problem> {
    let condition = GroupCondition::of(filter).map_err(|error| bad(INVALID_FILTER, error))?;
    let (total, groups) = state.store.scim_groups(client.provider().name, &condition, window).await?;
    let mut members = HashMap::new();
    if with_members {
        let ids: Vec<_> = groups.iter().map(|group| group.id).collect();
        members.extend(ids.iter().map(|id| (*id, Vec::new())));
        for member in state.store.scim_members(&ids).await? {
            members.entry(member.group).or_default().push(member);
        }
    }
    let seen = |group: ScimGroup| SeenGroup { members: members.remove(&group.id), group };
    Ok((total, groups.into_iter().map(seen).collect()))
}

/// One group, with its members or without.
///
/// # Errors
/// 404, also for groups of others.
pub async fn read_group(
    state: &AppState,
    client: &Client,
    id: GroupId,
    with_members: bool,
) -> Result<SeenGroup, Problem> {
    let group = state.store.scim_group(client.provider().name, id).await?.ok_or_else(no_such_group)?;
    let members = if with_members { Some(state.store.scim_members(&[id]).await?) } else { None };
    Ok(SeenGroup { group, members })
}

/// Makes a group: a name, then all else that is said of it.
///
/// # Errors
/// 400 for what cannot be kept; 409 for a name that is taken.
pub async fn create_group(
    state: &AppState,
    client: &Client,
    name: &str,
    edits: Vec<GroupEdit>,
) -> Result<SeenGroup, Problem> {
    let mut change = client.change(state).await?;
    let now = state.clock.now();
    // As the database keeps it, so that this answer and every later one agree.
    let now = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
    let mut group = ScimGroup {
        id: GroupId::generate(&mut state.random.draw()),
        provider: client.provider().name.clone(),
        external_id: None,
        display_name: checked_name(name)?,
        created_at: now,
        changed_at: now,
    };
    change.insert_scim_group(&group).await.map_err(|error| taken(error, &group))?;
    apply(&mut change, client, &mut group, edits).await?;
    finish(state, client, change, group.id, true).await
}

/// Changes a group by what `edit` says to it. It may refuse. It sees the members, and they are answered, where they are
/// asked for.
///
/// # Errors
/// 404, also for groups of others; what `edit` refuses with; 400 and 409 as in [`create_group`].
pub async fn change_group(
    state: &AppState,
    client: &Client,
    id: GroupId,
    with_members: bool,
    edit: impl FnOnce(&SeenGroup) -> Result<Vec<GroupEdit>, Problem>,
) -> Result<SeenGroup, Problem> {
    let mut change = client.change(state).await?;
    let before = seen(&change, client, id, with_members).await?;
    let edits = edit(&before)?;
    let mut group = before.group;
    apply(&mut change, client, &mut group, edits).await?;
    finish(state, client, change, id, with_members).await
}

/// Deletes a group: nobody is in one of its name any more.
///
/// # Errors
/// 404, also for groups of others; what `check` refuses with, which sees the members where they are asked for.
pub async fn delete_group(
    state: &AppState,
    client: &Client,
    id: GroupId,
    with_members: bool,
    check: impl FnOnce(&SeenGroup) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let mut change = client.change(state).await?;
    let before = seen(&change, client, id, with_members).await?;
    check(&before)?;
    change.delete_scim_group(&before.group).await?;
    state.commit(change).await?;
    Ok(())
}

async fn apply(
    change: &mut Change,
    client: &Client,
    group: &mut ScimGroup,
    edits: Vec<GroupEdit>,
) -> Result<(), Problem> {
    for edit in edits {
        match edit {
            GroupEdit::Name(name) => {
                // A group that has its name from before this rule keeps it.
                group.display_name = if name.trim() == group.display_name {
                    group.display_name.clone()
                } else {
                    checked_name(&name)?
                };
                change.update_scim_group(group).await.map_err(|error| taken(error, group))?;
            }
            GroupEdit::ExternalId(key) => {
                group.external_id = key.map(|key| checked("externalId", &key)).transpose()?;
                change.update_scim_group(group).await?;
            }
            GroupEdit::Add(ids) => {
                known(change, client, &ids).await?;
                change.add_scim_members(client.provider(), group, &ids).await?;
            }
            // Whoever is no member, or nobody any more, is not in the group: as it was asked for.
            GroupEdit::Remove(ids) => {
                change.remove_scim_members(client.provider(), group, &ids).await?;
            }
            GroupEdit::Replace(ids) => {
                known(change, client, &ids).await?;
                let before = change.scim_members(group).await?;
                let stays: HashSet<_> = ids.iter().collect();
                let leaves: Vec<_> =
                    before.iter().map(|member| member.user).filter(|user| !stays.contains(user)).collect();
                change.remove_scim_members(client.provider(), group, &leaves).await?;
                change.add_scim_members(client.provider(), group, &ids).await?;
            }
        }
    }
    Ok(())
}

/// Demands that all of these are users of the provider.
async fn known(change: &Change, client: &Client, ids: &[UserId]) -> Result<(), Problem> {
    let users = change.scim_users_among(client.provider(), ids).await?;
    let known: HashSet<_> = users.iter().map(|user| user.id).collect();
    match ids.iter().find(|id| !known.contains(id)) {
        Some(id) => Err(bad(INVALID_VALUE, format!("members: there is no such user as `{id}`"))),
        None => Ok(()),
    }
}

async fn seen(
    change: &Change,
    client: &Client,
    id: GroupId,
    with_members: bool,
) -> Result<SeenGroup, Problem> {
    let group = change.scim_group(client.provider().name, id).await?.ok_or_else(no_such_group)?;
    let members = if with_members { Some(change.scim_members(&group).await?) } else { None };
    Ok(SeenGroup { group, members })
}

async fn finish(
    state: &AppState,
    client: &Client,
    change: Change,
    id: GroupId,
    with_members: bool,
) -> Result<SeenGroup, Problem> {
    let seen = seen(&change, client, id, with_members).await?;
    state.commit(change).await?;
    Ok(seen)
}

/// The name of a group, by which roles know it: nobody gives a group a name that looks like another's.
fn checked_name(name: &str) -> Result<String, Problem> {
    let name = checked("displayName", name)?;
    check_letters(&name).map_err(|fault| bad(INVALID_VALUE, format!("displayName: {fault}")))?;
    Ok(name)
}

/// A text that can be kept and seen.
fn checked(what: &str, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let is_odd = |c: char| c.is_control() || is_invisible(c);
    if (1..=LONGEST).contains(&text.chars().count()) && !text.contains(is_odd) {
        Ok(text.to_owned())
    } else {
        Err(bad(INVALID_VALUE, format!("{what} has 1 to {LONGEST} characters that can be seen")))
    }
}

fn taken(error: StoreError, group: &ScimGroup) -> Problem {
    match error {
        StoreError::AlreadyThere(_) => {
            uniqueness(format!("There is a group `{}` already: change that one", group.display_name))
        }
        error => error.into(),
    }
}

fn no_such_group() -> Problem {
    Problem::not_found("group")
}
