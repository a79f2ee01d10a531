//! One line a request.

use std::borrow::Cow;
use std::time::Duration;

use patgate_core::identifier::GrantId;
use patgate_core::token::text::is_token_shaped;

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
    let cut = path.floor_char_boundary(LONGEST_PATH);
    let is_plain =
        cut == path.len() && !path.contains(char::is_control) && !path.split('/').any(is_token_shaped);
    if is_plain {
        return Cow::Borrowed(path);
    }
    let segments: Vec<Cow<'_, str>> = path
        .split('/')
        .map(|segment| if is_token_shaped(segment) { "…".into() } else { Cow::Borrowed(segment) })
        .collect();
    let mut whole: String =
        segments.join("/").chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if whole.len() > LONGEST_PATH {
        whole.truncate(whole.floor_char_boundary(LONGEST_PATH));
        whole.push('…');
    }
    Cow::Owned(whole)
}
