//! Refusals of SCIM: their codes are those of RFC 7644 §3.12, table 9, in our spelling.

use http::StatusCode;

use crate::problem::Problem;

/// A filter that cannot be read or answered.
pub const INVALID_FILTER: &str = "invalid_filter";
/// A path that cannot be read.
pub const INVALID_PATH: &str = "invalid_path";
/// A body of another form.
pub const INVALID_SYNTAX: &str = "invalid_syntax";
/// A value that is missing, or none that can be kept.
pub const INVALID_VALUE: &str = "invalid_value";
/// Something that is not changed.
pub const MUTABILITY: &str = "mutability";
/// A change of nothing.
pub const NO_TARGET: &str = "no_target";
/// More than one request may ask.
pub const TOO_MANY: &str = "too_many";
/// A name or a key that is taken.
pub const UNIQUENESS: &str = "uniqueness";

/// 400 with one of the codes above.
#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands over the error that is told")]
pub fn bad(code: &'static str, detail: impl ToString) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, code, detail.to_string())
}

/// 409: it is taken.
pub fn uniqueness(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::CONFLICT, UNIQUENESS, detail)
}
