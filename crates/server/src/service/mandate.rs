//! What whoever makes a change of users or roles may do in it, read again inside the change: what the caller was
//! allowed when the request came may be over by now.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use futures_util::FutureExt;
use jiff::Timestamp;
use patgate_core::confirmation::FreshnessWindows;
use patgate_core::delegation::{Changer, Overreach};
use patgate_core::grant::GrantStatus;
use patgate_core::identifier::{RoleId, UserId};
use patgate_core::permission::names::{ADMIN, SECURITY_EDIT, SECURITY_VIEW};
use patgate_core::permission::{Catalog, PermissionId, PermissionSet};
use patgate_core::policy::TokenSettings;
use patgate_core::role::PrincipalKey;
use patgate_core::user::{Origin, PrincipalKind, User, UserState};
use patgate_store::{Change, HeldRoles, StoreError};

use crate::caller::{Caller, Proof};
use crate::problem::Problem;
use crate::state::AppState;

/// Who may see users and roles.
const SEES: [&str; 2] = [SECURITY_VIEW, SECURITY_EDIT];
/// Who may change users and roles.
pub(super) const EDITS: &str = SECURITY_EDIT;
/// How many of those whom a role names as administrators are looked at together. There may be thousands, and the first who gets
/// in is enough.
const NAMED_AT_ONCE: u64 = 100;
/// How many users are looked at together for one who is in a group of administrators: most of them are not.
const MEMBERS_AT_ONCE: u64 = 500;

