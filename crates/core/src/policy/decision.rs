//! Decisions: what becomes of the tokens that a stricter rule touches, now or at a time that was chosen.
//!
//! A decision is about whatever tokens exceed the rule when it takes effect, not about those that were shown before.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::cells::Cells;
use super::{Days, TokenSettings};
use crate::expiry::Expiry;
use crate::grant::{GrantState, SuspensionReason};
use crate::identifier::DecisionId;

/// What becomes of tokens that end later than a lower maximum allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaximumChoice {
    /// They stay as they are.
    #[default]
    Leave,
    /// They end when the maximum, counted from the moment it takes effect, is over.
    Shorten,
    /// They do not pass until the maximum covers them again, or an administrator lifts it.
    Suspend,
    /// They are gone for good.
    Delete,
}

/// What becomes of tokens whose owner's origin is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosingChoice {
    /// They do not pass until the origin opens again.
    #[default]
    Suspend,
    /// They go on; only new ones cannot be made.
    Leave,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum Decided {
    /// A lower maximum lifetime.
    Maximum {
        /// The maximum that it takes the place of.
        from: Option<Days>,
        /// The new one.
        to: Days,
        /// What becomes of the tokens that exceed it.
        choice: MaximumChoice,
    },
    /// Cells of the origin policy that close.
    Closing {
        /// Which.
        cells: Cells,
        /// What becomes of the tokens that they touch.
        choice: ClosingChoice,
    },
}

/// Why a decision cannot take effect any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Overtaken {
    /// Somebody set another maximum meanwhile.
    #[error("the maximum was changed after this was decided")]
    MaximumChanged,
    /// Somebody closed these origins meanwhile.
    #[error("the origins were closed after this was decided")]
    ClosedAlready,
}

/// A decision, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The row.
    pub id: DecisionId,
    /// What was decided.
    pub decided: Decided,
    /// When it takes effect.
    pub effective_at: Timestamp,
    /// The time zone in which that was chosen (a name of the IANA database).
    pub zone: String,
    /// When it was decided.
    pub made_at: Timestamp,
    /// The log-in name of who decided.
    pub made_by: String,
    /// Where it stands.
    pub state: DecisionState,
}

/// Where a decision stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecisionState {
    /// It waits for its time.
    Pending,
    /// It took effect.
    Applied {
        /// When.
        at: Timestamp,
        /// On how many tokens.
        tokens: u64,
    },
    /// Somebody took it back before it took effect.
    Undone {
        /// When.
        at: Timestamp,
        /// The log-in name of who did.
        by: String,
    },
    /// It could not take effect.
    Failed {
        /// When it should have.
        at: Timestamp,
        /// Why not, as a sentence.
        reason: String,
    },
}

/// What a decision does to one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Nothing,
    /// It ends earlier.
    Shorten(Expiry),
    /// It does not pass for now.
    Suspend(SuspensionReason),
    /// It never passes again.
    Delete,
}

/// Whether a change of the maximum makes it lower: the only one that tokens can exceed.
#[must_use]
pub fn lowers(from: Option<Days>, to: Option<Days>) -> bool {
    to.is_some_and(|to| from.is_none_or(|from| to < from))
}

/// **The** rule which tokens a maximum touches, and what becomes of one: those that end later than one could end that is
/// made at `now`, whose owners are not exempt.
#[must_use]
pub fn over_maximum(
    expires_at: Expiry,
    state: GrantState,
    is_exempt: bool,
    maximum: Days,
    choice: MaximumChoice,
    now: Timestamp,
) -> Effect {
    let latest = maximum.latest_expiry(now);
    let is_deleted = matches!(state, GrantState::Deleted { .. });
    if is_deleted || is_exempt || expires_at <= latest {
        return Effect::Nothing;
    }
    match choice {
        MaximumChoice::Leave => Effect::Nothing,
        MaximumChoice::Shorten => Effect::Shorten(latest),
        MaximumChoice::Suspend if state.can_suspend_for(SuspensionReason::OverMaximum) => {
            Effect::Suspend(SuspensionReason::OverMaximum)
        }
        MaximumChoice::Suspend => Effect::Nothing,
        MaximumChoice::Delete => Effect::Delete,
    }
}

/// Whether a suspension for exceeding the maximum is lifted by this maximum: it covers the token, or there is none.
#[must_use]
pub fn is_covered(expires_at: Expiry, maximum: Option<Days>, now: Timestamp) -> bool {
    maximum.is_none_or(|maximum| expires_at <= maximum.latest_expiry(now))
}

impl MaximumChoice {
    /// All, the mildest first.
    pub const ALL: [Self; 4] = [Self::Leave, Self::Shorten, Self::Suspend, Self::Delete];

    /// The word in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Leave => "leave",
            Self::Shorten => "shorten",
            Self::Suspend => "suspend",
            Self::Delete => "delete",
        }
    }
}

impl ClosingChoice {
    /// Both, the default first.
    pub const ALL: [Self; 2] = [Self::Suspend, Self::Leave];

    /// The word in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Suspend => "suspend",
            Self::Leave => "leave",
        }
    }
}

impl Decided {
    /// What is left of it to do on these settings, and the settings when that has taken effect.
    ///
    /// # Errors
    /// [`Overtaken`] when somebody changed the same meanwhile: it never raises a maximum that is lower by now, and what
    /// was decided for the tokens of an origin that closed in between stays.
    pub fn settle(&self, settings: &TokenSettings) -> Result<(Self, TokenSettings), Overtaken> {
        let mut settled = settings.clone();
        match *self {
            Self::Maximum { from, to, .. } => {
                if settings.maximum_lifetime_days != from {
                    return Err(Overtaken::MaximumChanged);
                }
                settled.maximum_lifetime_days = Some(to);
                Ok((*self, settled))
            }
            Self::Closing { cells, choice } => {
                let cells = cells.open_in(&settings.origins);
                if cells.is_empty() {
                    return Err(Overtaken::ClosedAlready);
                }
                settled.origins = cells.close(&settings.origins);
                Ok((Self::Closing { cells, choice }, settled.following(settings)))
            }
        }
    }

    /// The word for the rule it is about. Only one decision a rule can wait.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Maximum { .. } => "maximum",
            Self::Closing { .. } => "closing",
        }
    }
}

impl Decision {
    /// Whether it is to take effect now.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.state == DecisionState::Pending && self.effective_at <= now
    }
}

impl DecisionState {
    /// The word in the database and in the API.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Applied { .. } => "applied",
            Self::Undone { .. } => "undone",
            Self::Failed { .. } => "failed",
        }
    }
}

#[cfg(test)]
mod tests;
