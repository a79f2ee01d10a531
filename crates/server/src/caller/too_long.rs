//! Requests that are too long are refused before anything of them is read.

use axum::body::HttpBody;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::{BodyLimit, Problem};

/// The most bytes of a query. What is sought in lists comes from it, and a database takes no pattern of any length.
pub const LONGEST_QUERY: usize = 16 * 1_024;

/// What of a request is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooLong {
    /// Its query has more than [`LONGEST_QUERY`] bytes.
    Query,
    /// Its body says that it is longer than the limit. One that does not say is refused when it gets there.
    Body,
}

impl TooLong {
    /// What of a request is too long, if anything.
    #[must_use]
    pub fn of(request: &Request, BodyLimit(limit): BodyLimit) -> Option<Self> {
        if request.uri().query().is_some_and(|query| query.len() > LONGEST_QUERY) {
            return Some(Self::Query);
        }
        (request.body().size_hint().lower() > limit).then_some(Self::Body)
    }
}

/// Refuses a long request for a program, without waiting for its body; the others carry the limit with them.
pub async fn refuse(State(limit): State<BodyLimit>, mut request: Request, next: Next) -> Response {
    match TooLong::of(&request, limit) {
        Some(TooLong::Query) => {
            let detail = format!("The query of the address has more than {LONGEST_QUERY} bytes");
            Problem::field("query", detail).into_response()
        }
        Some(TooLong::Body) => Problem::body_too_large(Some(limit)).into_response(),
        None => {
            request.extensions_mut().insert(limit);
            next.run(request).await
        }
    }
}
