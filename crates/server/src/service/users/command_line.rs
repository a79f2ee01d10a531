//! Users from the command line: by somebody with a shell on the host, under the same rules, with every permission.
//!
//! Nothing here asks the index, so a process that has not loaded it can call these. Each returns its change, so that
//! the caller can wait until every node has applied it.

use patgate_core::role::Role;
use patgate_core::user::{Principal, User, Username};
use patgate_store::{Actor, Seek, Sequence, UserCursor, UserFilter};

use super::change::{keeps_password, set_state};
use super::create::{NewUser, insert};
use super::password::{ended, hash};
use crate::password::PasswordText;
use crate::problem::Problem;
use crate::service::mandate::{LastAdministrator, Mandate};
use crate::state::AppState;

/// Makes an internal user, and puts them into a role when one is named.
///
/// # Errors
/// 400 for an unfit password, 404 for a role that is not there, 409 when the name is taken.
pub async fn create(
    state: &AppState,
    actor: &Actor,
    new: NewUser,
    role: Option<&Username>,
) -> Result<(User, Sequence), Problem> {
    let hash = hash(state, &new.username, new.password.clone(), "password").await?;
    let mut change = state.change(actor).await?;
    let mandate = Mandate::of_command_line(state);
    let user = insert(state, &mut change, &mandate, new, hash.as_ref()).await?;
    if let Some(name) = role {
        let role = change.role(name).await?.ok_or_else(|| Problem::no_such("role", name))?;
        let mut principals = role.principals.clone();
        principals.push(Principal::internal(user.username.clone()));
        change.update_role(&Role { principals, ..role }).await?;
    }
    Ok((user, change.commit().await?))
}

/// At most this many of the users whose names begin with `search`, by name, from a place on.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    state: &AppState,
    search: Option<&str>,
    seek: &Seek<UserCursor>,
    limit: u64,
) -> Result<Vec<User>, Problem> {
    let filter = UserFilter { name_prefix: search.map(str::to_owned), ..UserFilter::default() };
    Ok(state.store.list_users(&filter, seek, limit).await?)
}

/// Disables a user, which ends their sessions and stops their tokens, or enables them again.
///
/// # Errors
/// 404; 409 for the last administrator.
pub async fn set_login_allowed(
    state: &AppState,
    actor: &Actor,
    username: &Username,
    login_allowed: bool,
) -> Result<Sequence, Problem> {
    let mut change = state.change(actor).await?;
    let user = change.user_by_name(username).await?.ok_or_else(|| Problem::no_such("user", username))?;
    let last = LastAdministrator::before(&change).await?;
    set_state(&mut change, &user, login_allowed).await?;
    last.stays(&change).await?;
    Ok(change.commit().await?)
}

/// Sets the password of an internal user, which ends their sessions.
///
/// # Errors
/// 400 for an unfit password and for a user whose password is kept elsewhere; 404.
pub async fn set_password(
    state: &AppState,
    actor: &Actor,
    username: &Username,
    password: PasswordText,
) -> Result<Sequence, Problem> {
    let hash = hash(state, username, Some(password), "password").await?;
    let mut change = state.change(actor).await?;
    let user = change.user_by_name(username).await?.ok_or_else(|| Problem::no_such("user", username))?;
    keeps_password(&user, "password".to_owned())?;
    if let Some(hash) = &hash {
        change.set_password(user.id, hash, None).await?;
    }
    let sequence = change.commit().await?;
    ended(state, username);
    Ok(sequence)
}
