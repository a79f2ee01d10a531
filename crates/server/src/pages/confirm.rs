//! The page before a destructive act: it names what is destroyed, and asks once more with another button.

use askama::Template;
use axum::response::{Html, IntoResponse};
use http::StatusCode;

use super::{Notice, PageResult, Refused, Shell};
use crate::problem::Problem;

/// The page.
#[derive(Template)]
#[template(path = "pages/confirm.html")]
pub(super) struct Confirm {
    /// The surroundings.
    pub(super) shell: Shell,
    /// The question.
    pub(super) heading: String,
    /// What follows from it, in sentences.
    pub(super) sentences: Vec<String>,
    /// Where the form goes, without the base.
    pub(super) action: String,
    /// What the button says.
    pub(super) button: &'static str,
    /// Whether something is lost.
    pub(super) is_danger: bool,
    /// Whether it can be done at all: else there is no button.
    pub(super) is_possible: bool,
    /// Where to go instead, without the base.
    pub(super) cancel: String,
}

impl Confirm {
    /// The page, for who was told beforehand whether the act would be refused: one that would be is not asked for, and
    /// the page says why.
    pub(super) fn ask_unless(self, foreseen: Result<(), Problem>) -> PageResult {
        match foreseen {
            Ok(()) => self.ask(),
            Err(problem) => Self { is_possible: false, ..self }.refused(problem),
        }
    }

    /// The page.
    pub(super) fn ask(self) -> PageResult {
        self.answer(StatusCode::OK)
    }

    /// The page again, with why it did not work.
    pub(super) fn refused(self, problem: Problem) -> PageResult {
        let problem = Refused::unless_shown(problem)?;
        let shell = self.shell.with_notice(Some(Notice::Failed(problem.sentence())));
        Self { shell, ..self }.answer(problem.status())
    }

    fn answer(&self, status: StatusCode) -> PageResult {
        Ok((status, Html(self.render()?)).into_response())
    }
}
