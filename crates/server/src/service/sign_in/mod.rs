//! Signing in people from outside: from what a provider says of somebody to the user they are here.
//!
//! A user is keyed by origin, provider and the provider's own key; the name is what they are called now. A name that
//! another user has, wherever from, is refused and inherits nothing.

mod name;
mod password;

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use jiff::Timestamp;
use patgate_core::confirmation::Confirmation;
use patgate_core::identifier::UserId;
use patgate_core::item::SecretText;
use patgate_core::provider::ProviderName;
use patgate_core::role::PrincipalKey;
use patgate_core::user::{Origin, User, UserState, Username};
use patgate_store::{Actor, ActorKind, Change, StoreError};

pub use self::name::NotANameFromOutside;
pub(in crate::service) use self::name::check_letters;
pub use self::password::{PasswordSignInRefused, by_password};
use super::confirmations;
use crate::caller;
use crate::problem::Problem;
use crate::provider::Person;
use crate::sealing::Purpose;
use crate::state::AppState;

/// Somebody whom a provider just vouched for.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// What kind of provider.
    pub origin: Origin,
    /// Which.
    pub provider: &'a ProviderName,
    /// What it says of them.
    pub person: &'a Person,
    /// When the sign-in began, by our own clock: the provider said nothing of it sooner.
    pub begun: Timestamp,
    /// When it was asked about them: of two answers that cross, the one that was asked for later counts.
    pub asked: Timestamp,
    /// From where they sign in.
    pub address: IpAddr,
    /// With what the provider can be asked about them later, when it gave something.
    pub refresh_token: Option<&'a SecretText>,
}

/// Why a sign-in is refused although the provider vouches for the person. Told to the log alone.
#[derive(Debug, thiserror::Error)]
pub enum SignInRefused {
    /// Not a name here.
    #[error("the provider calls them {name:?}, which cannot be a user name: {fault}")]
    Name {
        /// As the provider says it.
        name: String,
        /// What is wrong with it.
        fault: NotANameFromOutside,
    },
    /// Another user has the name.
    #[error("the name `{0}` belongs to another user; delete that user first if they are gone")]
    NameTaken(Username),
    /// Another user's looks the same.
    #[error("the name `{name}` looks like `{double}`, which is another user's")]
    NameDoubled {
        /// As the provider says it.
        name: Username,
        /// Whose name it looks like.
        double: Username,
    },
    /// Somebody who is renamed would take over what a role gives to the name.
    #[error(
        "a role names `{0}`, who is not there yet; a user who is renamed does not become them: change the role first"
    )]
    NameHeld(Username),
    /// What identifies them is missing, or too long.
    #[error("the provider says no key for them that can be kept (1 to 255 characters)")]
    Subject,
    /// The provider took them away, or their access, over SCIM.
    #[error("their provider withdrew them over SCIM; it has to take that back over SCIM")]
    Withdrawn,
    /// The provider withdrew them while what it said before was on its way.
    #[error("their provider withdrew them after it had vouched for them here")]
    WithdrawnSince,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something else that is not about them.
    #[error("{0}")]
    Problem(Problem),
}

