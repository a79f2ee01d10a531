//! A refusal, of which nobody is told here.

use axum::response::{IntoResponse, Response};
use http::StatusCode;

/// The most bytes of a body.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimit(pub u64);

/// Why a request is refused.
#[derive(Debug)]
pub struct Problem {
    code: &'static str,
}

impl Problem {
    /// For some reason.
    pub fn new(_status: StatusCode, code: &'static str, _detail: impl Into<String>) -> Self {
        Self { code }
    }

    /// Because of a field.
    pub fn field(_field: impl Into<String>, _detail: impl ToString) -> Self {
        Self { code: "invalid_field" }
    }

    /// Because of the body as a whole.
    pub fn body(code: &'static str, _detail: impl Into<String>) -> Self {
        Self { code }
    }

    /// Because it is too long.
    #[must_use]
    pub fn body_too_large(_limit: Option<BodyLimit>) -> Self {
        Self { code: "body_too_large" }
    }

    /// Because of a fault of our own.
    pub fn internal(_error: impl std::fmt::Display) -> Self {
        Self { code: "internal" }
    }

    /// The word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// With what to do next.
    #[must_use]
    pub fn hint(self, _hint: impl Into<String>) -> Self {
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        StatusCode::BAD_REQUEST.into_response()
    }
}
