//! Changing users: what they are called, whether they may act, their password.

use std::collections::BTreeSet;

use patgate_core::permission::PermissionSet;
use patgate_core::user::{Origin, User, UserState, Username};
use patgate_store::{Change, PasswordHashText};

use super::password::{ended, hash, prove_own};
use super::{Email, FullName, no_such_user};
use crate::caller::{Caller, Proof};
use crate::password::{PasswordText, Proven};
use crate::problem::Problem;
use crate::service::mandate::{EDITS, LastAdministrator, Mandate};
use crate::service::shown::{Shown, overtaken};
use crate::state::AppState;

/// What is to be different about one user; what is `None` stays.
#[derive(Clone, Debug)]
pub struct Edit {
    /// Who.
    pub username: Username,
    /// What stands before the names of its fields in the request, for a refusal: `[3].` in a list.
    pub place: String,
    /// What people read.
    pub full_name: Option<FullName>,
    /// Where mails go.
    pub email: Option<Email>,
    /// Whether they may act.
    pub login_allowed: Option<bool>,
    /// What the request says about where they come from; that cannot be changed.
    pub external: Option<bool>,
    /// The new password.
    pub password: Option<PasswordEdit>,
    /// The full name and the mail address as whoever changes them was shown them ([`shown`]); with `None` the change is
    /// made over any.
    pub shown: Option<Shown>,
}

/// What somebody is shown of a user before they change it.
#[must_use]
pub fn shown(user: &User) -> Shown {
    Shown::of(&(&user.full_name, &user.email))
}

/// A new password.
#[derive(Clone, Debug)]
pub struct PasswordEdit {
    /// The new one.
    pub new: PasswordText,
    /// The current one, which whoever sets their own must show.
    pub current: Option<PasswordText>,
    /// How the request calls the new one.
    pub new_field: &'static str,
    /// How the request calls the current one.
    pub current_field: &'static str,
}

impl Edit {
    /// One that changes nothing.
    #[must_use]
    pub fn of(username: Username) -> Self {
        Self {
            username,
            place: String::new(),
            full_name: None,
            email: None,
            login_allowed: None,
            external: None,
            password: None,
            shown: None,
        }
    }

    fn field(&self, name: &str) -> String {
        format!("{}{name}", self.place)
    }
}

/// An edit whose password is hashed.
struct Prepared {
    edit: Edit,
    hash: Option<PasswordHashText>,
    proven: Option<Proven>,
}

impl Prepared {
    /// Whether something is written beside the full name and the mail address.
    fn is_more_than_a_profile(&self, before: &User) -> bool {
        let is_enabled = before.state == UserState::Enabled;
        self.hash.is_some() || self.edit.login_allowed.is_some_and(|allowed| allowed != is_enabled)
    }
}

/// Changes users, all or none of them. Returns them as they are then.
///
/// One's own full name, mail address and password need no permission, but no token does that.
///
/// # Errors
/// 403 without `security#edit`, for a user who holds what the caller lacks, and for a password by a token that may not
/// make tokens; 400 naming the field; 404; 409 when the last administrator would be disabled, and when a user is not as
/// the edit says they were shown; 429 for the current password.
pub async fn change(state: &AppState, caller: &Caller, edits: Vec<Edit>) -> Result<Vec<User>, Problem> {
    let mut names = BTreeSet::new();
    for edit in &edits {
        if !is_own(caller, &edit.username) {
            caller.require(state, EDITS)?;
        }
        if !names.insert(edit.username.key()) {
            let field = edit.field("username");
            let detail = format!("The field `{field}`: `{}` stands twice in the list", edit.username);
            return Err(Problem::field(field, detail));
        }
    }
    let mut prepared = Vec::with_capacity(edits.len());
    for edit in edits {
        prepared.push(prepare(state, caller, edit).await?);
    }
    let mut change = state.change(&caller.actor()).await?;
    let mandate = Mandate::of_caller(state, &change, caller).await?;
    // Who gets another profile or password gets in as before.
    let last = match prepared.iter().any(|prepared| prepared.edit.login_allowed == Some(false)) {
        true => Some(LastAdministrator::before(&change).await?),
        false => None,
    };
    let named: Vec<_> = prepared.iter().map(|prepared| &prepared.edit.username).collect();
    let there = change.users_by_names(&named).await?;
    let roles = change.roles_of(&there.values().collect::<Vec<_>>()).await?;
    let mut waiting = Vec::with_capacity(prepared.len());
    for prepared in &prepared {
        if !is_owned(&mandate, caller, &prepared.edit) {
            mandate.require(EDITS)?;
        }
        let before = there.get(&prepared.edit.username.key()).ok_or_else(no_such_user)?;
        let held = mandate.held(&roles, before);
        waiting.push(judged(&mandate, caller, prepared, before, held)?);
        if prepared.is_more_than_a_profile(before) {
            // In the order in which they were asked for, so that the audit log tells it so.
            change.update_users(&std::mem::take(&mut waiting)).await?;
            apply(state, &mut change, (&mandate, caller), prepared, before, held).await?;
        }
    }
    change.update_users(&waiting).await?;
    let mut now = change.users_by_names(&named).await?;
    let changed = named.iter().map(|name| now.remove(&name.key()).ok_or_else(no_such_user));
    let changed = changed.collect::<Result<_, _>>()?;
    if let Some(last) = last {
        last.stays(&change).await?;
    }
    state.commit(change).await?;
    for prepared in prepared.iter().filter(|prepared| prepared.hash.is_some()) {
        ended(state, &prepared.edit.username);
    }
    Ok(changed)
}

