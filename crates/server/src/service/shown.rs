//! What somebody was shown before they changed it, so that nobody's change is lost without being seen.

use http::StatusCode;
use serde::Serialize;

use crate::problem::Problem;

/// The stable code of the refusal for what somebody else changed meanwhile.
const OVERTAKEN: &str = "overtaken";

/// What somebody was shown: equal for equal things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    /// That of a thing as it is.
    #[must_use]
    pub fn of(thing: &impl Serialize) -> Self {
        let text = serde_json::to_vec(thing).unwrap_or_default();
        Self(blake3::hash(&text).to_hex()[..32].to_owned())
    }

    /// As a form brought it back.
    #[must_use]
    pub fn from_form(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// For a form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// 409: somebody else changed it after it was shown.
pub(crate) fn overtaken() -> Problem {
    overtaken_as("Somebody else changed this while you did. Nothing of yours is saved yet")
        .hint("Compare, and save again to put yours in its place")
}

/// The same of what is not saved in its place, in a sentence of its own.
pub(crate) fn overtaken_as(detail: &str) -> Problem {
    Problem::new(StatusCode::CONFLICT, OVERTAKEN, detail)
}

/// Whether a refusal is the one for what somebody else changed meanwhile.
#[must_use]
pub fn is_overtaken(problem: &Problem) -> bool {
    problem.code() == OVERTAKEN
}
