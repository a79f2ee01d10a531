//! The rules for tokens: who may see them, who may change them, which lifetimes can be chosen, and what the mail before
//! an expiry says.

mod notifications;

use patgate_core::policy::{Days, EmailNotifications, TokenSettings};

pub use self::notifications::{Notifications, put_notifications};
use super::mandate::{EDITS, Mandate};
use super::policy::{self, Choices};
use super::shown::Shown;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// The maximum lifetimes that can be chosen, in days, besides none: the vendor's list.
pub const LIFETIMES: [u32; 5] = [7, 30, 45, 60, 365];

/// Who may see the rules.
const SEES: [&str; 4] = ["config#view", "config#edit", "security#view", EDITS];

/// What came of a change of rules that somebody was shown.
#[derive(Clone, Debug)]
pub enum Put<T = TokenSettings> {
    /// They are in force.
    Done(T),
    /// Somebody else changed them meanwhile: these are in force, and stay.
    Overtaken(T),
}

/// Reads the rules.
///
/// # Errors
/// 403 without one of `config#view`, `config#edit`, `security#view` and `security#edit`.
pub async fn read(state: &AppState, caller: &Caller) -> Result<TokenSettings, Problem> {
    require_sight(state, caller)?;
    Ok(state.store.token_settings().await?)
}

/// Demands that the caller may see the rules.
pub(super) fn require_sight(state: &AppState, caller: &Caller) -> Result<(), Problem> {
    if SEES.iter().any(|permission| caller.may(state, permission)) {
        Ok(())
    } else {
        Err(Problem::lacks(SEES[0]))
    }
}

/// Whether a caller may change the rules.
#[must_use]
pub fn may_put(state: &AppState, caller: &Caller) -> bool {
    caller.may(state, EDITS)
}

/// Changes the rules; they are in force when this returns, but for those whose time was chosen.
///
/// # Errors
/// 403 without `security#edit`, and for a token with a permission list: it manages no token but itself, and this is
/// about all of them; 403 without `token#delete_all` when tokens shall be deleted; 409 when a decision about the same
/// rule waits already.
pub async fn put(
    state: &AppState,
    caller: &Caller,
    settings: TokenSettings,
    choices: &Choices,
) -> Result<TokenSettings, Problem> {
    match write(state, caller, settings, choices, None).await? {
        Put::Done(settings) | Put::Overtaken(settings) => Ok(settings),
    }
}

/// What somebody is shown who changes the rules, for [`put_shown`].
#[must_use]
pub fn shown(settings: &TokenSettings) -> Shown {
    let elsewhere = EmailNotifications::default();
    Shown::of(&TokenSettings { email_notifications: elsewhere, ..settings.clone() })
}

/// Changes the rules, unless they are no longer those that the caller was shown. What the mail before an expiry says
/// stays as it is: that is changed by [`put_notifications`].
///
/// # Errors
/// As [`put`].
pub async fn put_shown(
    state: &AppState,
    caller: &Caller,
    settings: TokenSettings,
    choices: &Choices,
    shown: &Shown,
) -> Result<Put, Problem> {
    write(state, caller, settings, choices, Some(shown)).await
}

async fn write(
    state: &AppState,
    caller: &Caller,
    settings: TokenSettings,
    choices: &Choices,
    shown: Option<&Shown>,
) -> Result<Put, Problem> {
    policy::refuse_listed(caller)?;
    let mut change = state.change(&caller.actor()).await?;
    let mandate = Mandate::of_caller(state, &change, caller).await?;
    mandate.require(EDITS)?;
    let before = change.token_settings().await?;
    let mut settings = settings;
    if let Some(shown_rules) = shown {
        settings.email_notifications = before.email_notifications.clone();
        if *shown_rules != self::shown(&before) && before != settings {
            return Ok(Put::Overtaken(before));
        }
    }
    let stored = policy::decide(state, &mut change, caller, &mandate, settings, choices).await?;
    state.commit(change).await?;
    Ok(Put::Done(stored))
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

/// Reads a freshness window; `None` is none.
///
/// # Errors
/// 400, naming `field`, for a number of days that is none.
pub fn freshness(field: &'static str, days: Option<u32>) -> Result<Option<Days>, Problem> {
    let read = |days| Days::try_from(days);
    days.map(read).transpose().map_err(|_| Problem::field(field, "Write a number of days from 1 to 3650"))
}
