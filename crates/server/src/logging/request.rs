//! One line a request.

use std::borrow::Cow;
use std::time::Duration;

use patgate_core::identifier::GrantId;

use super::scrub::scrub;

/// The longest path that is logged, in bytes.
const LONGEST_PATH: usize = 200;

/// What is logged of a request. There is no room for a header, a query or a body.
#[derive(Clone, Copy, Debug)]
pub struct RequestLine<'r> {
    /// The method.
    pub method: &'r http::Method,
    /// The path; of a whole URI only its path is taken.
    pub path: &'r str,
    /// The status of the answer.
    pub status: http::StatusCode,
    /// How long the answer took.
    pub duration: Duration,
    /// The name of the proven user.
    pub user: Option<&'r str>,
    /// The grant behind the token that was used.
    pub token: Option<GrantId>,
}

impl RequestLine<'_> {
    /// Writes it, at the level `info`. Checks by proxies and probes, which are many and alike, are `debug`.
    pub fn log(&self) {
        let path = loggable_path(self.path);
        let (method, status) = (self.method.as_str(), self.status.as_u16());
        let milliseconds = self.duration.as_secs_f64() * 1_000.0;
        let token = self.token.map(tracing::field::display);
        let is_check = ["/auth", "/healthz", "/readyz"].contains(&&*path) || path.starts_with("/auth/");
        if is_check {
            tracing::debug!(target: "patgate::request", method, %path, status, milliseconds, user = self.user, token);
        } else {
            tracing::info!(target: "patgate::request", method, %path, status, milliseconds, user = self.user, token);
        }
    }
}

/// A path as it may stand in a log: without a query, without control characters, without what looks like a token,
/// cut to 200 bytes.
#[must_use]
pub fn loggable_path(path: &str) -> Cow<'_, str> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let scrubbed = scrub(path.as_bytes());
    let is_short = path.len() <= LONGEST_PATH;
    if is_short && matches!(scrubbed, Cow::Borrowed(_)) && !path.contains(char::is_control) {
        return Cow::Borrowed(path);
    }
    let scrubbed = String::from_utf8_lossy(&scrubbed);
    let mut whole: String = scrubbed.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if whole.len() > LONGEST_PATH {
        whole.truncate(whole.floor_char_boundary(LONGEST_PATH));
        whole.push('…');
    }
    Cow::Owned(whole)
}
