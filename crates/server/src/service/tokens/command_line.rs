//! Tokens from the command line: by somebody with a shell on the host, for any user, under the same rules.
//!
//! Nothing here asks the index, so a process that has not loaded it can call these.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use patgate_core::application::ApplicationName;
use patgate_core::confirmation::FreshnessWindows;
use patgate_core::identifier::{GrantId, UserId};
use patgate_core::user::{User, Username};
use patgate_store::{Actor, GrantCursor, GrantFilter, Seek, Sequence};

use super::issue::{NewToken, NewTokenMade, Owner, issue};
use super::{OwnedGrant, no_such_token};
use crate::problem::Problem;
use crate::service::mandate::usable;
use crate::state::AppState;

/// Tokens that are read at once.
const ROWS: u64 = 500;
/// The most owners that are remembered while tokens are listed.
const OWNERS: usize = 20_000;

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
    let permissions = usable(state, &change.roles_of(&[&user]).await?, user.id);
    let owner = Owner { id: user.id, username: user.username.as_str(), permissions };
    let made = issue(state, &mut change, &owner, None, new, None, state.clock.now())
        .await
        .map_err(|refused| refused.into_problem(lifetime))?;
    let sequence = change.commit().await?;
    Ok((made, sequence))
}

/// Which tokens a command lists; `Default`: everybody's.
#[derive(Clone, Debug, Default)]
pub struct Wanted<'w> {
    /// Of this user alone.
    pub owner: Option<&'w Username>,
    /// Whose name begins with this, whatever the case.
    pub search: Option<String>,
    /// Made for this application alone.
    pub application: Option<ApplicationName>,
}

/// A list of tokens by name, read a part at a time: there may be millions.
pub struct Listing<'s> {
    state: &'s AppState,
    filter: GrantFilter,
    application: Option<ApplicationName>,
    freshness: FreshnessWindows,
    /// The owners that were met: a command has no index.
    owners: HashMap<UserId, Option<User>>,
    /// `None`: all was read.
    seek: Option<Seek<GrantCursor>>,
}

impl<'s> Listing<'s> {
    /// The list, of which nothing is read yet.
    ///
    /// # Errors
    /// 404 when there is no such user.
    pub async fn of(state: &'s AppState, wanted: Wanted<'_>) -> Result<Self, Problem> {
        let Wanted { owner, search, application } = wanted;
        let mut filter = GrantFilter { name_prefix: search, ..GrantFilter::default() };
        if let Some(name) = owner {
            let user = state.store.user_by_name(name).await?;
            filter.owner = Some(user.ok_or_else(|| Problem::no_such("user", name))?.id);
        }
        let freshness = state.store.token_settings().await?.freshness;
        Ok(Self { state, filter, application, freshness, owners: HashMap::new(), seek: Some(Seek::Start) })
    }

    /// The next part, which may be empty; `None` when all was read.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn next(&mut self) -> Result<Option<Vec<OwnedGrant>>, Problem> {
        let Some(seek) = self.seek.take() else { return Ok(None) };
        let store = &self.state.store;
        let grants = store.list_grants(&self.filter, &seek, ROWS).await?;
        if grants.len() as u64 == ROWS {
            self.seek = grants.last().map(|last| Seek::After(GrantCursor::of(last, self.filter.sort)));
        }
        if self.owners.len() > OWNERS {
            self.owners.clear();
        }
        let now = self.state.clock.now();
        let mut listed = Vec::with_capacity(grants.len());
        for grant in grants
            .into_iter()
            .filter(|grant| self.application.as_ref().is_none_or(|of| *of == grant.application))
        {
            let owner = match self.owners.entry(grant.owner) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => unknown.insert(store.user(grant.owner).await?),
            };
            let Some(owner) = owner else { continue };
            let owner_suspends = owner.confirmation.suspends(self.freshness.of(owner.origin), now);
            listed.push(OwnedGrant { grant, owner: owner.username.as_str().into(), owner_suspends });
        }
        Ok(Some(listed))
    }
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
