//! The ID token: every check of OIDC Core §3.1.3.7, by its number.

use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq;

use super::fault::TokenFault;
use super::jws::{Claims, Trust, Unverified};
use super::token;

/// What an ID token must say.
#[derive(Clone, Copy)]
pub(super) struct ExpectedIdToken<'e> {
    pub(super) issuer: &'e str,
    pub(super) client_id: &'e str,
    pub(super) skew: SignedDuration,
    /// That of the sign-in; a refreshed token has none to be held against (§12.2).
    pub(super) nonce: Option<&'e str>,
}

/// What the token says, when all of it is as it must be.
///
/// # Errors
/// The first thing that is not.
pub(super) fn check(
    text: &str,
    expected: ExpectedIdToken<'_>,
    trust: Trust<'_>,
    now: Timestamp,
) -> Result<Claims, TokenFault> {
    // 1. An encrypted token has five parts; none is asked for, and it is refused as malformed.
    // 6. The signature is checked although the token comes straight from the provider.
    // 7. With an algorithm that was agreed on. 8. With HMAC the key is the client secret.
    let verified = Unverified::read(text)?.verify(trust)?;
    // A logout token and an access token say what they are (Back-Channel Logout §2.4, RFC 9068 §2.1).
    if verified.kind.as_deref().is_some_and(|kind| kind != "jwt") {
        return Err(TokenFault::Kind);
    }
    let claims = verified.claims;
    // 2. The issuer is the provider that was asked.
    token::issuer(&claims, expected.issuer)?;
    // 3. It is for this client. Another audience beside it is one that we do not know, so that
    // 4., 5. the provider must say then that it was given to this client.
    let audiences = token::audience(&claims, expected.client_id)?;
    let party = token::text(&claims, "azp")?;
    let is_shared = audiences.iter().any(|audience| *audience != expected.client_id);
    if party.is_some_and(|party| party != expected.client_id) || (is_shared && party.is_none()) {
        return Err(TokenFault::AuthorizedParty);
    }
    // 9. It has not expired.
    token::not_expired(&claims, now, expected.skew)?;
    // 10. When it was made: it must say so (§2), and no token of the future counts.
    if token::not_from_the_future(&claims, now, expected.skew)?.is_none() {
        return Err(TokenFault::Claim("iat"));
    }
    // 11. It belongs to this sign-in.
    if let Some(nonce) = expected.nonce {
        let shown = token::text(&claims, "nonce")?.unwrap_or_default();
        if !bool::from(shown.as_bytes().ct_eq(nonce.as_bytes())) {
            return Err(TokenFault::Nonce);
        }
    }
    // 12., 13. Neither `acr` nor `auth_time` was asked for.
    if token::text(&claims, "sub")?.is_none() {
        return Err(TokenFault::Claim("sub"));
    }
    Ok(claims)
}
