//! One line in the log for each request to the API.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

use crate::caller::Proven;
use crate::edge::Stopwatch;
use crate::logging::RequestLine;

/// Notes method, path, status, duration, and who was proven.
pub async fn note(mut request: Request, next: Next) -> Response {
    let proven = Proven::default();
    request.extensions_mut().insert(proven.clone());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let stopwatch = Stopwatch::start();
    let response = next.run(request).await;
    let by = proven.0.get();
    RequestLine {
        method: &method,
        path: &path,
        status: response.status(),
        duration: stopwatch.elapsed(),
        user: by.map(|(user, _)| user.as_str()),
        token: by.and_then(|(_, token)| *token),
    }
    .log();
    response
}
