//! What administrators see of users: a list page by page, and all about one of them.

use jiff::Timestamp;
use patgate_core::identifier::UserId;
use patgate_core::permission::names::ADMIN;
use patgate_core::user::{Origin, User, Username};
use patgate_store::{FoundUsers, Seek, UserCursor, UserFilter};

use super::no_such_user;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::service::confirmations::{self, SeenConfirmation};
use crate::service::mandate::require_sight;
use crate::state::AppState;

/// All about a user.
#[derive(Clone, Debug)]
pub struct Account {
    /// The user.
    pub user: User,
    /// The roles they hold, by themselves or through a group, by name, each with its identifier.
    pub roles: Vec<(String, String)>,
    /// What they may do, by all of that together; `None`: everything.
    pub permissions: Option<Vec<String>>,
    /// How many of their tokens are neither deleted nor expired.
    pub live_tokens: u64,
    /// Whether they have a password here.
    pub has_password: bool,
    /// Until when a password reset link opens something; `None`: there is none.
    pub reset_link_until: Option<Timestamp>,
    /// How they stand with their provider; `None` for an internal user.
    pub confirmation: Option<SeenConfirmation>,
}

/// Lists users by name, at most `limit` from a place on, as far as can be looked quickly.
///
/// # Errors
/// 403 without `security#view` and `security#edit`.
pub async fn list_from(
    state: &AppState,
    caller: &Caller,
    filter: &UserFilter,
    place: &Seek<UserCursor>,
    limit: u64,
) -> Result<FoundUsers, Problem> {
    require_sight(state, caller)?;
    Ok(state.store.search_users(filter, place, limit).await?)
}

/// Tells all about a user.
///
/// # Errors
/// 403 without `security#view` and `security#edit`, whether there is such a user or not; 404.
pub async fn account(state: &AppState, caller: &Caller, username: &Username) -> Result<Account, Problem> {
    require_sight(state, caller)?;
    let user = state.store.user_by_name(username).await?.ok_or_else(no_such_user)?;
    let roles = state.store.roles_of(&[&user]).await?;
    let roles = roles.of(user.id).into_iter().flatten();
    let roles = roles.map(|role| (role.id.to_string(), role.name.to_string())).collect();
    let now = state.clock.now();
    let link = state.store.reset_link_of(user.id).await?.filter(|link| now < link.expires_at);
    Ok(Account {
        roles,
        permissions: effective(state, user.id),
        live_tokens: state.store.count_live_grants(user.id, now).await?,
        has_password: user.origin == Origin::Internal
            && state.store.password(&user.username).await?.is_some(),
        reset_link_until: link.map(|link| link.expires_at),
        confirmation: confirmations::seen(state, &user).await?,
        user,
    })
}

/// What somebody may do; `None`: everything, as an administrator.
fn effective(state: &AppState, user: UserId) -> Option<Vec<String>> {
    let view = state.index.view();
    let Some(facts) = view.owner(user) else { return Some(Vec::new()) };
    let is_everything = state.slot(ADMIN).is_some_and(|slot| facts.permissions.contains(slot));
    let ids = || state.catalog.ids_in(facts.permissions).map(ToString::to_string).collect();
    (!is_everything).then(ids)
}
