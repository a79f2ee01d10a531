//! Signing in by user name and password: from whose password it is to the user they are here.

use jiff::{SignedDuration, Timestamp};
use patgate_core::confirmation::{Confirmation, Withdrawal};
use patgate_core::identifier::UserId;
use patgate_core::provider::ProviderName;
use patgate_core::user::{Origin, User};
use patgate_store::StoreError;

use super::{Arrival, SignInRefused, arrive, is_news};
use crate::caller;
use crate::password::{Attempt, Identity, PasswordRefused, Proven};
use crate::problem::Problem;
use crate::provider::{Answer, Person};
use crate::service::confirmations;
use crate::state::AppState;

/// How old a word of a directory may be that only repeats itself, before it is written down again.
const NEWS: SignedDuration = SignedDuration::from_mins(1);

/// Why somebody is not signed in by a password.
#[derive(Debug, thiserror::Error)]
pub enum PasswordSignInRefused {
    /// The password does not count.
    #[error(transparent)]
    Password(#[from] PasswordRefused),
    /// It counts, and their directory vouches for them, and they are no user here all the same.
    #[error(transparent)]
    Arrival(#[from] SignInRefused),
}

/// The user whose password this is: an internal one, or somebody whom a directory knows, made or brought up to date.
///
/// # Errors
/// [`PasswordSignInRefused`].
pub async fn by_password(state: &AppState, attempt: Attempt<'_>) -> Result<Proven, PasswordSignInRefused> {
    let begun = state.clock.now();
    match state.passwords.identify(attempt, begun).await? {
        Identity::Internal(proven) => Ok(proven),
        Identity::Disabled(provider, subject) => {
            withdraw(state, &provider, &subject, begun).await.map_err(SignInRefused::from)?;
            Err(PasswordRefused::Disabled.into())
        }
        Identity::Person(provider, person) => {
            if let Some(user) = settled(state, &provider, &person).await.map_err(SignInRefused::from)? {
                return Ok(Proven { user, password_version: 0 });
            }
            let arrival = Arrival {
                origin: Origin::Ldap,
                provider: &provider,
                person: &person,
                begun,
                asked: begun,
                address: attempt.address,
                refresh_token: None,
            };
            Ok(Proven { user: arrive(state, arrival).await?, password_version: 0 })
        }
    }
}

/// Puts in force what a directory just said of somebody, as if it had been asked about them: nothing of theirs passes.
async fn withdraw(
    state: &AppState,
    provider: &ProviderName,
    subject: &str,
    asked: Timestamp,
) -> Result<(), Problem> {
    let user = state.store.user_by_subject(Origin::Ldap, provider.as_str(), subject).await?;
    let is_known = |user: &User| {
        matches!(user.confirmation, Confirmation::Withdrawn { reason: Withdrawal::Disabled, .. })
    };
    match user.filter(|user| !is_known(user)) {
        Some(user) => confirmations::apply(state, &[(user, Answer::Disabled)], asked, false).await,
        None => Ok(()),
    }
}

/// The user of somebody about whom nothing is new: a script that sends its password with every request makes no change of
/// each.
async fn settled(
    state: &AppState,
    provider: &ProviderName,
    person: &Person,
) -> Result<Option<UserId>, StoreError> {
    let user = state.store.user_by_subject(Origin::Ldap, provider.as_str(), &person.subject).await?;
    let now = state.clock.now();
    Ok(user.filter(|user| is_settled(user, person, now)).map(|user| user.id))
}

fn is_settled(user: &User, person: &Person, now: Timestamp) -> bool {
    let is_fresh = match user.confirmation {
        Confirmation::At(at) => now.duration_since(at).abs() < NEWS,
        Confirmation::Own | Confirmation::Withdrawn { .. } => false,
    };
    is_fresh && !is_news(user, person, std::iter::empty())
}

impl From<PasswordSignInRefused> for Problem {
    fn from(refused: PasswordSignInRefused) -> Self {
        match refused {
            PasswordSignInRefused::Password(refused) => caller::refused(refused),
            PasswordSignInRefused::Arrival(refused) => refused.into(),
        }
    }
}
