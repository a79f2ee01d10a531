//! Reading tokens: one, the caller's own, or everybody's.

use patgate_core::grant::Grant;
use patgate_core::identifier::{GrantId, UserId};
use patgate_core::permission::names::TOKEN_VIEW_ALL;
use patgate_core::user::Username;
use patgate_store::{GrantFilter, GrantSort, Page};

use super::{OwnedGrant, manages_only_itself, no_such_token};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// Which tokens are asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Whose.
    pub owner: OwnerAsked,
    /// Their names begin with this, whatever the case.
    pub search: Option<String>,
    /// In this order.
    pub sort: GrantSort,
    /// The other way round.
    pub descending: bool,
}

/// Whose tokens are asked for.
#[derive(Clone, Debug)]
pub enum OwnerAsked {
    /// The caller's own.
    Oneself,
    /// Those of the user of this name.
    Named(Username),
    /// Everybody's.
    Everybody,
}

/// Lists tokens.
///
/// # Errors
/// 403 without `token#view_all` for tokens of others, and for a token with a permission list; 400 for an owner who
/// is not there.
pub async fn list(
    state: &AppState,
    caller: &Caller,
    asked: Asked,
    page: Page,
) -> Result<Vec<OwnedGrant>, Problem> {
    manages_only_itself(caller, None)?;
    let owner = match asked.owner {
        OwnerAsked::Oneself => Some(caller.user),
        OwnerAsked::Named(name) if name.key() == *caller.facts.username_key => Some(caller.user),
        OwnerAsked::Named(name) => {
            caller.require(state, TOKEN_VIEW_ALL)?;
            let user = state.store.user_by_name(&name).await?;
            Some(user.ok_or_else(|| Problem::field("owner", format!("There is no user `{name}`")))?.id)
        }
        OwnerAsked::Everybody => {
            caller.require(state, TOKEN_VIEW_ALL)?;
            None
        }
    };
    let filter = GrantFilter {
        owner,
        name_prefix: asked.search,
        sort: asked.sort,
        descending: asked.descending,
        ..GrantFilter::default()
    };
    let grants = state.store.grants(&filter, page).await?;
    // An owner who went away between the two looks took the token along.
    Ok(grants.into_iter().filter_map(|grant| owned(state, caller, grant)).collect())
}

/// Reads one token.
///
/// # Errors
/// 404 when it is missing or belongs to somebody else and the caller lacks `token#view_all`.
pub async fn read(state: &AppState, caller: &Caller, id: GrantId) -> Result<OwnedGrant, Problem> {
    manages_only_itself(caller, Some(id))?;
    let grant = state.store.grant(id).await?.filter(|grant| may_see(state, caller, grant.owner));
    grant.and_then(|grant| owned(state, caller, grant)).ok_or_else(no_such_token)
}

/// Reads the token that asks.
///
/// # Errors
/// 400 when the caller uses no token.
pub async fn current(state: &AppState, caller: &Caller) -> Result<OwnedGrant, Problem> {
    let id = own_token(caller)?;
    let grant = state.store.grant(id).await?;
    grant.and_then(|grant| owned(state, caller, grant)).ok_or_else(no_such_token)
}

/// The token that asks.
pub(super) fn own_token(caller: &Caller) -> Result<GrantId, Problem> {
    caller.token().map(|token| token.id).ok_or_else(|| {
        let detail = "This is about the token that a request is made with, and there is none in this request";
        Problem::new(http::StatusCode::BAD_REQUEST, "no_token", detail)
    })
}

/// Whether the caller may know that tokens of this owner exist.
pub(super) fn may_see(state: &AppState, caller: &Caller, owner: UserId) -> bool {
    owner == caller.user || caller.may(state, TOKEN_VIEW_ALL)
}

fn owned(state: &AppState, caller: &Caller, grant: Grant) -> Option<OwnedGrant> {
    let owner = if grant.owner == caller.user {
        caller.facts.username.clone()
    } else {
        state.username(grant.owner)?.into()
    };
    let owner_suspends = state.suspends(grant.owner);
    Some(OwnedGrant { grant, owner, owner_suspends })
}