/// Changes one user; see [`change`].
///
/// # Errors
/// As [`change`].
pub async fn change_one(state: &AppState, caller: &Caller, edit: Edit) -> Result<User, Problem> {
    change(state, caller, vec![edit]).await?.pop().ok_or_else(no_such_user)
}

/// Disables or enables a user inside a change.
pub(super) async fn set_state(change: &mut Change, user: &User, login_allowed: bool) -> Result<(), Problem> {
    if login_allowed {
        change.enable_user(user.id).await?;
    } else {
        change.disable_user(user.id).await?;
    }
    Ok(())
}

/// Demands that a password of this user is kept here.
pub(super) fn keeps_password(user: &User, field: String) -> Result<(), Problem> {
    if user.origin == Origin::Internal {
        return Ok(());
    }
    let detail =
        format!("The field `{field}`: the password of `{}` is kept by `{}`", user.username, user.provider);
    Err(Problem::field(field, detail))
}

async fn prepare(state: &AppState, caller: &Caller, edit: Edit) -> Result<Prepared, Problem> {
    let Some(password) = edit.password.clone() else {
        return Ok(Prepared { edit, hash: None, proven: None });
    };
    let own = is_own(caller, &edit.username);
    // The change asks this again; here it saves a token the work on the password.
    if own && caller.token().is_some() {
        return Err(patgate_core::delegation::Overreach::OwnPasswordByToken.into());
    }
    let proven = if own {
        let field = edit.field(password.current_field);
        Some(prove_own(state, caller, password.current.as_ref(), &field).await?)
    } else {
        None
    };
    let field = edit.field(password.new_field);
    let hash = hash(state, &edit.username, Some(password.new), &field).await?;
    Ok(Prepared { edit, hash, proven })
}

/// The user with the profile of the edit, when whoever makes it may.
fn judged(
    mandate: &Mandate,
    caller: &Caller,
    Prepared { edit, .. }: &Prepared,
    before: &User,
    held: PermissionSet,
) -> Result<User, Problem> {
    if !is_owned(mandate, caller, edit) {
        mandate.changer.may_change_user(held)?;
    }
    let is_external = before.origin != Origin::Internal;
    if edit.external.is_some_and(|external| external != is_external) {
        let field = edit.field("external");
        let detail = format!("The field `{field}`: where a user comes from cannot be changed");
        return Err(Problem::field(field, detail));
    }
    let after = with_profile(edit, before.clone())?;
    if edit.shown.as_ref().is_some_and(|seen| *seen != shown(before)) && after != *before {
        return Err(overtaken());
    }
    Ok(after)
}

/// Makes of an edit what is not the profile.
async fn apply(
    state: &AppState,
    change: &mut Change,
    (mandate, caller): (&Mandate, &Caller),
    Prepared { edit, hash, proven }: &Prepared,
    before: &User,
    held: PermissionSet,
) -> Result<(), Problem> {
    if let Some(hash) = hash {
        mandate.changer.may_set_password(before.id, held)?;
        keeps_password(before, edit.field(edit.password.as_ref().map_or("password", |p| p.new_field)))?;
        if let Some(proven) = proven {
            still_proven(state, &before.username, proven, edit).await?;
        }
        let kept = match &caller.proof {
            Proof::Session(digest) if is_owned(mandate, caller, edit) => Some(digest.as_bytes()),
            _ => None,
        };
        change.set_password(before.id, hash, kept).await?;
    }
    if let Some(allowed) = edit.login_allowed
        && allowed != (before.state == UserState::Enabled)
    {
        mandate.require(EDITS)?;
        set_state(change, before, allowed).await?;
    }
    Ok(())
}

/// The user with the full name and the mail address of the edit.
fn with_profile(edit: &Edit, mut user: User) -> Result<User, Problem> {
    let is_external = user.origin != Origin::Internal;
    let wanted = [
        ("fullName", edit.full_name.as_ref().map(FullName::as_str), &mut user.full_name),
        ("email", edit.email.as_ref().map(Email::as_str), &mut user.email),
    ];
    for (name, wanted, stored) in wanted {
        if let Some(wanted) = wanted
            && wanted != stored.as_str()
        {
            if is_external {
                let field = edit.field(name);
                let detail =
                    format!("The field `{field}` comes from the user's provider `{}`", user.provider);
                return Err(Problem::field(field, detail));
            }
            wanted.clone_into(stored);
        }
    }
    Ok(user)
}

/// Between the look at the current password and this change, somebody else may have set another. No change but this
/// one is under way, so what the store says now holds.
async fn still_proven(
    state: &AppState,
    username: &Username,
    proven: &Proven,
    edit: &Edit,
) -> Result<(), Problem> {
    let stored = state.store.password(username).await?;
    let holds = |stored: patgate_store::StoredPassword| {
        stored.user == proven.user && stored.version == proven.password_version
    };
    if stored.is_some_and(holds) {
        return Ok(());
    }
    let field = edit.field(edit.password.as_ref().map_or("password", |password| password.current_field));
    let detail = format!("The field `{field}`: the password was changed meanwhile");
    Err(Problem::field(field, detail))
}

/// Whether it is the caller's own, and no token changes it.
fn is_owned(mandate: &Mandate, caller: &Caller, edit: &Edit) -> bool {
    is_own(caller, &edit.username) && !mandate.changer.by_token
}

fn is_own(caller: &Caller, username: &Username) -> bool {
    username.key() == *caller.facts.username_key
}
