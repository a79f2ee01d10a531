//! The rules for tokens: who may see them, who may change them, and which lifetimes can be chosen.

use patgate_core::policy::{Days, TokenSettings};

use super::mandate::{EDITS, Mandate};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// The maximum lifetimes that can be chosen, in days, besides none: the vendor's list.
const LIFETIMES: [u32; 5] = [7, 30, 45, 60, 365];

/// Reads the rules.
///
/// # Errors
/// 403 without one of `config#view`, `config#edit`, `security#view` and `security#edit`.
pub async fn read(state: &AppState, caller: &Caller) -> Result<TokenSettings, Problem> {
    let sees = ["config#view", "config#edit", "security#view", EDITS];
    if !sees.iter().any(|permission| caller.may(state, permission)) {
        return Err(Problem::lacks("config#view"));
    }
    Ok(state.store.token_settings().await?)
}

/// Changes the rules; they are in force when this returns.
///
/// # Errors
/// 403 without `security#edit`, and for a token with a permission list: it manages no token but itself, and this is
/// about all of them.
pub async fn put(
    state: &AppState,
    caller: &Caller,
    settings: TokenSettings,
) -> Result<TokenSettings, Problem> {
    if caller.token().is_some_and(|token| token.permissions.is_some()) {
        return Err(Problem::forbidden(
            "A token with a permission list does not change the rules for tokens",
        ));
    }
    let mut change = state.change(&caller.actor()).await?;
    Mandate::of_caller(state, &change, caller).await?.require(EDITS)?;
    change.put_token_settings(&settings).await?;
    state.commit(change).await?;
    Ok(settings)
}

/// Reads a maximum lifetime; `None` is none.
///
/// # Errors
/// 400 for a number of days that is not on the list.
pub fn maximum_lifetime(days: Option<u32>) -> Result<Option<Days>, Problem> {
    let Some(days) = days else { return Ok(None) };
    let refused = || {
        let detail = format!("`maximumLifetimeDays` is 7, 30, 45, 60, 365 or null, and not {days}");
        Problem::field("maximumLifetimeDays", detail)
    };
    if !LIFETIMES.contains(&days) {
        return Err(refused());
    }
    Days::try_from(days).map(Some).map_err(|_| refused())
}
