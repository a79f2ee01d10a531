//! Forms of pages.

#[path = "../../crates/server/src/pages/submitted.rs"]
#[expect(dead_code, reason = "what a page does with them is asked elsewhere")]
mod submitted;

pub use self::submitted::Fields;

/// The bytes that a link may take within the address of the log-in page.
pub const LONGEST_LINK: usize = submitted::LONGEST_NEXT;

/// The bytes of a text within a query.
#[must_use]
pub fn escaped_length(text: &str) -> usize {
    submitted::escaped_length(text)
}

/// What is refused beside a page.
mod guard {
    use crate::problem::{BodyLimit, Problem};

    /// What somebody does whose form was too long.
    pub(super) const LESS: &str = "";

    /// A form that is too long.
    pub(super) fn long_form(limit: Option<BodyLimit>) -> Problem {
        Problem::body_too_large(limit)
    }
}

/// Refusals of pages.
pub mod refused {
    use axum::response::{IntoResponse, Response};

    use super::Fields;
    use crate::problem::Problem;

    /// One.
    #[derive(Debug)]
    pub enum Refused {
        /// For a reason.
        Problem(Problem),
        /// Who is not signed in goes on there afterwards.
        LogIn {
            /// Where.
            next: String,
        },
        /// What was typed is kept by the answer.
        Kept {
            /// It.
            typed: Fields,
        },
        /// A form comes back with what was typed.
        Restore {
            /// It.
            typed: Fields,
        },
    }

    impl From<Problem> for Refused {
        fn from(problem: Problem) -> Self {
            Self::Problem(problem)
        }
    }

    impl IntoResponse for Refused {
        fn into_response(self) -> Response {
            match self {
                Self::Problem(problem) => problem.into_response(),
                Self::LogIn { next } => next.into_response(),
                Self::Kept { typed } | Self::Restore { typed } => format!("{typed:?}").into_response(),
            }
        }
    }
}

/// Who opens a page.
pub mod visitor {
    use http::request::Parts;

    use super::refused::Refused;
    use crate::state::AppState;

    /// Somebody.
    #[derive(Debug)]
    pub struct Visitor {
        /// Where they signed in.
        pub session: Session,
    }

    /// A session.
    #[derive(Debug)]
    pub struct Session;

    impl Session {
        /// Whether a form is of it.
        #[must_use]
        pub fn made_form(&self, _shown: &str) -> bool {
            true
        }
    }

    /// Nobody is signed in.
    #[expect(clippy::unused_async, reason = "a server looks into its database")]
    pub(super) async fn of_request(_: &Parts, _: &AppState) -> Result<Option<Visitor>, Refused> {
        Ok(None)
    }
}