/// The user that somebody is here: made at their first sign-in, brought up to date at each. The provider vouches for
/// them now, so what was suspended for want of its word passes again.
///
/// # Errors
/// [`SignInRefused`].
pub async fn arrive(state: &AppState, arrival: Arrival<'_>) -> Result<UserId, SignInRefused> {
    let person = arrival.person;
    let username = name::read(&person.username)
        .map_err(|fault| SignInRefused::Name { name: person.username.clone(), fault })?;
    if !(1..=255).contains(&person.subject.chars().count()) {
        return Err(SignInRefused::Subject);
    }
    let provider = arrival.provider.as_str();
    let known = state.store.user_by_subject(arrival.origin, provider, &person.subject).await?;
    let actor = Actor {
        kind: ActorKind::User,
        name: username.to_string(),
        user: known.as_ref().map(|user| user.id),
        grant: None,
        address: Some(arrival.address.to_string()),
    };
    let mut change = state.store.change(&actor, state.clock.now()).await?;
    if let Some(user) = overtaken(state, &change, arrival).await? {
        return Ok(user);
    }
    let user = bring_in(state, &mut change, arrival).await?;
    if is_withdrawn_over_scim(state, &change, user).await? {
        return Err(SignInRefused::Withdrawn);
    }
    if is_withdrawn_since(&change, user, arrival.begun).await? {
        return Err(SignInRefused::WithdrawnSince);
    }
    let due_at = confirmations::next_look(state);
    change.confirm_users_as_of(&[user], arrival.asked, due_at).await?;
    if let Some(token) = arrival.refresh_token {
        let sealed = state.sealer.seal(Purpose::RefreshToken(user), token, &mut state.random.draw());
        change.keep_refresh_token(user, &sealed.map_err(Problem::from)?).await?;
    }
    state.commit(change).await?;
    Ok(user)
}

/// Takes over what a provider says of a user who is there already.
///
/// # Errors
/// [`SignInRefused`]: nothing is changed then.
pub async fn take_over(change: &mut Change, user: &User, person: &Person) -> Result<(), SignInRefused> {
    let kept = match user.origin {
        Origin::Sso => change.scim_memberships(user.id).await?,
        Origin::Internal | Origin::Ldap => Vec::new(),
    };
    let updated = updated(user, person, kept.iter().map(|membership| membership.group_name.as_str()))?;
    if updated.username != user.username {
        if change.is_in_a_role(&PrincipalKey::of_user(&user.provider, &updated.username)).await? {
            return Err(SignInRefused::NameHeld(updated.username));
        }
        demand_a_shape_of_its_own(change, &updated.username, Some(user.id)).await?;
    }
    change.update_user(&updated).await.map(drop).map_err(|error| match error {
        StoreError::NameTaken(name) => SignInRefused::NameTaken(name),
        error => error.into(),
    })
}

/// Whether what a provider says of a user differs from what is known, or is nothing that can be taken over. `kept` are the
/// groups in which it keeps them over SCIM.
#[must_use]
pub fn is_news<'k>(user: &User, person: &'k Person, kept: impl Iterator<Item = &'k str>) -> bool {
    updated(user, person, kept).map_or(true, |updated| {
        // Names are equal whatever the case, and are taken over as they are written.
        updated != *user || updated.username.as_str() != user.username.as_str()
    })
}

/// The groups that a provider says, and those that it keeps here over SCIM: it often says others at a sign-in, or none, and
/// takes these back over SCIM.
fn updated<'k>(
    user: &User,
    person: &'k Person,
    kept: impl Iterator<Item = &'k str>,
) -> Result<User, SignInRefused> {
    let said = person.groups.iter().map(String::as_str).chain(kept);
    let groups = said.collect::<BTreeSet<_>>().into_iter().map(str::to_owned).collect();
    let username = match person.username.trim() == user.username.as_str() {
        true => user.username.clone(),
        false => name::read(&person.username)
            .map_err(|fault| SignInRefused::Name { name: person.username.clone(), fault })?,
    };
    Ok(User {
        username,
        full_name: name::full_name(&person.full_name).as_str().to_owned(),
        email: name::email(&person.email).as_str().to_owned(),
        groups,
        ..user.clone()
    })
}

/// What somebody is told whose sign-in is refused: where an administrator finds the reason, and nothing of the reason.
pub fn refused(reason: &impl fmt::Display) -> Problem {
    let reference = Problem::next_reference();
    tracing::warn!(reference, %reason, "a sign-in was refused");
    let detail =
        format!("the sign-in was refused; an administrator finds the reason in the log under {reference}");
    caller::unauthorized(&detail)
}

