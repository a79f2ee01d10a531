//! Tokens from the command line: by somebody with a shell on the host, for any user, under the same rules.
//!
//! Nothing here asks the index, so a process that has not loaded it can call these.

use std::collections::HashMap;

use patgate_core::authority::Authority;
use patgate_core::grant::Grant;
use patgate_core::identifier::{GrantId, UserId};
use patgate_core::permission::PermissionSet;
use patgate_core::user::{User, Username};
use patgate_store::{Actor, Change, GrantFilter, Page, Sequence, UserFilter};

use super::issue::{NewToken, NewTokenMade, Owner, issue};
use super::{OwnedGrant, no_such_token};
use crate::problem::Problem;
use crate::state::AppState;

/// Makes a token for a user. Returns the change, so that the caller can wait until every node has applied it.
///
/// # Errors
/// As [`super::create`], and 404 when there is no such user.
pub async fn create(
    state: &AppState,
    actor: &Actor,
    owner: &Username,
    new: NewToken,
) -> Result<(NewTokenMade, Sequence), Problem> {
    let lifetime = new.lifetime_field;
    let mut change = state.change(actor).await?;
    let user = change.user_by_name(owner).await?.ok_or_else(|| Problem::no_such("user", owner))?;
    let permissions = permissions_of(state, &change, &user).await?;
    let owner = Owner { id: user.id, username: user.username.as_str(), permissions };
    let made = issue(state, &mut change, &owner, None, new, None, state.clock.now())
        .await
        .map_err(|refused| refused.into_problem(lifetime))?;
    let sequence = change.commit().await?;
    Ok((made, sequence))
}

/// Lists the tokens of a user, or of everybody, by name.
///
/// # Errors
/// 404 when there is no such user.
pub async fn list(state: &AppState, owner: Option<&Username>) -> Result<Vec<OwnedGrant>, Problem> {
    let users = match owner {
        Some(name) => {
            let user = state.store.user_by_name(name).await?;
            vec![user.ok_or_else(|| Problem::no_such("user", name))?]
        }
        None => state.store.users(&UserFilter::default(), Page::WHOLE).await?,
    };
    let filter =
        GrantFilter { owner: owner.and(users.first()).map(|user| user.id), ..GrantFilter::default() };
    let now = state.clock.now();
    // A command has no index: it reads the settings and the users.
    let freshness = state.store.token_settings().await?.freshness;
    let owners: HashMap<UserId, User> = users.into_iter().map(|user| (user.id, user)).collect();
    let grants = state.store.grants(&filter, Page::WHOLE).await?;
    let owned = |grant: Grant| {
        let owner = owners.get(&grant.owner)?;
        let owner_suspends = owner.confirmation.suspends(freshness.of(owner.origin), now);
        Some(OwnedGrant { grant, owner: owner.username.as_str().into(), owner_suspends })
    };
    Ok(grants.into_iter().filter_map(owned).collect())
}

/// Deletes a token. Returns the change, so that the caller can wait until every node has applied it.
///
/// # Errors
/// 404 when there is no such token, or it is deleted already.
pub async fn delete(state: &AppState, actor: &Actor, id: GrantId) -> Result<Sequence, Problem> {
    let mut change = state.change(actor).await?;
    let grant = change.grant(id).await?.ok_or_else(no_such_token)?;
    let deleted = grant.state.delete(state.clock.now()).map_err(|_| no_such_token())?;
    change.set_grant_state(id, deleted).await?;
    Ok(change.commit().await?)
}

/// What a user's roles give them, as the database has it now.
async fn permissions_of(state: &AppState, change: &Change, user: &User) -> Result<PermissionSet, Problem> {
    let mut authority = Authority::default();
    for role in change.all_roles().await? {
        authority.put_role(role);
    }
    Ok(state.catalog.effective(state.catalog.set(&authority.permissions_of(user))))
}
