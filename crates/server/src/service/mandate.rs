//! What whoever makes a change of users or roles may do in it, read again inside the change: what the caller was
//! allowed when the request came may be over by now.

use std::sync::Arc;

use jiff::Timestamp;
use patgate_core::authority::Authority;
use patgate_core::confirmation::FreshnessWindows;
use patgate_core::delegation::{Changer, Overreach};
use patgate_core::grant::GrantStatus;
use patgate_core::identifier::UserId;
use patgate_core::permission::names::{ADMIN, SECURITY_EDIT, SECURITY_VIEW};
use patgate_core::permission::{Catalog, PermissionId, PermissionSet};
use patgate_core::policy::TokenSettings;
use patgate_core::role::Role;
use patgate_core::user::{Origin, PrincipalKind, User, UserState};
use patgate_store::{Change, StoreError};

use crate::caller::{Caller, Proof};
use crate::problem::Problem;
use crate::state::AppState;

/// Who may see users and roles.
const SEES: [&str; 2] = [SECURITY_VIEW, SECURITY_EDIT];
/// Who may change users and roles.
pub(super) const EDITS: &str = SECURITY_EDIT;
/// How many of those whom roles name as administrators are looked for at once. There may be thousands, and the first who gets in
/// is enough.
const NAMED_AT_ONCE: usize = 500;

/// Somebody's right to change users and roles, and what everybody holds.
pub(super) struct Mandate {
    pub(super) changer: Changer,
    authority: Authority,
    catalog: Arc<Catalog>,
}

impl Mandate {
    /// That of a caller, as it is inside the change.
    pub(super) async fn of_caller(
        state: &AppState,
        change: &Change,
        caller: &Caller,
    ) -> Result<Self, Problem> {
        let (user, rules) = require_present(state, change, caller).await?;
        let mut mandate = Self::of_command_line(state, change).await?;
        let token = caller.token();
        let held = mandate.catalog.effective(mandate.catalog.set(&mandate.authority.permissions_of(&user)));
        let carried = token.and_then(|token| token.permissions).unwrap_or(PermissionSet::EVERY);
        mandate.changer = Changer {
            user: Some(user.id),
            permissions: held.intersection(&carried),
            by_token: token.is_some(),
            makes_passwords: token
                .is_none_or(|token| token.permissions.is_none() && rules.tokens_may_make_tokens),
        };
        Ok(mandate)
    }

    /// That of somebody with a shell on the host: everything.
    pub(super) async fn of_command_line(state: &AppState, change: &Change) -> Result<Self, StoreError> {
        Ok(Self::of_roles(state, change.all_roles().await?))
    }

    /// That of a user as it is inside the change; nothing, of one who is disabled or deleted, or whose provider does not
    /// vouch for them.
    pub(super) async fn of_user(state: &AppState, change: &Change, user: UserId) -> Result<Self, StoreError> {
        let windows = change.token_settings().await?.freshness;
        let user = change.user(user).await?.filter(|user| may_act(user, windows, change.now()));
        Ok(Self::of_roles(state, change.all_roles().await?).with_user(user))
    }

    /// That of a user as it is now, outside of a change: to tell beforehand what would be refused.
    pub(super) async fn foreseen(state: &AppState, user: UserId) -> Result<Self, StoreError> {
        let windows = state.node.settings().freshness;
        let user = state.store.user(user).await?.filter(|user| may_act(user, windows, state.clock.now()));
        Ok(Self::of_roles(state, state.store.all_roles().await?).with_user(user))
    }

    fn with_user(mut self, user: Option<User>) -> Self {
        self.changer = Changer {
            permissions: user.as_ref().map_or(PermissionSet::NONE, |user| self.held_by(user)),
            user: user.map(|user| user.id),
            by_token: false,
            makes_passwords: true,
        };
        self
    }

    fn of_roles(state: &AppState, roles: Vec<Role>) -> Self {
        let mut authority = Authority::default();
        for role in roles {
            authority.put_role(role);
        }
        Self { changer: Changer::COMMAND_LINE, authority, catalog: Arc::clone(&state.catalog) }
    }

    /// Whether the changer has a built-in permission.
    pub(super) fn may(&self, permission: &str) -> bool {
        let slot = permission.parse::<PermissionId>().ok().and_then(|id| self.catalog.slot(&id));
        slot.is_some_and(|slot| self.changer.permissions.contains(slot))
    }

    /// Demands a built-in permission.
    pub(super) fn require(&self, permission: &str) -> Result<(), Problem> {
        if self.may(permission) { Ok(()) } else { Err(Problem::lacks(permission)) }
    }

    /// What a user holds.
    pub(super) fn held_by(&self, user: &User) -> PermissionSet {
        self.set(&self.authority.permissions_of(user))
    }

    /// What stands in a role, as a set. What this node does not know may be anything to another: it counts as
    /// everything, so that administrators alone give and take it.
    pub(super) fn set<'a>(&self, ids: impl IntoIterator<Item = &'a PermissionId> + Clone) -> PermissionSet {
        if ids.clone().into_iter().any(|id| self.catalog.slot(id).is_none()) {
            return PermissionSet::EVERY;
        }
        self.catalog.effective(self.catalog.set(ids))
    }

    /// The ids that this node does not know.
    pub(super) fn unknown<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a PermissionId>,
    ) -> Vec<&'a PermissionId> {
        ids.into_iter().filter(|id| self.catalog.slot(id).is_none()).collect()
    }
}

