//! A provider's access token on the API: a JWT that was made for it (RFC 9068 §4).

use jiff::{SignedDuration, Timestamp};

use super::claims;
use super::fault::TokenFault;
use super::jws::{Trust, Unverified};
use super::settings::AccessTokenSettings;
use super::token;

/// The provider's own key for whoever the token speaks for.
///
/// # Errors
/// The first thing that is not as it must be.
pub(super) fn check(
    text: &str,
    settings: &AccessTokenSettings,
    (external_id, skew): (&str, SignedDuration),
    trust: Trust<'_>,
    now: Timestamp,
) -> Result<String, TokenFault> {
    let verified = Unverified::read(text)?.verify(trust)?;
    let is_declared = match verified.kind.as_deref() {
        // What RFC 9068 §2.1 calls it.
        Some("at+jwt") => true,
        // What providers write that are older than that.
        Some("jwt") | None => false,
        Some(_) => return Err(TokenFault::Kind),
    };
    let told = verified.claims;
    token::issuer(&told, &settings.issuer)?;
    token::audience(&told, &settings.audience)?;
    token::not_expired(&told, now, skew)?;
    token::not_from_the_future(&told, now, skew)?;
    // An ID token opens nothing, nor does a logout token (RFC 8725 §2.8).
    let is_other = ["nonce", "at_hash", "c_hash", "events"].into_iter().any(|name| told.contains_key(name));
    if is_other && !is_declared {
        return Err(TokenFault::Kind);
    }
    claims::find(&told, external_id).and_then(claims::text).ok_or(TokenFault::Claim("sub"))
}
