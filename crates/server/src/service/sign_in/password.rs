//! Signing in by user name and password: from whose password it is to the user they are here.

use patgate_core::user::Origin;

use super::{Arrival, SignInRefused, arrive};
use crate::caller;
use crate::password::{Attempt, Identity, PasswordRefused, Proven};
use crate::problem::Problem;
use crate::state::AppState;

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
    match state.passwords.identify(attempt, state.clock.now()).await? {
        Identity::Internal(proven) => Ok(proven),
        Identity::Person(provider, person) => {
            let arrival = Arrival {
                origin: Origin::Ldap,
                provider: &provider,
                person: &person,
                address: attempt.address,
                refresh_token: None,
            };
            Ok(Proven { user: arrive(state, arrival).await?, password_version: 0 })
        }
    }
}

impl From<PasswordSignInRefused> for Problem {
    fn from(refused: PasswordSignInRefused) -> Self {
        match refused {
            PasswordSignInRefused::Password(refused) => caller::refused(refused),
            PasswordSignInRefused::Arrival(refused) => refused.into(),
        }
    }
}
