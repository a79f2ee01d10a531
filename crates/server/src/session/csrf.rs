//! The token that a change must show beside the cookie: a page of another site can make a browser send the cookie, but
//! cannot read this.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderName, Method};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::caller::cross_site::is_change;
use crate::problem::Problem;

/// Where a change shows the token.
pub const HEADER: HeaderName = HeaderName::from_static("x-csrf-token");

/// Keeps these tokens apart from all other digests.
const CONTEXT: &str = "patgate 2026-11-21 csrf token";

/// A session's CSRF token. Never printed.
#[derive(Clone)]
pub struct CsrfToken(Zeroizing<String>);

impl CsrfToken {
    /// The token of a session's seed: always the same one, so that every page of a session has it.
    #[must_use]
    pub fn of_seed(seed: &[u8; 32]) -> Self {
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(blake3::derive_key(CONTEXT, seed))))
    }

    /// The text, for the pages of the session.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CsrfToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CsrfToken(…)")
    }
}

/// Refuses a change that does not show this token, once.
///
/// # Errors
/// 403.
pub fn check(token: &CsrfToken, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    if !is_change(method) {
        return Ok(());
    }
    let mut shown = headers.get_all(&HEADER).iter();
    let fits = match (shown.next(), shown.next()) {
        (Some(shown), None) => bool::from(shown.as_bytes().ct_eq(token.reveal().as_bytes())),
        _ => false,
    };
    if fits {
        Ok(())
    } else {
        let detail = "A change with a session needs the header `X-CSRF-Token` with the token of the session";
        Err(Problem::forbidden(detail).hint("`GET /api/v1/session` shows the token as `csrfToken`"))
    }
}

/// Whether a form shows this token.
#[must_use]
pub fn is_shown(token: &CsrfToken, shown: &str) -> bool {
    bool::from(shown.as_bytes().ct_eq(token.reveal().as_bytes()))
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, StatusCode};

    use super::*;

    #[test]
    fn a_change_shows_the_token_of_its_session_once() {
        let (token, other) = (CsrfToken::of_seed(&[1; 32]), CsrfToken::of_seed(&[2; 32]));
        let judge = |method: &Method, shown: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in shown {
                headers.append(HEADER, HeaderValue::from_str(value).unwrap());
            }
            check(&token, method, &headers).map_err(|problem| problem.status())
        };
        assert_eq!(judge(&Method::GET, &[]), Ok(()));
        assert_eq!(judge(&Method::HEAD, &["wrong"]), Ok(()));
        assert_eq!(judge(&Method::POST, &[token.reveal()]), Ok(()));
        for shown in [&[][..], &[""], &[other.reveal()], &[token.reveal(), token.reveal()]] {
            assert_eq!(judge(&Method::POST, shown), Err(StatusCode::FORBIDDEN));
            assert_eq!(judge(&Method::DELETE, shown), Err(StatusCode::FORBIDDEN));
        }
        let shows = |shown: &str| is_shown(&token, shown);
        assert!(shows(token.reveal()) && !shows(other.reveal()) && !shows(""));
    }
}
