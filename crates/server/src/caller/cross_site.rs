//! Changes that a foreign page makes a browser send are refused, whatever the credential.
//!
//! A change is any method but GET, HEAD and OPTIONS. Foreign is an `Origin` (RFC 6454 §7) other than the server's own,
//! or `Sec-Fetch-Site: cross-site` (W3C Fetch Metadata §2.4). Programs send neither.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{HOST, HeaderMap, ORIGIN};
use http::{Method, Uri};

use crate::problem::Problem;
use crate::state::AppState;

/// Refuses a foreign change with 403, before anything else is looked at.
pub async fn refuse(State(state): State<AppState>, request: Request, next: Next) -> Response {
    match judge(&state, &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// Whether a request may be looked at.
///
/// # Errors
/// 403 for a foreign change.
pub fn judge(state: &AppState, request: &Request) -> Result<(), Problem> {
    let own = state.public_url.origin();
    if is_change(request.method()) && is_foreign(request.headers(), request.uri(), own) {
        return Err(Problem::forbidden("A page of another site cannot make changes here"));
    }
    Ok(())
}

/// Whether a method may change something.
#[must_use]
pub fn is_change(method: &Method) -> bool {
    ![Method::GET, Method::HEAD, Method::OPTIONS].contains(method)
}

/// The own origin is that of `public_url`, or the very address the request was sent to: a browser names in `Origin`
/// the site of the page, and a foreign page cannot be on the host it calls.
fn is_foreign(headers: &HeaderMap, uri: &Uri, own: &str) -> bool {
    if headers
        .get_all("sec-fetch-site")
        .iter()
        .any(|site| site.as_bytes().eq_ignore_ascii_case(b"cross-site"))
    {
        return true;
    }
    let host =
        headers.get(HOST).map(|host| host.as_bytes()).or(uri.authority().map(|a| a.as_str().as_bytes()));
    headers.get_all(ORIGIN).iter().any(|origin| {
        let origin = origin.as_bytes();
        let same_host = ["http://", "https://"]
            .iter()
            .any(|scheme| host.is_some_and(|host| origin.strip_prefix(scheme.as_bytes()) == Some(host)));
        !origin.eq_ignore_ascii_case(own.as_bytes()) && !same_host
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(headers: &[(&str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        is_foreign(&map, &Uri::from_static("/"), "https://pat.example.org")
    }

    #[test]
    fn a_foreign_page_is_told_from_a_program_and_from_an_own_page() {
        let host = ("host", "127.0.0.1:5516");
        assert!(!foreign(&[host]));
        assert!(!foreign(&[host, ("origin", "https://pat.example.org")]));
        assert!(!foreign(&[host, ("origin", "http://127.0.0.1:5516"), ("sec-fetch-site", "same-origin")]));
        assert!(foreign(&[host, ("origin", "https://evil.example")]));
        assert!(foreign(&[host, ("origin", "null")]));
        assert!(foreign(&[host, ("origin", "http://127.0.0.1:5517")]));
        assert!(foreign(&[host, ("origin", "https://pat.example.org"), ("origin", "https://evil.example")]));
        assert!(foreign(&[host, ("sec-fetch-site", "cross-site")]));
    }
}