impl From<Problem> for SignInRefused {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<SignInRefused> for Problem {
    fn from(refused: SignInRefused) -> Self {
        match refused {
            SignInRefused::Store(error) => error.into(),
            SignInRefused::Problem(problem) => problem,
            reason => self::refused(&reason),
        }
    }
}

/// Whether a user is one whom their provider withdrew over SCIM: that it knows them elsewhere does not lift it.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn is_withdrawn_over_scim(
    state: &AppState,
    change: &Change,
    user: UserId,
) -> Result<bool, StoreError> {
    let user = change.user(user).await?;
    Ok(user.is_some_and(|user| {
        matches!(user.confirmation, Confirmation::Withdrawn { .. }) && state.scim.speak_for(&user.provider)
    }))
}

/// Whether a provider that was asked about a user at this time was asked again since, and has answered that: what it said first
/// is old by `now`. A confirmation of the future is by the clock of another node, and tells nothing.
pub(super) fn is_overtaken(known: Confirmation, asked: Timestamp, now: Timestamp) -> bool {
    matches!(known, Confirmation::At(at) if at > asked && at <= now)
}

/// The user of whom a newer answer is in force: they are vouched for, and nothing of them goes back to what the older one says.
/// What a provider says over SCIM is no answer: it tells nothing of the groups that a sign-in does.
async fn overtaken(
    state: &AppState,
    change: &Change,
    arrival: Arrival<'_>,
) -> Result<Option<UserId>, StoreError> {
    let Arrival { origin, provider, person, asked, .. } = arrival;
    if state.scim.speak_for(provider.as_str()) {
        return Ok(None);
    }
    let user = change.user_by_subject(origin, provider.as_str(), &person.subject).await?;
    Ok(user.filter(|user| is_overtaken(user.confirmation, asked, change.now())).map(|user| user.id))
}

/// Whether a user was withdrawn after a sign-in of theirs had begun: what their provider said of it may be from before that, and
/// lifts nothing.
async fn is_withdrawn_since(change: &Change, user: UserId, begun: Timestamp) -> Result<bool, StoreError> {
    let user = change.user(user).await?;
    Ok(user.is_some_and(|user| matches!(user.confirmation, Confirmation::Withdrawn { at, .. } if at > begun)))
}

/// The user whom a provider speaks of, brought up to date, or made.
///
/// # Errors
/// [`SignInRefused`]: nothing is changed then.
pub(super) async fn bring_in(
    state: &AppState,
    change: &mut Change,
    arrival: Arrival<'_>,
) -> Result<UserId, SignInRefused> {
    let Arrival { origin, provider, person, .. } = arrival;
    let username = name::read(&person.username)
        .map_err(|fault| SignInRefused::Name { name: person.username.clone(), fault })?;
    if let Some(user) = change.user_by_subject(origin, provider.as_str(), &person.subject).await? {
        take_over(change, &user, person).await?;
        return Ok(user.id);
    }
    demand_a_shape_of_its_own(change, &username, None).await?;
    let now = state.clock.now();
    // As the database keeps it, so that this answer and every later one agree.
    let now = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
    let user = User {
        id: UserId::generate(&mut state.random.draw()),
        origin,
        provider: provider.to_string(),
        subject: person.subject.clone(),
        username,
        full_name: name::full_name(&person.full_name).as_str().to_owned(),
        email: name::email(&person.email).as_str().to_owned(),
        groups: person.groups.clone(),
        state: UserState::Enabled,
        confirmation: Confirmation::At(now),
        created_at: now,
        last_active_at: None,
    };
    change.insert_user(&user, None).await.map_err(|error| match error {
        StoreError::NameTaken(name) => SignInRefused::NameTaken(name),
        error => error.into(),
    })?;
    Ok(user.id)
}

async fn demand_a_shape_of_its_own(
    change: &Change,
    name: &Username,
    own: Option<UserId>,
) -> Result<(), SignInRefused> {
    match name::double(change, name, own).await? {
        // The same name, whatever its case, is taken; that is said in its own words.
        Some(double) if double.key() != name.key() => {
            Err(SignInRefused::NameDoubled { name: name.clone(), double })
        }
        _ => Ok(()),
    }
}
