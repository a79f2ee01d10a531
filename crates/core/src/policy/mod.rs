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
            freshness: FreshnessWindows::default(),
            email_notifications: EmailNotifications::default(),
        }
    }
}