/// Demands that the caller may see users and roles.
///
/// # Errors
/// 403 without `security#view` and `security#edit`.
pub fn require_sight(state: &AppState, caller: &Caller) -> Result<(), Problem> {
    caller.require_any(state, &SEES)
}

/// Remembers, before a change, whether there is an administrator, so that the change cannot take the last one away.
#[must_use = "ask it again when the change is complete"]
pub(super) struct LastAdministrator {
    was_there: bool,
}

impl LastAdministrator {
    /// Looks before the change is made.
    pub(super) async fn before(change: &Change) -> Result<Self, StoreError> {
        Ok(Self { was_there: is_there(change).await? })
    }

    /// Looks after it was made, and before it is committed.
    ///
    /// # Errors
    /// 409 when nobody is left who is enabled, holds `admin`, has a password if it is kept here, and whose provider vouches for
    /// them if it is not.
    pub(super) async fn stays(self, change: &Change) -> Result<(), Problem> {
        if self.was_there && !is_there(change).await? {
            let detail = "This would leave no administrator: give somebody else the permission `admin` first";
            return Err(Problem::conflict(detail));
        }
        Ok(())
    }
}

async fn is_there(change: &Change) -> Result<bool, StoreError> {
    let windows = change.token_settings().await?.freshness;
    let Ok(admin) = ADMIN.parse() else { return Ok(false) };
    let roles = change.roles_with(&admin).await?;
    let principals = roles.iter().flat_map(|role| &role.principals);
    let (named, groups): (Vec<_>, Vec<_>) =
        principals.partition(|principal| principal.kind == PrincipalKind::User);
    for some in named.chunks(NAMED_AT_ONCE) {
        let names: Vec<_> = some.iter().map(|principal| &principal.username).collect();
        let users = change.users_by_names(&names).await?;
        for principal in some {
            let user = users.get(&principal.username.key());
            if let Some(user) = user.filter(|user| user.provider == principal.provider)
                && gets_in(change, user, windows).await?
            {
                return Ok(true);
            }
        }
    }
    if groups.is_empty() {
        return Ok(false);
    }
    // Who is in a group is told by the users.
    let holds = |user: &User| groups.iter().any(|p| p.covers(&user.username, &user.provider, &user.groups));
    for user in change.all_users().await?.iter().filter(|user| holds(user)) {
        if gets_in(change, user, windows).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether somebody can sign in, as far as is known here: tokens end, and providers keep their passwords. Whom a provider
/// withdrew, or did not vouch for in time, may never come again.
async fn gets_in(change: &Change, user: &User, windows: FreshnessWindows) -> Result<bool, StoreError> {
    Ok(may_act(user, windows, change.now())
        && (user.origin != Origin::Internal || change.password(&user.username).await?.is_some()))
}

/// Demands that a caller may still do anything. Who they are inside the change, and the rules.
///
/// # Errors
/// 403 for who was disabled, deleted or logged out since they began to ask, and for whose token or password passes no more.
pub(super) async fn require_present(
    state: &AppState,
    change: &Change,
    caller: &Caller,
) -> Result<(User, TokenSettings), Problem> {
    let rules = change.token_settings().await?;
    let user = change.user(caller.user).await?.filter(|user| may_act(user, rules.freshness, change.now()));
    if let Some(user) = user
        && still_proves(state, change, caller, &user, &rules).await?
    {
        return Ok((user, rules));
    }
    Err(Problem::forbidden(
        "You were disabled or deleted, here or at your provider, or logged out, or your token or your password passes \
         no more, since you began to ask",
    ))
}

/// Whether what a caller came with still counts: the session is there, the password is theirs and passwords are taken, the token
/// passes where it is used. No change but the caller's is under way, so what the store says now holds.
async fn still_proves(
    state: &AppState,
    change: &Change,
    caller: &Caller,
    user: &User,
    rules: &TokenSettings,
) -> Result<bool, StoreError> {
    match &caller.proof {
        Proof::Session(digest) => Ok(state.store.session(digest.as_bytes()).await?.is_some()),
        Proof::Password { version } => {
            let stored = change.password(&user.username).await?.map_or(0, |stored| stored.version);
            Ok(stored == *version && rules.passwords_on_api)
        }
        Proof::Token(token) => {
            let grant = change.grant(token.id).await?;
            let is_active =
                grant.is_some_and(|grant| grant.status(None, change.now()) == GrantStatus::Active);
            let left_working = change.left_working(token.id).await?;
            Ok(is_active && rules.origins.passes(user.origin, token.place, left_working))
        }
        Proof::AccessToken => Ok(true),
    }
}

/// Whether somebody may do anything, as a verdict would have it: no administrator disabled them, and their provider
/// vouches for them.
fn may_act(user: &User, windows: FreshnessWindows, now: Timestamp) -> bool {
    user.state == UserState::Enabled && user.confirmation.suspends(windows.of(user.origin), now).is_none()
}

impl From<Overreach> for Problem {
    fn from(overreach: Overreach) -> Self {
        Self::forbidden(overreach.to_string())
    }
}
