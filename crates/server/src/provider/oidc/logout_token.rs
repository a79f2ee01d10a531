//! The logout token: every check of OpenID Connect Back-Channel Logout 1.0 §2.6, by its number.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::fault::TokenFault;
use super::jws::{Trust, Unverified};
use super::token;

/// What the event is called (§2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How long a token counts that does not say when it ends.
const LIFE: SignedDuration = SignedDuration::from_mins(2);
/// The most tokens that are remembered; then the one that ends first is forgotten.
const MOST_SEEN: usize = 10_000;

/// Whose sessions a provider ends: at least one of both is there.
#[derive(Debug)]
pub struct SignedOut<'s> {
    /// All of this subject (`sub`).
    pub subject: Option<String>,
    /// That of this session at the provider (`sid`).
    pub session: Option<String>,
    shown: Shown<'s>,
}

impl SignedOut<'_> {
    /// The sessions have ended: the token counts no more. Without this it can be shown again, because providers repeat
    /// what was not taken.
    pub fn done(mut self) {
        self.shown.is_done = true;
    }
}

/// What a logout token must say.
#[derive(Clone, Copy)]
pub(super) struct ExpectedLogoutToken<'e> {
    pub(super) issuer: &'e str,
    pub(super) client_id: &'e str,
    pub(super) skew: SignedDuration,
}

/// The tokens that were shown already and have not ended: on this node, which is enough, because what a token ends on
/// one node has ended on all.
#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<BTreeMap<String, Timestamp>>);

impl Seen {
    /// Notes a token; `false` when it was noted before.
    fn note(&self, id: &str, ends_at: Timestamp, now: Timestamp) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, ends_at| *ends_at > now);
        if seen.len() >= MOST_SEEN {
            let first = seen.iter().min_by_key(|(_, ends_at)| **ends_at).map(|(id, _)| id.clone());
            first.and_then(|id| seen.remove(&id));
        }
        seen.insert(id.to_owned(), ends_at).is_none()
    }

    fn forget(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

/// A token that was noted; forgotten again unless what it asks for is done, even when nobody waits for that any more.
#[derive(Debug)]
struct Shown<'s> {
    seen: &'s Seen,
    id: String,
    is_done: bool,
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            self.seen.forget(&self.id);
        }
    }
}

/// Whom the token signs out, when all of it is as it must be.
///
/// # Errors
/// The first thing that is not.
pub(super) fn check<'s>(
    text: &str,
    expected: ExpectedLogoutToken<'_>,
    trust: Trust<'_>,
    seen: &'s Seen,
    now: Timestamp,
) -> Result<SignedOut<'s>, TokenFault> {
    // 1. An encrypted token was not asked for. 2., 3. Signed as ID tokens are.
    let verified = Unverified::read(text)?.verify(trust)?;
    // §2.4: providers should say that it is one; older ones say `JWT`, and then the event tells.
    if verified.kind.as_deref().is_some_and(|kind| kind != "logout+jwt" && kind != "jwt") {
        return Err(TokenFault::Kind);
    }
    let claims = verified.claims;
    // 4. Issuer, audience and times, as in an ID token.
    token::issuer(&claims, expected.issuer)?;
    token::audience(&claims, expected.client_id)?;
    let issued_at =
        token::not_from_the_future(&claims, now, expected.skew)?.ok_or(TokenFault::Claim("iat"))?;
    let ends_at = if claims.contains_key("exp") {
        token::not_expired(&claims, now, expected.skew)?
    } else {
        // Drafts before the final text had no `exp`.
        issued_at.saturating_add(LIFE).unwrap_or(Timestamp::MAX)
    };
    let ends_at = ends_at.saturating_add(expected.skew).unwrap_or(Timestamp::MAX);
    if ends_at <= now {
        return Err(TokenFault::Expired);
    }
    // 5. It names somebody, or a session.
    let subject = token::text(&claims, "sub")?.map(str::to_owned);
    let session = token::text(&claims, "sid")?.map(str::to_owned);
    if subject.is_none() && session.is_none() {
        return Err(TokenFault::Claim("sub"));
    }
    // 6. It is about a log-out. 7. It is no ID token.
    let is_logout = claims.get("events").and_then(|events| events.get(EVENT)).is_some_and(Value::is_object);
    if !is_logout || claims.contains_key("nonce") {
        return Err(TokenFault::Kind);
    }
    // 8. It was not shown before.
    let id = token::text(&claims, "jti")?.ok_or(TokenFault::Claim("jti"))?;
    if !seen.note(id, ends_at, now) {
        return Err(TokenFault::Replayed);
    }
    Ok(SignedOut { subject, session, shown: Shown { seen, id: id.to_owned(), is_done: false } })
}