/// Somebody's right to change users and roles.
pub(super) struct Mandate {
    pub(super) changer: Changer,
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
        let held = usable(state, &change.roles_of(&[&user]).await?, user.id);
        let token = caller.token();
        let carried = token.and_then(|token| token.permissions).unwrap_or(PermissionSet::EVERY);
        let changer = Changer {
            user: Some(user.id),
            permissions: held.intersection(&carried),
            by_token: token.is_some(),
            makes_passwords: token
                .is_none_or(|token| token.permissions.is_none() && rules.tokens_may_make_tokens),
        };
        Ok(Self::new(state, changer))
    }

    /// That of somebody with a shell on the host: everything.
    pub(super) fn of_command_line(state: &AppState) -> Self {
        Self::new(state, Changer::COMMAND_LINE)
    }

    /// That of a user as it is inside the change; nothing, of one who is disabled or deleted, or whose provider does not
    /// vouch for them.
    pub(super) async fn of_user(state: &AppState, change: &Change, user: UserId) -> Result<Self, StoreError> {
        let windows = change.token_settings().await?.freshness;
        match change.user(user).await?.filter(|user| may_act(user, windows, change.now())) {
            Some(user) => Ok(Self::of_present(state, &change.roles_of(&[&user]).await?, &user)),
            None => Ok(Self::of_nobody(state)),
        }
    }

    /// That of a user as it is now, outside of a change: to tell beforehand what would be refused.
    pub(super) async fn foreseen(state: &AppState, user: UserId) -> Result<Self, StoreError> {
        let windows = state.node.settings().freshness;
        match state.store.user(user).await?.filter(|user| may_act(user, windows, state.clock.now())) {
            Some(user) => Ok(Self::of_present(state, &state.store.roles_of(&[&user]).await?, &user)),
            None => Ok(Self::of_nobody(state)),
        }
    }

    fn of_present(state: &AppState, roles: &HeldRoles, user: &User) -> Self {
        let permissions = usable(state, roles, user.id);
        let changer = Changer { user: Some(user.id), permissions, by_token: false, makes_passwords: true };
        Self::new(state, changer)
    }

    fn of_nobody(state: &AppState) -> Self {
        let changer =
            Changer { user: None, permissions: PermissionSet::NONE, by_token: false, makes_passwords: true };
        Self::new(state, changer)
    }

    fn new(state: &AppState, changer: Changer) -> Self {
        Self { changer, catalog: Arc::clone(&state.catalog) }
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

    /// What a user holds who is judged, by the roles that were asked for: everything, when these are not theirs.
    pub(super) fn held(&self, roles: &HeldRoles, user: &User) -> PermissionSet {
        roles.permissions_of(user.id).map_or(PermissionSet::EVERY, |ids| self.set(ids))
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

/// What a user may use of what their roles give them: what this node does not know is nothing to it.
pub(super) fn usable(state: &AppState, roles: &HeldRoles, user: UserId) -> PermissionSet {
    let ids = roles.permissions_of(user).unwrap_or_default();
    state.catalog.effective(state.catalog.set(ids))
}

/// Remembers, before a change, whether there is an administrator, so that the change cannot take the last one away.
#[must_use = "ask it again when the change is complete"]
pub(super) struct LastAdministrator {
    was_there: bool,
}

impl LastAdministrator {
    /// Looks before the change is made.
    pub(super) async fn before(change: &Change) -> Result<Self, StoreError> {
        Ok(Self { was_there: is_there(change, None).await? })
    }

    /// Looks after it was made, and before it is committed.
    ///
    /// # Errors
    /// 409 when nobody is left who is enabled, holds `admin`, has a password if it is kept here, and whose provider vouches for
    /// them if it is not.
    pub(super) async fn stays(self, change: &Change) -> Result<(), Problem> {
        self.stays_but(change, None).await
    }

    /// Tells what [`Self::stays`] would say after a role was deleted, which is still there.
    ///
    /// # Errors
    /// As [`Self::stays`].
    pub(super) async fn stays_without(self, change: &Change, role: RoleId) -> Result<(), Problem> {
        self.stays_but(change, Some(role)).await
    }

    async fn stays_but(self, change: &Change, without: Option<RoleId>) -> Result<(), Problem> {
        if self.was_there && !is_there(change, without).await? {
            let detail = "This would leave no administrator: give somebody else the permission `admin` first";
            return Err(Problem::conflict(detail));
        }
        Ok(())
    }
}

/// Whether somebody holds `admin`, through any role but one, and gets in. It ends with the first who does.
async fn is_there(change: &Change, without: Option<RoleId>) -> Result<bool, StoreError> {
    let windows = change.token_settings().await?.freshness;
    let Ok(admin) = ADMIN.parse() else { return Ok(false) };
    let mut roles = change.roles_with(&admin).await?;
    roles.retain(|role| Some(role.id) != without);
    for role in &roles {
        if names_one_who_gets_in(change, role.id, windows).await? {
            return Ok(true);
        }
    }
    let mut groups = HashSet::new();
    for role in &roles {
        let mut walk = Walk::by(MEMBERS_AT_ONCE);
        while !walk.is_over {
            let some =
                change.principals_of(role.id, PrincipalKind::Group, walk.last.as_ref(), walk.step).await?;
            walk.past(&some, PrincipalKey::clone);
            groups.extend(some);
        }
    }
    has_one_who_gets_in(change, &groups, windows).await
}

/// Whether a role names a user who gets in.
async fn names_one_who_gets_in(
    change: &Change,
    role: RoleId,
    windows: FreshnessWindows,
) -> Result<bool, StoreError> {
    let mut walk = Walk::by(NAMED_AT_ONCE);
    while !walk.is_over {
        let named = change.principals_of(role, PrincipalKind::User, walk.last.as_ref(), walk.step).await?;
        walk.past(&named, PrincipalKey::clone);
        let users = change.users_by_keys(named.iter().map(|key| key.name.clone()).collect()).await?;
        for key in &named {
            let user = users.get(&key.name).filter(|user| user.provider == key.provider);
            if let Some(user) = user
                && gets_in(change, user, windows).await?
            {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Whether a user who gets in is in one of these groups. Who is in a group is told by the users.
async fn has_one_who_gets_in(
    change: &Change,
    groups: &HashSet<PrincipalKey>,
    windows: FreshnessWindows,
) -> Result<bool, StoreError> {
    let is_in = |user: &User| PrincipalKey::standing_for(user).any(|key| groups.contains(&key));
    let providers: BTreeSet<&str> = groups.iter().map(|key| key.provider.as_str()).collect();
    for provider in providers {
        for origin in Origin::ALL {
            let mut walk = Walk::<String>::by(MEMBERS_AT_ONCE);
            while !walk.is_over {
                let some = change.users_in_groups(origin, provider, walk.last.as_deref(), walk.step).await?;
                walk.past(&some, |user| user.subject.clone());
                for user in some.iter().filter(|user| is_in(user)) {
                    if gets_in(change, user, windows).await? {
                        return Ok(true);
                    }
                }
            }
        }
    }
    Ok(false)
}

/// A walk over what may be thousands, some at a time.
struct Walk<P> {
    /// The place of the last that was met.
    last: Option<P>,
    /// How many are asked for together.
    step: u64,
    is_over: bool,
}

impl<P> Walk<P> {
    const fn by(step: u64) -> Self {
        Self { last: None, step, is_over: false }
    }

    /// Goes on behind these, which were asked for: fewer than a step are the last.
    fn past<T>(&mut self, met: &[T], place: impl FnOnce(&T) -> P) {
        self.is_over = (met.len() as u64) < self.step;
        self.last = met.last().map(place);
    }
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
        && still_proves(state, change, caller, &user, &rules).boxed().await?
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
