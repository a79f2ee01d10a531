//! What administrators decide for everybody: how long a token may live ([`lifetime`]) and who is exempt from that
//! ([`exemption`]), which origins' tokens pass for which applications ([`origin`]), what becomes of the tokens that
//! a stricter rule touches ([`decision`]), and who is reminded before a token expires ([`notification`]).

pub mod cells;
pub mod decision;
pub mod exemption;
pub mod lifetime;
pub mod notification;
pub mod origin;

use serde::{Deserialize, Serialize};

use crate::confirmation::FreshnessWindows;
use crate::user::Origin;

pub use cells::{Cells, Touch};
pub use decision::{ClosingChoice, Decided, Decision, DecisionState, MaximumChoice};
pub use exemption::{Exemption, ExemptionReason};
pub use lifetime::{Days, LifetimeRefused, RequestedLifetime};
pub use notification::EmailNotifications;
pub use origin::OriginPolicy;

/// The settings of *Personal access tokens*, as one row of the database holds them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TokenSettings {
    /// *Maximum token expiration duration* in days; `null`: *No expiration* (the default).
    pub maximum_lifetime_days: Option<Days>,
    /// Whether a token may make a token (never a wider or longer-lived one). Off by default.
    pub tokens_may_make_tokens: bool,
    /// Whether passwords are taken on the API. On by default.
    pub passwords_on_api: bool,
    /// Whose tokens pass for which applications.
    pub origins: OriginPolicy,
    /// While *Allow personal access tokens for SSO users* is off, which is when all of their cells are closed: those that
    /// were open before. `None` while it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sso_reopens: Option<Cells>,
    /// For how long the word of a provider counts.
    pub freshness: FreshnessWindows,
    /// The mail before a token expires.
    pub email_notifications: EmailNotifications,
}

impl Default for TokenSettings {
    fn default() -> Self {
        Self {
            maximum_lifetime_days: None,
            tokens_may_make_tokens: false,
            passwords_on_api: true,
            origins: OriginPolicy::default(),
            sso_reopens: None,
            freshness: FreshnessWindows::default(),
            email_notifications: EmailNotifications::default(),
        }
    }
}

impl TokenSettings {
    /// These, in the place of others: when they close the last cell of SSO users, they keep which ones were open.
    #[must_use]
    pub fn following(self, before: &Self) -> Self {
        let sso_reopens = match self.sso_open() {
            Some(_) => None,
            None => before.sso_open().or(before.sso_reopens),
        };
        Self { sso_reopens, ..self }
    }

    /// **The** rule which cells *Allow personal access tokens for SSO users* opens: those that were open when it was on
    /// last; by default Deploy and all others.
    #[must_use]
    pub fn sso_when_on(&self) -> Cells {
        let usual = || Cells::of(Origin::Sso).open_in(&OriginPolicy::default());
        self.sso_open().or(self.sso_reopens).unwrap_or_else(usual)
    }

    /// The cells of SSO users that are open; `None`: none is.
    fn sso_open(&self) -> Option<Cells> {
        Some(Cells::of(Origin::Sso).open_in(&self.origins)).filter(|cells| !cells.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table(bits: u16) -> TokenSettings {
        TokenSettings { origins: OriginPolicy::from_bits(bits), ..TokenSettings::default() }
    }

    fn cells(text: &str) -> Cells {
        text.parse().unwrap()
    }

    proptest! {
        /// Whatever else changes while it is off.
        #[test]
        fn switched_off_and_on_again_it_opens_what_was_open(before in 0_u16..512, off in 0_u16..512, other in 0_u16..512) {
            let sso = Cells::of(Origin::Sso);
            let before = table(before);
            let closed = |bits| TokenSettings { origins: sso.close(&table(bits).origins), ..table(bits) };
            let off = closed(off).following(&before);
            prop_assert_eq!(off.sso_when_on(), before.sso_when_on());
            let off = closed(other).following(&off);
            prop_assert_eq!(off.sso_when_on(), before.sso_when_on());
            let on = TokenSettings { origins: off.sso_when_on().open(&off.origins), ..off.clone() }.following(&off);
            prop_assert_eq!(on.sso_reopens, None);
            let was = sso.open_in(&before.origins);
            prop_assert!(was.is_empty() || sso.open_in(&on.origins) == was);
            // The same settings keep what they have.
            prop_assert_eq!(off.clone().following(&off), off);
        }
    }

    #[test]
    fn what_is_open_when_the_switch_is_on_again_is_what_was_open_last() {
        let on = TokenSettings::default();
        assert_eq!((on.sso_when_on(), on.sso_reopens), (cells("deploy.sso,others.sso"), None));
        let close = |text: &str, before: &TokenSettings| {
            let origins = cells(text).close(&before.origins);
            TokenSettings { origins, ..before.clone() }.following(before)
        };
        // Cleared one after the other: the last one.
        let narrow = close("others.sso", &on);
        assert_eq!(narrow.sso_reopens, None, "it is on");
        assert_eq!(close("deploy.sso", &narrow).sso_reopens, Some(cells("deploy.sso")));
        // Closed from the beginning: nobody knows.
        let never = TokenSettings { sso_reopens: None, ..close("deploy.sso,others.sso", &on) };
        assert_eq!(never.clone().following(&never).sso_when_on(), cells("deploy.sso,others.sso"));
    }
}
