//! Password reset links: made by an administrator, shown once, used once by whoever has them.

use std::fmt;
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use patgate_core::base62;
use patgate_core::user::{User, UserState, Username};
use patgate_store::{Actor, ActorKind, HeldRoles, ResetLink};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::change::keeps_password;
use super::no_such_user;
use super::password::{ended, hash};
use crate::caller::Caller;
use crate::password::PasswordText;
use crate::problem::Problem;
use crate::service::mandate::{EDITS, Mandate};
use crate::state::AppState;

/// How long a link opens anything.
pub const LIFE: SignedDuration = SignedDuration::from_hours(24);

/// Keeps digests of links apart from all other digests.
const CONTEXT: &str = "patgate 2026-11-22 password reset link";
/// Before the digits, as before those of a token: so the log replaces a link as it does a token.
const PREFIX: &str = "rst_";

/// The secret of a link: 256 random bits. Never printed, wiped when dropped.
pub struct ResetSecret(Zeroizing<String>);

/// A link that was just made: the one moment at which it can be shown.
#[derive(Debug)]
pub struct IssuedLink {
    /// What stands in its address.
    pub secret: ResetSecret,
    /// Whose password it sets.
    pub user: User,
    /// From when on it opens nothing.
    pub expires_at: Timestamp,
}

impl ResetSecret {
    fn generate(random: &mut impl CryptoRng) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + 44));
        text.push_str(PREFIX);
        for _ in 0..4 {
            let mut digits = [0; 11];
            base62::encode(random.next_u64(), &mut digits);
            text.extend(digits.map(char::from));
        }
        Self(text)
    }

    /// The text, for the address.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ResetSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ResetSecret(…)")
    }
}

/// Makes a link with which an internal user sets a new password within 24 hours, once. The one before opens nothing any
/// more.
///
/// # Errors
/// 403 without `security#edit`, for a token, for oneself, and for a user who holds what the caller lacks; 400 for a user
/// whose password is kept elsewhere; 404; 409 for a disabled user.
pub async fn make_reset_link(
    state: &AppState,
    caller: &Caller,
    username: &Username,
) -> Result<IssuedLink, Problem> {
    caller.require(state, EDITS)?;
    if caller.token().is_some() {
        return Err(Problem::forbidden("A token makes no password reset links").hint("Log in to the pages"));
    }
    let mut change = state.change(&caller.actor()).await?;
    let mandate = Mandate::of_caller(state, &change, caller).await?;
    mandate.require(EDITS)?;
    let user = change.user_by_name(username).await?.ok_or_else(no_such_user)?;
    judge(&mandate, &change.roles_of(&[&user]).await?, &user)?;
    let now = state.clock.now();
    let created_at = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
    let secret = ResetSecret::generate(&mut state.random.draw());
    let link = ResetLink {
        digest: digest(secret.reveal()),
        user: user.id,
        created_by: caller.user,
        created_at,
        expires_at: created_at.saturating_add(LIFE).unwrap_or(Timestamp::MAX),
    };
    change.put_reset_link(&link).await?;
    state.commit(change).await?;
    Ok(IssuedLink { secret, user, expires_at: link.expires_at })
}

/// Tells beforehand whether somebody signed in would be refused a link for a user.
///
/// # Errors
/// As [`make_reset_link`].
pub async fn may_make_reset_link(
    state: &AppState,
    caller: &Caller,
    username: &Username,
) -> Result<(), Problem> {
    caller.require(state, EDITS)?;
    let mandate = Mandate::foreseen(state, caller.user).await?;
    let user = state.store.user_by_name(username).await?.ok_or_else(no_such_user)?;
    judge(&mandate, &state.store.roles_of(&[&user]).await?, &user)
}

/// Whose password a link sets; `None` for one that opens nothing, whatever the reason.
///
/// # Errors
/// When the database does not answer.
pub async fn find_reset_link(state: &AppState, secret: &str) -> Result<Option<User>, Problem> {
    let Some(link) = state.store.reset_link(&digest(secret)).await? else { return Ok(None) };
    if link.expires_at <= state.clock.now() {
        return Ok(None);
    }
    let user = state.store.user(link.user).await?.filter(|user| user.state == UserState::Enabled);
    let Some(user) = user else { return Ok(None) };
    let mandate = Mandate::foreseen(state, link.created_by).await?;
    let roles = state.store.roles_of(&[&user]).await?;
    Ok(may_still(&mandate, &roles, &user).then_some(user))
}

/// Sets the password of the user whose link this is, which uses the link up and ends all their sessions. `false` for one
/// that opens nothing, whatever the reason.
///
/// # Errors
/// 400 for an unfit password: the link stays; 429 when too many passwords are looked at.
pub async fn use_reset_link(
    state: &AppState,
    secret: &str,
    new: PasswordText,
    address: IpAddr,
) -> Result<bool, Problem> {
    let Some(user) = find_reset_link(state, secret).await? else { return Ok(false) };
    let Some(hash) = hash(state, &user.username, Some(new), "password").await? else { return Ok(false) };
    let actor = Actor {
        kind: ActorKind::User,
        name: user.username.to_string(),
        user: Some(user.id),
        grant: None,
        address: Some(address.to_string()),
    };
    let mut change = state.change(&actor).await?;
    let digest = digest(secret);
    let link = change.reset_link(&digest).await?;
    let Some(link) = link.filter(|link| link.user == user.id && state.clock.now() < link.expires_at) else {
        return Ok(false);
    };
    let user = change.user(user.id).await?.filter(|user| user.state == UserState::Enabled);
    let Some(user) = user else { return Ok(false) };
    let maker = Mandate::of_user(state, &change, link.created_by).await?;
    if !may_still(&maker, &change.roles_of(&[&user]).await?, &user) {
        return Ok(false);
    }
    change.use_reset_link(&digest).await?;
    change.set_password(user.id, &hash, None).await?;
    state.commit(change).await?;
    ended(state, &user.username);
    Ok(true)
}

/// Whether whoever asks may make a link for a user.
fn judge(mandate: &Mandate, roles: &HeldRoles, user: &User) -> Result<(), Problem> {
    mandate.changer.may_set_password(user.id, mandate.held(roles, user))?;
    if mandate.changer.is(user.id) {
        // Who finds a browser unattended must not get the password, and with it everything, for good.
        return Err(
            Problem::forbidden("A link for oneself is not made").hint("Change your password on your profile")
        );
    }
    keeps_password(user, "username".to_owned())?;
    if user.state != UserState::Enabled {
        return Err(
            Problem::conflict(format!("`{}` is disabled", user.username)).hint("Enable the user first")
        );
    }
    Ok(())
}

/// Whether whoever made a link may make it now: its user may hold more than then, and its maker less.
fn may_still(maker: &Mandate, roles: &HeldRoles, user: &User) -> bool {
    maker.may(EDITS) && maker.changer.may_set_password(user.id, maker.held(roles, user)).is_ok()
}

/// How the database knows a link. With 256 random bits no slow hash and no key is needed.
fn digest(secret: &str) -> [u8; 32] {
    blake3::derive_key(CONTEXT, secret.as_bytes())
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::logging::loggable_path;

    #[test]
    fn a_link_is_never_printed_and_never_logged() {
        let secret = ResetSecret::generate(&mut ChaCha20Rng::seed_from_u64(1));
        assert_eq!(secret.reveal().len(), 48);
        assert_eq!(format!("{secret:?}"), "ResetSecret(…)");
        let path = format!("/reset/{}", secret.reveal());
        let logged = loggable_path(&path);
        assert!(!logged.contains(&secret.reveal()[5..30]), "{logged}");
    }
}
