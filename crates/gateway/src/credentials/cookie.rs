//! The session cookie of the web pages (RFC 6265 §4.2.1).

use http::header::{COOKIE, HeaderMap};

use super::secret::Secret;
use super::{CredentialFault, LONGEST};

/// Under which name the session cookie counts: one of the two, never both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionCookie {
    /// The public URL is https. The prefix makes browsers refuse it from anybody but this host, over https.
    Secure,
    /// The public URL is plain http.
    Plain,
}

impl SessionCookie {
    /// The kind that goes with the scheme of the public URL.
    #[must_use]
    pub const fn of(is_https: bool) -> Self {
        if is_https { Self::Secure } else { Self::Plain }
    }

    /// The cookie's name, which is compared with case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Secure => "__Host-patgate_session",
            Self::Plain => "patgate_session",
        }
    }
}

/// The value of the session cookie. Other cookies may hold what they like; several `Cookie` lines are one
/// (RFC 9113 §8.2.3).
pub(super) fn find(
    headers: &HeaderMap,
    cookie: SessionCookie,
) -> Result<Option<Secret<'_>>, CredentialFault> {
    let mut found = None;
    let pairs =
        headers.get_all(COOKIE).into_iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    for pair in pairs {
        let pair = pair.trim_ascii();
        let Some(value) = pair.strip_prefix(cookie.name().as_bytes()) else { continue };
        let Some(value) = value.trim_ascii_start().strip_prefix(b"=") else { continue };
        if found.replace(value.trim_ascii()).is_some() {
            return Err(CredentialFault::TwoSessions(cookie.name()));
        }
    }
    let Some(value) = found else { return Ok(None) };
    if value.len() > LONGEST {
        return Err(CredentialFault::TooLong(COOKIE));
    }
    match std::str::from_utf8(value) {
        Ok("") => Err(CredentialFault::Empty(COOKIE)),
        Ok(value) if value.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Some(Secret::Shown(value))),
        _ => Err(CredentialFault::NotText(COOKIE)),
    }
}
