//! The page before a destructive act: it names what is destroyed, and asks once more with another button.

use askama::Template;
use axum::response::{Html, IntoResponse};
use http::StatusCode;

use super::{Notice, PageResult, Refused, Shell};
use crate::problem::Problem;

/// The page.
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

/// A question whose form says more than that somebody agrees.
pub(super) struct Carrying {
    confirm: Confirm,
    /// Names and values that go along.
    fields: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "pages/confirm.html")]
struct ConfirmPage<'c> {
    shell: &'c Shell,
    confirm: &'c Confirm,
    fields: &'c [(&'static str, String)],
}

impl Confirm {
    /// The same with fields that go along.
    pub(super) fn carrying(self, fields: Vec<(&'static str, String)>) -> Carrying {
        Carrying { confirm: self, fields }
    }

    /// The page, for who was told beforehand whether the act would be refused: one that would be is not asked for, and
    /// the page says why.
    pub(super) fn ask_unless(self, foreseen: Result<(), Problem>) -> PageResult {
        self.carrying(Vec::new()).ask_unless(foreseen)
    }

    /// The page.
    pub(super) fn ask(self) -> PageResult {
        self.carrying(Vec::new()).ask()
    }

    /// The page again, with why it did not work.
    pub(super) fn refused(self, problem: Problem) -> PageResult {
        self.carrying(Vec::new()).refused(problem)
    }
}

impl Carrying {
    /// As [`Confirm::ask_unless`].
    pub(super) fn ask_unless(mut self, foreseen: Result<(), Problem>) -> PageResult {
        match foreseen {
            Ok(()) => self.ask(),
            Err(problem) => {
                self.confirm.is_possible = false;
                self.refused(problem)
            }
        }
    }

    /// As [`Confirm::ask`].
    pub(super) fn ask(self) -> PageResult {
        self.answer(StatusCode::OK)
    }

    /// As [`Confirm::refused`].
    pub(super) fn refused(mut self, problem: Problem) -> PageResult {
        let problem = Refused::unless_shown(problem)?;
        self.confirm.shell = self.confirm.shell.with_notice(Some(Notice::Failed(problem.sentence())));
        self.answer(problem.status())
    }

    fn answer(&self, status: StatusCode) -> PageResult {
        let Self { confirm, fields } = self;
        let page = ConfirmPage { shell: &confirm.shell, confirm, fields };
        Ok((status, Html(page.render()?)).into_response())
    }
}
