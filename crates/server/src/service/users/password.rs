//! New passwords: judged, and hashed before a change begins, because the hash is slow and changes wait for each other.

use patgate_core::user::Username;
use patgate_store::PasswordHashText;

use crate::caller::Caller;
use crate::password::{Attempt, NewPassword, PasswordRefused, PasswordText, Proven};
use crate::problem::Problem;
use crate::service::first_start::{ADMINISTRATOR, InitialPasswordFile};
use crate::state::AppState;

/// Hashes a new password, when there is one. `field` is what a refusal names.
pub(super) async fn hash(
    state: &AppState,
    username: &Username,
    password: Option<PasswordText>,
    field: &str,
) -> Result<Option<PasswordHashText>, Problem> {
    let Some(password) = password else { return Ok(None) };
    let password = NewPassword::for_user(username, password)
        .map_err(|unfit| Problem::field(field, format!("The field `{field}`: {unfit}")))?;
    let hash = state.passwords.hash(&password, &mut state.random.draw()).await;
    hash.map(Some).map_err(of_refused)
}

/// Asks for the caller's own current password, throttled like every other look at a password.
pub(super) async fn prove_own(
    state: &AppState,
    caller: &Caller,
    current: Option<&PasswordText>,
    field: &str,
) -> Result<Proven, Problem> {
    let Some(current) = current else {
        let detail =
            format!("The field `{field}` is missing: who sets their own password shows the current one");
        return Err(Problem::field(field, detail));
    };
    let attempt =
        Attempt { username: &caller.facts.username, password: current.reveal(), address: caller.address };
    state.passwords.prove(attempt, state.clock.now()).await.map_err(|refused| match refused {
        PasswordRefused::Wrong => {
            Problem::field(field, format!("The field `{field}`: this is not the current password"))
        }
        other => of_refused(other),
    })
}

/// What follows when a user's password was changed, or went away with the user: no file tells it any more. That wrong
/// ones are forgotten follows from the change log, on every node.
pub(super) fn ended(state: &AppState, username: &Username) {
    if username.key() == ADMINISTRATOR {
        InitialPasswordFile::in_folder(&state.data_dir).remove();
    }
}

fn of_refused(refused: PasswordRefused) -> Problem {
    match refused {
        PasswordRefused::Wrong => Problem::field("password", "The password is wrong"),
        PasswordRefused::Throttled { seconds } => Problem::too_many(seconds),
        PasswordRefused::Busy => Problem::busy_with_passwords(),
        PasswordRefused::Disabled => Problem::field("password", "The user is disabled"),
        PasswordRefused::Unavailable { reference } => Problem::provider_unavailable(reference),
        PasswordRefused::Store(error) => error.into(),
    }
}
