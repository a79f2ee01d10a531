//! What is refused at the address of a page before, or beside, the page itself: told to a person, who reads what to do next.

use std::any::Any;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::Refused;
use crate::caller::cross_site;
use crate::caller::too_long::{LONGEST_QUERY, TooLong};
use crate::problem::{BodyLimit, Problem};
use crate::state::AppState;

/// Refuses what is too long, and changes that a page of another site asks for. The rest carries the limit with it.
pub(super) async fn refuse(
    State((state, limit)): State<(AppState, BodyLimit)>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refused> {
    match TooLong::of(&request, limit) {
        Some(TooLong::Query) => return Err(long_address().into()),
        Some(TooLong::Body) => return Err(long_form(Some(limit)).into()),
        None => {}
    }
    cross_site::judge(&state, &request)?;
    request.extensions_mut().insert(limit);
    Ok(next.run(request).await)
}

/// What somebody does whose form was too long.
pub(super) const LESS: &str = "Nothing was saved. Go back, enter less, and send the form again";

/// 413: a form that is longer than the server takes (RFC 9110 §15.5.14).
pub(super) fn long_form(limit: Option<BodyLimit>) -> Problem {
    Problem::body_too_large(limit).hint(LESS)
}

/// 405: what a page does not do.
pub(super) async fn no_such_method() -> Refused {
    let detail = "This page takes no such request";
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail);
    problem.hint("Open the page anew, and use what is on it").into()
}

/// 500: a fault of our own.
pub(super) fn panicked(_: Box<dyn Any + Send>) -> Response {
    Refused::Problem(Problem::internal("a handler panicked")).into_response()
}

/// 414: a query that is longer than the server takes (RFC 9110 §15.5.15).
fn long_address() -> Problem {
    let detail =
        format!("The address is longer than the {LONGEST_QUERY} bytes that this server takes after the `?`");
    let problem = Problem::new(StatusCode::URI_TOO_LONG, "address_too_long", detail);
    problem.hint("Open the page anew, and search for less")
}
