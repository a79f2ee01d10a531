//! The mail before an expiry on the page of all settings: what is set, and how the last run went.

use patgate_core::permission::names::CONFIG_EDIT;
use patgate_core::policy::EmailNotifications;

use crate::pages::reminders::RunRow;
use crate::pages::{Refused, Visitor};
use crate::service::{items, reminders, settings};
use crate::state::AppState;

/// What is set, in words.
pub(in crate::pages) struct Section {
    pub(in crate::pages) enabled: bool,
    /// On which days, and how.
    pub(in crate::pages) schedule: String,
    /// The chosen mail server; empty: none.
    pub(in crate::pages) server: String,
    /// Whether there is any mail server.
    pub(in crate::pages) has_servers: bool,
    /// Whether the visitor may make one.
    pub(in crate::pages) may_make_servers: bool,
    pub(in crate::pages) has_own_texts: bool,
    pub(in crate::pages) last_run: Option<RunRow>,
}

impl Section {
    /// As it is now.
    ///
    /// # Errors
    /// 403 for who may not see the settings.
    pub(in crate::pages) async fn of(state: &AppState, visitor: &Visitor) -> Result<Self, Refused> {
        let set = settings::read(state, &visitor.caller).await?.email_notifications;
        let last_run = reminders::last_run(state, &visitor.caller).await?;
        Ok(Self {
            enabled: set.enabled,
            schedule: schedule(&set),
            server: set.server.as_ref().map(ToString::to_string).unwrap_or_default(),
            has_servers: items::few_mail_servers(state).await?.is_none_or(|few| !few.is_empty()),
            may_make_servers: may_make_servers(state, visitor),
            has_own_texts: set.subject.is_none() && set.body.is_none(),
            last_run: last_run.map(RunRow::from),
        })
    }
}

/// Whether somebody may make a mail server.
pub(super) fn may_make_servers(state: &AppState, visitor: &Visitor) -> bool {
    visitor.may_any(state, &[CONFIG_EDIT])
}

/// `7 days before a token expires, and 30 and 1 before; one mail for each token`.
fn schedule(set: &EmailNotifications) -> String {
    let mut all: Vec<_> = set.further_days.as_slice().to_vec();
    all.push(set.days);
    all.sort_unstable_by(|one, other| other.cmp(one));
    all.dedup();
    let named: Vec<_> = all.iter().map(ToString::to_string).collect();
    let days = match named.as_slice() {
        [one] if one == "1" => "1 day".to_owned(),
        [one] => format!("{one} days"),
        [most @ .., last] => format!("{} and {last} days", most.join(", ")),
        [] => String::new(),
    };
    let how = if set.digest { "one mail for each person and night" } else { "one mail for each token" };
    format!("{days} before a token expires; {how}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_are_told_in_words() {
        let set = |days: u32, further: &[u32], digest| EmailNotifications {
            days: days.try_into().unwrap(),
            further_days: further.to_vec().try_into().unwrap(),
            digest,
            ..EmailNotifications::default()
        };
        for (set, words) in [
            (set(7, &[], false), "7 days before a token expires; one mail for each token"),
            (set(1, &[], false), "1 day before a token expires; one mail for each token"),
            (
                set(7, &[1, 30], true),
                "30, 7 and 1 days before a token expires; one mail for each person and night",
            ),
            (set(7, &[7, 60], false), "60 and 7 days before a token expires; one mail for each token"),
        ] {
            assert_eq!(schedule(&set), words);
        }
    }
}
