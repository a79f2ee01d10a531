//! Making internal users.

use jiff::Timestamp;
use patgate_core::confirmation::Confirmation;
use patgate_core::identifier::UserId;
use patgate_core::user::{INTERNAL_PROVIDER, Origin, User, UserState, Username};
use patgate_store::{Change, PasswordHashText};

use super::password::hash;
use super::{Email, FullName};
use crate::caller::Caller;
use crate::password::PasswordText;
use crate::problem::Problem;
use crate::service::mandate::{EDITS, Mandate};
use crate::state::AppState;

/// A user to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// What they type to log in.
    pub username: Username,
    /// For people to read.
    pub full_name: FullName,
    /// Where mails go.
    pub email: Email,
    /// Whether they may act at once.
    pub login_allowed: bool,
    /// Without one they can sign in when somebody sets it.
    pub password: Option<PasswordText>,
}

/// Makes an internal user.
///
/// # Errors
/// 403 without `security#edit`, when a role names the user already and holds what the caller lacks, and for a password
/// by a token that may not make tokens; 400 for an unfit password; 409 when the name is taken.
pub async fn create(state: &AppState, caller: &Caller, new: NewUser) -> Result<User, Problem> {
    caller.require(state, EDITS)?;
    let hash = hash(state, &new.username, new.password.clone(), "password").await?;
    let mut change = state.change(&caller.actor()).await?;
    let mandate = Mandate::of_caller(state, &change, caller).await?;
    let user = insert(state, &mut change, &mandate, new, hash.as_ref()).await?;
    state.commit(change).await?;
    Ok(user)
}

/// Makes an internal user inside a change.
pub(super) async fn insert(
    state: &AppState,
    change: &mut Change,
    mandate: &Mandate,
    new: NewUser,
    hash: Option<&PasswordHashText>,
) -> Result<User, Problem> {
    mandate.require(EDITS)?;
    if hash.is_some() {
        mandate.changer.may_make_password()?;
    }
    let now = state.clock.now();
    // As the database keeps it, so that this answer and every later one agree.
    let now = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
    let id = UserId::generate(&mut state.random.draw());
    let user = User {
        id,
        origin: Origin::Internal,
        provider: INTERNAL_PROVIDER.to_owned(),
        subject: id.to_string(),
        username: new.username,
        full_name: new.full_name.as_str().to_owned(),
        email: new.email.as_str().to_owned(),
        groups: Vec::new(),
        state: if new.login_allowed { UserState::Enabled } else { UserState::Disabled { at: now } },
        confirmation: Confirmation::Own,
        created_at: now,
        last_active_at: None,
    };
    // A role may name somebody who is not there yet: who makes them would take over what the role holds.
    mandate.changer.may_change_user(mandate.held(&change.roles_of(&[&user]).await?, &user))?;
    change.insert_user(&user, hash).await?;
    Ok(user)
}
