//! The rules for tokens: who may see them, who may change them, which lifetimes can be chosen, and what the mail before
//! an expiry says.

mod notifications;

use patgate_core::permission::names::{CONFIG_EDIT, CONFIG_VIEW, SECURITY_EDIT, SECURITY_VIEW};
use patgate_core::policy::{Days, EmailNotifications, TokenSettings};
use patgate_store::{Change, StoredDecision};

pub use self::notifications::{Notifications, put_notifications};
use super::mandate::{EDITS, Mandate};
use super::policy::{self, Choices};
use super::shown::Shown;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// The maximum lifetimes that can be chosen, in days, besides none: the vendor's list.
pub const LIFETIMES: [u32; 5] = [7, 30, 45, 60, 365];

/// Who may see the rules: whoever has one of these.
pub const SEES: [&str; 4] = [CONFIG_VIEW, CONFIG_EDIT, SECURITY_VIEW, SECURITY_EDIT];

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
    caller.require_any(state, &SEES)?;
    Ok(state.store.token_settings().await?)
}

/// Reads the rules, and their version with what is decided about them: for [`put`].
///
/// # Errors
/// As [`read`].
pub async fn read_version(state: &AppState, caller: &Caller) -> Result<(TokenSettings, Shown), Problem> {
    let settings = read(state, caller).await?;
    let version = version(&settings, &state.store.pending_decisions().await?);
    Ok((settings, version))
}

/// Whether a caller may change the rules.
#[must_use]
pub fn may_put(state: &AppState, caller: &Caller) -> bool {
    caller.may(state, EDITS)
}

/// Changes the rules; they are in force when this returns, but for those whose time was chosen. `versions` are those of
/// [`read_version`] over which the change is made; none: whatever is in force is replaced, but for what a decision that
/// waits is about.
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
    versions: Option<&[Shown]>,
) -> Result<Put, Problem> {
    let write = begin(state, caller).await?;
    let settings = settings.following(&write.before);
    match versions {
        Some(versions) if write.before != settings => {
            if !versions.contains(&version(&write.before, &write.pending)) {
                return Ok(Put::Overtaken(write.before));
            }
        }
        Some(_) => {}
        None => policy::refuse_undoing(&write.pending, &write.before, &settings)?,
    }
    write.decide(settings, choices).await
}

/// Reads the rules, and what stands for them in a form: for [`put_shown`].
///
/// # Errors
/// As [`read`].
pub async fn read_shown(state: &AppState, caller: &Caller) -> Result<(TokenSettings, Shown), Problem> {
    let settings = read(state, caller).await?;
    let shown = shown(&settings, &state.store.pending_decisions().await?);
    Ok((settings, shown))
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
    let write = begin(state, caller).await?;
    let email_notifications = write.before.email_notifications.clone();
    let settings = TokenSettings { email_notifications, ..settings }.following(&write.before);
    if *shown != self::shown(&write.before, &write.pending) && write.before != settings {
        return Ok(Put::Overtaken(write.before));
    }
    write.decide(settings, choices).await
}

/// A change of the rules under way.
struct Write<'c> {
    state: &'c AppState,
    caller: &'c Caller,
    change: Change,
    mandate: Mandate,
    before: TokenSettings,
    pending: Vec<StoredDecision>,
}

async fn begin<'c>(state: &'c AppState, caller: &'c Caller) -> Result<Write<'c>, Problem> {
    policy::refuse_listed(caller)?;
    let change = state.change(&caller.actor()).await?;
    let mandate = Mandate::of_caller(state, &change, caller).await?;
    mandate.require(EDITS)?;
    let before = change.token_settings().await?;
    let pending = change.pending_decisions().await?;
    Ok(Write { state, caller, change, mandate, before, pending })
}

impl Write<'_> {
    async fn decide(self, settings: TokenSettings, choices: &Choices) -> Result<Put, Problem> {
        let Self { state, caller, mut change, mandate, .. } = self;
        let stored = policy::decide(state, &mut change, caller, &mandate, settings, choices).await?;
        state.commit(change).await?;
        Ok(Put::Done(stored))
    }
}

/// Without the mail before an expiry, which has a form of its own.
fn shown(settings: &TokenSettings, pending: &[StoredDecision]) -> Shown {
    let elsewhere = EmailNotifications::default();
    version(&TokenSettings { email_notifications: elsewhere, ..settings.clone() }, pending)
}

/// The version of rules, with what is decided about them.
fn version(settings: &TokenSettings, pending: &[StoredDecision]) -> Shown {
    let decisions: Vec<_> = pending.iter().map(StoredDecision::id).collect();
    Shown::of(&(settings, decisions))
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
