//! Sessions of the pages: a cookie with 256 random bits, of which the database holds a digest.
//!
//! A session lives while it is used, and at most a week ([`life`]). It ends when its user signs out, signs in again
//! with it, changes the password, is disabled or deleted. A change that comes with the cookie also needs the CSRF token
//! that only a page of this site can read ([`csrf`]).

pub mod cookie;
pub mod csrf;
pub mod life;
mod name;

use std::fmt;

use futures_util::future::BoxFuture;
use http::{HeaderMap, Method};
use jiff::{SignedDuration, Timestamp};
use patgate_core::identifier::UserId;
use patgate_gateway::credentials::{self, Credential, SessionCookie};

pub use self::cookie::SessionSecret;
pub use self::csrf::CsrfToken;
pub use self::name::SessionName;
use crate::problem::Problem;
use crate::state::AppState;

/// How exactly the database knows when a session was last seen: a request within this time writes nothing.
const SEEN_STEP: SignedDuration = SignedDuration::from_mins(1);

/// The digest of a session's cookie, which is how the database knows the session. It tells nothing about the cookie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionDigest([u8; 32]);

impl SessionDigest {
    /// For its column.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SessionDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SessionDigest(…)")
    }
}

/// A session that has not ended.
#[derive(Clone, Debug)]
pub struct LiveSession {
    /// Who signed in.
    pub user: UserId,
    /// Which session.
    pub digest: SessionDigest,
    /// What a change with this session must show.
    pub csrf: CsrfToken,
    /// When it ends, if nothing more is done with it.
    pub expires_at: Timestamp,
    created_at: Timestamp,
    seen_at: Timestamp,
}

impl LiveSession {
    /// Refuses a change that does not show the session's CSRF token in the header `X-CSRF-Token`.
    ///
    /// # Errors
    /// 403.
    pub fn check_change(&self, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
        csrf::check(&self.csrf, method, headers)
    }

    /// Whether a form of a page shows the session's CSRF token: it was made for this session.
    #[must_use]
    pub fn made_form(&self, shown: &str) -> bool {
        csrf::is_shown(&self.csrf, shown)
    }
}

/// Under which name the session cookie counts here.
#[must_use]
pub fn cookie_name(state: &AppState) -> SessionCookie {
    SessionCookie::of(state.public_url.is_https())
}

/// The session that the browser still has, whether it counts or not.
#[must_use]
pub fn previous(state: &AppState, headers: &HeaderMap) -> Option<SessionDigest> {
    match credentials::find(headers, state.gateway.token_headers(), Some(cookie_name(state))) {
        Ok(Credential::Session(secret)) => Some(cookie::digest(secret.reveal())),
        _ => None,
    }
}

/// The session of this digest, unless it has ended. Notes that it was seen.
///
/// # Errors
/// When the database does not answer.
pub fn find(state: &AppState, digest: SessionDigest) -> BoxFuture<'_, Result<Option<LiveSession>, Problem>> {
    Box::pin(async move {
        let Some(mut live) = look(state, digest).await? else { return Ok(None) };
        let now = state.clock.now();
        if now.duration_since(live.seen_at) >= SEEN_STEP {
            state.store.touch_sessions(&[(*digest.as_bytes(), now)]).await?;
            live.seen_at = now;
            live.expires_at = life::ends_at(live.created_at, now);
        }
        Ok(Some(live))
    })
}

/// As [`find`], for what goes on by itself while somebody is away: it notes nothing, so that the session ends as if
/// it were not used.
///
/// # Errors
/// When the database does not answer.
pub async fn look(state: &AppState, digest: SessionDigest) -> Result<Option<LiveSession>, Problem> {
    let Some(session) = state.store.session(digest.as_bytes()).await? else { return Ok(None) };
    if life::has_ended(session.created_at, session.seen_at, state.clock.now()) {
        return Ok(None);
    }
    Ok(Some(LiveSession {
        user: session.user,
        digest,
        csrf: CsrfToken::of_seed(&session.csrf_seed),
        expires_at: life::ends_at(session.created_at, session.seen_at),
        created_at: session.created_at,
        seen_at: session.seen_at,
    }))
}
