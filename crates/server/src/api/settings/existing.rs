//! What becomes of the tokens that are there: the part of a change of rules that says it.

use jiff::Timestamp;
use patgate_core::policy::{ClosingChoice, MaximumChoice};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::service::policy::{Choices, When};

/// What becomes of the tokens that stricter rules touch.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields, expecting = "an object")]
#[schema(as = ExistingTokens)]
pub(super) struct ExistingBody {
    /// Of those that end later than a lower maximum allows, counted from when it takes effect. `delete` needs
    /// `token#delete_all`. Absent: `leave`.
    #[schema(inline, default = "leave")]
    over_maximum: OverMaximum,
    /// Of those whose owner's origin is closed. Absent: `suspend`.
    #[schema(inline, default = "suspend")]
    origin_closed: OriginClosed,
    /// When the lower maximum and the closed origins come into force, at most 366 days ahead; absent or `null`: now.
    /// Everything else in the body is in force at once.
    at: Option<Timestamp>,
}

/// What becomes of tokens that exceed a lower maximum.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OverMaximum {
    /// They stay as they are.
    #[default]
    Leave,
    /// They end with the maximum, and their owners get a mail.
    Shorten,
    /// They do not pass until the maximum covers them, or somebody lifts it.
    Suspend,
    /// They are gone for good.
    Delete,
}

/// What becomes of tokens whose owner's origin is closed.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OriginClosed {
    /// They do not pass until it opens, or somebody lifts it.
    #[default]
    Suspend,
    /// They go on.
    Leave,
}

impl ExistingBody {
    /// Reads it.
    ///
    /// # Errors
    /// 400 for a moment that has passed or is too far ahead.
    pub(super) fn read(self, now: Timestamp) -> Result<Choices, Problem> {
        let when = self.at.map(|at| When::at(at, now)).transpose();
        Ok(Choices {
            over_maximum: match self.over_maximum {
                OverMaximum::Leave => MaximumChoice::Leave,
                OverMaximum::Shorten => MaximumChoice::Shorten,
                OverMaximum::Suspend => MaximumChoice::Suspend,
                OverMaximum::Delete => MaximumChoice::Delete,
            },
            origin_closed: match self.origin_closed {
                OriginClosed::Suspend => ClosingChoice::Suspend,
                OriginClosed::Leave => ClosingChoice::Leave,
            },
            when: when.map_err(|why| {
                Problem::field("existingTokens.at", format!("The field `existingTokens.at`: {why}"))
            })?,
        })
    }
}

impl From<MaximumChoice> for OverMaximum {
    fn from(choice: MaximumChoice) -> Self {
        match choice {
            MaximumChoice::Leave => Self::Leave,
            MaximumChoice::Shorten => Self::Shorten,
            MaximumChoice::Suspend => Self::Suspend,
            MaximumChoice::Delete => Self::Delete,
        }
    }
}

impl From<ClosingChoice> for OriginClosed {
    fn from(choice: ClosingChoice) -> Self {
        match choice {
            ClosingChoice::Suspend => Self::Suspend,
            ClosingChoice::Leave => Self::Leave,
        }
    }
}
