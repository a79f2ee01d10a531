//! The rules for tokens: who may see them, who may change them, which lifetimes can be chosen, and what the mail before
//! an expiry says.

use patgate_core::policy::notification::{MailBody, MailSubject, NotificationDays};
use patgate_core::policy::{Days, EmailNotifications, TokenSettings};

use super::mandate::{EDITS, Mandate};
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
pub enum Put {
    /// They are in force.
    Done(TokenSettings),
    /// Somebody else changed them meanwhile: these are in force, and stay.
    Overtaken(TokenSettings),
}

/// The mail before an expiry as a request describes it.
#[derive(Clone, Debug)]
pub struct Notifications {
    /// Whether it is sent.
    pub enabled: bool,
    /// How many days before.
    pub days: u32,
    /// By which server.
    pub server: Option<String>,
    /// Its subject.
    pub subject: String,
    /// Its body.
    pub body: String,
}

/// Reads the rules.
///
/// # Errors
/// 403 without one of `config#view`, `config#edit`, `security#view` and `security#edit`.
pub async fn read(state: &AppState, caller: &Caller) -> Result<TokenSettings, Problem> {
    if !SEES.iter().any(|permission| caller.may(state, permission)) {
        return Err(Problem::lacks(SEES[0]));
    }
    Ok(state.store.token_settings().await?)
}

/// Whether a caller may change the rules.
#[must_use]
pub fn may_put(state: &AppState, caller: &Caller) -> bool {
    caller.may(state, EDITS)
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
    match write(state, caller, settings, None).await? {
        Put::Done(settings) | Put::Overtaken(settings) => Ok(settings),
    }
}

/// Changes the rules, unless they are no longer those that the caller was shown.
///
/// # Errors
/// As [`put`].
pub async fn put_shown(
    state: &AppState,
    caller: &Caller,
    settings: TokenSettings,
    shown: &Shown,
) -> Result<Put, Problem> {
    write(state, caller, settings, Some(shown)).await
}

async fn write(
    state: &AppState,
    caller: &Caller,
    settings: TokenSettings,
    shown: Option<&Shown>,
) -> Result<Put, Problem> {
    if caller.token().is_some_and(|token| token.permissions.is_some()) {
        return Err(Problem::forbidden(
            "A token with a permission list does not change the rules for tokens",
        ));
    }
    let mut change = state.change(&caller.actor()).await?;
    Mandate::of_caller(state, &change, caller).await?.require(EDITS)?;
    let before = change.token_settings().await?;
    if shown.is_some_and(|shown| *shown != Shown::of(&before)) && before != settings {
        return Ok(Put::Overtaken(before));
    }
    change.put_token_settings(&settings).await?;
    state.commit(change).await?;
    Ok(Put::Done(settings))
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

impl Notifications {
    /// Reads it.
    ///
    /// # Errors
    /// 400 naming the field.
    pub fn read(self) -> Result<EmailNotifications, Problem> {
        fn refused(name: &str, why: &impl std::fmt::Display) -> Problem {
            let field = format!("emailNotifications.{name}");
            let detail = format!("The field `{field}`: {why}");
            Problem::field(field, detail)
        }
        // Mail servers are configuration items, of which there are none yet.
        if let Some(server) = self.server.filter(|server| !server.is_empty()) {
            return Err(refused("server", &format!("there is no mail server `{server}`")));
        }
        Ok(EmailNotifications {
            enabled: self.enabled,
            days: NotificationDays::try_from(self.days).map_err(|why| refused("days", &why))?,
            server: None,
            subject: MailSubject::try_from(self.subject).map_err(|why| refused("subject", &why))?,
            body: MailBody::try_from(self.body).map_err(|why| refused("body", &why))?,
        })
    }
}
