//! Rules that touch tokens which are there: what becomes of those that exceed a lower maximum or whose owner's origin is
//! closed, who is exempt from the maximum, and lifting suspensions.
//!
//! Every lower maximum and every closed origin is a decision, a row that says what was chosen. It takes effect in the
//! change that makes it, or waits for its time until [`apply_due`] finds it.

mod apply;
mod decide;
pub mod exemptions;
mod preview;
pub mod suspended;
mod when;

pub use apply::apply_due;
pub(super) use apply::lift;
pub(super) use decide::{decide, refuse_listed, refuse_undoing};
pub use decide::{list, pending, read, undo};
pub use preview::{
    Extent, Preview, Question, Questions, TouchedToken, preview, preview_of_nothing, questions,
};
pub use when::{NotATime, When, told};

use patgate_core::policy::{ClosingChoice, MaximumChoice};

/// What was chosen for the tokens that new rules touch, and when that takes effect.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// For those that exceed a lower maximum.
    pub over_maximum: MaximumChoice,
    /// For those whose owner's origin is closed.
    pub origin_closed: ClosingChoice,
    /// When the lower maximum and the closed origins come into force; `None`: now.
    pub when: Option<When>,
}
