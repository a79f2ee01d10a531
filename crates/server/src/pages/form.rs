//! What forms share: a name in the path, fields read as their types, and the summary of what is wrong on top.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use http::StatusCode;
use http::request::Parts;

use super::field::Field;
use super::refused::Refused;
use super::{Fields, Notice};
use crate::problem::Problem;
pub(super) use crate::problem::sentence;
use crate::service::shown::Shown;

/// One thing that is wrong with a form, for the summary: a link to its field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The identifier of the field on the page.
    pub(super) field: String,
    /// What is wrong, as a sentence.
    pub(super) text: String,
}

impl Fault {
    /// What is wrong with these fields, in their order.
    #[must_use]
    pub(super) fn of<'f>(fields: impl IntoIterator<Item = &'f Field>) -> Vec<Self> {
        let faults = fields.into_iter().filter_map(|field| {
            let text = field.error.clone()?;
            Some(Self { field: field.name.to_owned(), text: format!("{}: {text}", field.label) })
        });
        faults.collect()
    }
}

/// One thing that is not in the form as it is stored, for people to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// What it is called on the page.
    pub(super) label: &'static str,
    /// As it is stored now.
    pub(super) stored: String,
    /// As the form has it.
    pub(super) wanted: String,
}

impl Difference {
    /// Those of these fields that are not as they are stored.
    #[must_use]
    pub(super) fn of<'f>(fields: impl IntoIterator<Item = (&'f Field, String)>) -> Vec<Self> {
        let differing = fields.into_iter().filter(|(field, stored)| field.value != *stored);
        differing
            .map(|(field, stored)| Self { label: field.label, stored, wanted: field.value.clone() })
            .collect()
    }
}

/// What is said above the form of something stored when a link filled it with other values.
#[must_use]
pub(super) fn unsaved() -> Notice {
    let text = "Not saved yet: these values came with the link, or from before you logged in. Check them before you \
                save.";
    Notice::Told(text.to_owned())
}

/// What a form is shown again with that was refused as a whole.
#[must_use]
pub(super) fn failed(problem: &Problem) -> (StatusCode, Option<Notice>) {
    (problem.status(), Some(Notice::Failed(problem.sentence())))
}

/// What is said above a form that another part of a list has come into.
#[must_use]
pub(super) fn still_unsaved() -> Notice {
    Notice::Told("What you typed or chose here is not saved yet.".to_owned())
}

/// What the form says it was shown. A field that is absent must not empty what is stored, so all must be there.
///
/// # Errors
/// 400 for a form without one of these fields.
pub(super) fn complete(fields: &Fields, names: &[&str]) -> Result<Shown, Problem> {
    let shown = fields.text("shown");
    if shown.is_empty() || !names.iter().all(|name| fields.has(name)) {
        let status = http::StatusCode::BAD_REQUEST;
        let problem =
            Problem::new(status, "incomplete_form", "A part of the form is missing, so nothing is saved");
        return Err(problem.hint("Open the page again, and send its form"));
    }
    Ok(Shown::from_form(shown))
}

/// The one part of a path that names something. What can be no such name is not there.
pub(super) struct Named<T>(pub(super) T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let params = RawPathParams::from_request_parts(parts, state).await.ok();
        let named = params.and_then(|params| params.iter().next().and_then(|(_, text)| text.parse().ok()));
        named.map(Self).ok_or_else(|| Problem::not_found("page").into())
    }
}

/// Reads what is typed in a field; what is wrong with it stands beside the field then.
pub(super) fn read<T: FromStr>(field: &mut Field) -> Option<T>
where
    T::Err: Display,
{
    match field.value.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            field.error = Some(sentence(&error));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_names_each_field_that_is_wrong() {
        let wrong = Field { error: Some("Too long.".to_owned()), ..Field::new("name", "Name", "x") };
        let faults = Fault::of([&Field::new("email", "E-mail", ""), &wrong]);
        assert_eq!(faults, [Fault { field: "name".to_owned(), text: "Name: Too long.".to_owned() }]);
    }
}
