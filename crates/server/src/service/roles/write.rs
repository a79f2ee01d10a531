//! Making, changing, renaming and deleting roles.

use std::collections::BTreeSet;

use patgate_core::identifier::RoleId;
use patgate_core::role::Role;
use patgate_core::user::Username;
use patgate_store::Change;

use super::draft::NamedUsers;
use super::{RoleDraft, no_such_role, shown};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::mandate::{EDITS, LastAdministrator, Mandate};
use crate::service::shown::overtaken;
use crate::state::AppState;

/// Makes roles, all or none of them.
///
/// # Errors
/// 403 without `security#edit`, and for permissions that the caller lacks; 400 naming the field; 409 when a name is
/// taken.
pub async fn create(state: &AppState, caller: &Caller, drafts: &[RoleDraft]) -> Result<Vec<Role>, Problem> {
    let (mut change, mandate) = begin(state, caller).await?;
    let users = NamedUsers::of(&change, drafts).await?;
    let mut random = state.random.draw();
    let mut made = Vec::with_capacity(drafts.len());
    let refused: Result<(), Problem> = drafts.iter().try_for_each(|draft| {
        made.push(decided(draft, RoleId::generate(&mut random), &mandate, &users)?);
        Ok(())
    });
    // What stands before what was refused may have a name that is taken, and is then the first.
    change.insert_roles(&made).await?;
    refused?;
    state.commit(change).await?;
    Ok(made)
}

/// A role as it will be made, when it may be.
fn decided(draft: &RoleDraft, id: RoleId, mandate: &Mandate, users: &NamedUsers) -> Result<Role, Problem> {
    let principals = draft.principals(users, &[])?;
    let permissions = draft.permissions(mandate, &BTreeSet::new())?;
    mandate.changer.may_change_role(mandate.set([]), mandate.set(&permissions))?;
    Ok(Role { id, name: draft.name.clone(), principals, permissions })
}

/// Makes one role; see [`create`].
///
/// # Errors
/// As [`create`].
pub async fn create_one(state: &AppState, caller: &Caller, draft: RoleDraft) -> Result<Role, Problem> {
    create(state, caller, &[draft]).await?.pop().ok_or_else(no_such_role)
}

/// Changes one role; see [`update`].
///
/// # Errors
/// As [`update`].
pub async fn update_one(state: &AppState, caller: &Caller, draft: RoleDraft) -> Result<Role, Problem> {
    update(state, caller, &[draft]).await?.pop().ok_or_else(no_such_role)
}

/// Changes the principals and permissions of roles, all or none of them.
///
/// # Errors
/// As [`create`]; 404; 409 when no administrator would be left, and when a role is not as its draft says it was shown.
pub async fn update(state: &AppState, caller: &Caller, drafts: &[RoleDraft]) -> Result<Vec<Role>, Problem> {
    let (mut change, mandate) = begin(state, caller).await?;
    let last = LastAdministrator::before(&change).await?;
    let users = NamedUsers::of(&change, drafts).await?;
    let named: Vec<_> = drafts.iter().map(|draft| &draft.name).collect();
    let there = change.roles_by_names(&named).await?;
    let mut names = BTreeSet::new();
    let mut changed = Vec::with_capacity(drafts.len());
    for draft in drafts {
        if !names.insert(draft.name.key()) {
            let field = draft.field("name");
            let detail = format!("The field `{field}`: `{}` stands twice in the list", draft.name);
            return Err(Problem::field(field, detail));
        }
        let before = there.get(&draft.name.key()).ok_or_else(no_such_role)?;
        let role = Role {
            id: before.id,
            name: before.name.clone(),
            principals: draft.principals(&users, &before.principals)?,
            permissions: draft.permissions(&mandate, &before.permissions)?,
        };
        mandate.changer.may_change_role(mandate.set(&before.permissions), mandate.set(&role.permissions))?;
        if draft.shown.as_ref().is_some_and(|seen| *seen != shown(&before.permissions)) && role != *before {
            return Err(overtaken());
        }
        changed.push(role);
    }
    change.update_roles(&changed).await?;
    last.stays(&change).await?;
    state.commit(change).await?;
    Ok(changed)
}

/// Gives a role another name.
///
/// # Errors
/// 403 without `security#edit`, and for a role that holds what the caller lacks; 404; 409 when the name is taken.
pub async fn rename(
    state: &AppState,
    caller: &Caller,
    name: &Username,
    new_name: Username,
) -> Result<Role, Problem> {
    let (mut change, mandate) = begin(state, caller).await?;
    let role = change.role(name).await?.ok_or_else(no_such_role)?;
    let held = mandate.set(&role.permissions);
    mandate.changer.may_change_role(held, held)?;
    let role = Role { name: new_name, ..role };
    change.update_role(&role).await?;
    state.commit(change).await?;
    Ok(role)
}

/// Deletes a role: nobody holds anything through it any more.
///
/// # Errors
/// As [`rename`]; 409 when no administrator would be left.
pub async fn delete(state: &AppState, caller: &Caller, name: &Username) -> Result<(), Problem> {
    let (mut change, role) = deletable(state, caller, name).await?;
    let last = LastAdministrator::before(&change).await?;
    change.delete_role(role).await?;
    last.stays(&change).await?;
    state.commit(change).await?;
    Ok(())
}

/// Tells beforehand what [`delete`] would say, without the work on the thousands who may be in the role.
///
/// # Errors
/// As [`delete`].
pub async fn may_delete(state: &AppState, caller: &Caller, name: &Username) -> Result<(), Problem> {
    let (change, role) = deletable(state, caller, name).await?;
    LastAdministrator::before(&change).await?.stays_without(&change, role).await
}

/// A change in which the caller may delete a role, but for the last administrator.
async fn deletable(state: &AppState, caller: &Caller, name: &Username) -> Result<(Change, RoleId), Problem> {
    let (change, mandate) = begin(state, caller).await?;
    let role = change.role_summary(name).await?.ok_or_else(no_such_role)?;
    let held = mandate.set(&role.permissions);
    mandate.changer.may_change_role(held, held)?;
    Ok((change, role.id))
}

pub(super) async fn begin(state: &AppState, caller: &Caller) -> Result<(Change, Mandate), Problem> {
    caller.require(state, EDITS)?;
    let change = state.change(&caller.actor()).await?;
    let mandate = Mandate::of_caller(state, &change, caller).await?;
    mandate.require(EDITS)?;
    Ok((change, mandate))
}
