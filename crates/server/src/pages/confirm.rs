//! The page before a destructive act: it names what is destroyed, and asks once more with another button.

use askama::Template;
use axum::response::{Html, IntoResponse};
use http::StatusCode;

use super::{Notice, PageResult, Shell};
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
    /// Where to go instead, without the base.
    pub(super) cancel: String,
}

impl Confirm {
    /// The page.
    pub(super) fn ask(self) -> PageResult {
        Ok(Html(self.render()?).into_response())
    }

    /// The page again, with why it did not work.
    pub(super) fn refused(self, problem: &Problem) -> PageResult {
        let status = problem.status();
        if status == StatusCode::NOT_FOUND || status.is_server_error() {
            return Err(problem.clone().into());
        }
        let shell = self.shell.with_notice(Some(Notice::Failed(problem.sentence())));
        Ok((status, Html(Self { shell, ..self }.render()?)).into_response())
    }
}
