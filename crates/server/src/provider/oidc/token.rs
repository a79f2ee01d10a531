//! What the three kinds of tokens have in common: who made them, for whom, and when (RFC 7519 §4.1).

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::fault::TokenFault;
use super::jws::Claims;

/// The most audiences of a token that are looked at.
const MOST_AUDIENCES: usize = 100;

/// Demands this issuer.
pub(super) fn issuer(claims: &Claims, expected: &str) -> Result<(), TokenFault> {
    match claims.get("iss") {
        Some(Value::String(issuer)) if issuer == expected => Ok(()),
        _ => Err(TokenFault::Issuer),
    }
}

/// The audiences, when this one is among them.
pub(super) fn audience<'c>(claims: &'c Claims, expected: &str) -> Result<Vec<&'c str>, TokenFault> {
    let audiences: Vec<&str> = match claims.get("aud") {
        Some(Value::String(audience)) => vec![audience],
        Some(Value::Array(list)) if list.len() <= MOST_AUDIENCES => {
            list.iter().filter_map(Value::as_str).collect()
        }
        _ => Vec::new(),
    };
    if audiences.contains(&expected) { Ok(audiences) } else { Err(TokenFault::Audience) }
}

/// Demands that it has not ended, and when it does.
pub(super) fn not_expired(
    claims: &Claims,
    now: Timestamp,
    skew: SignedDuration,
) -> Result<Timestamp, TokenFault> {
    let expires_at = time(claims, "exp")?.ok_or(TokenFault::Claim("exp"))?;
    if expires_at.saturating_add(skew).unwrap_or(Timestamp::MAX) <= now {
        return Err(TokenFault::Expired);
    }
    Ok(expires_at)
}

/// Demands that it is not from the future, and counts already; tells when it was made.
pub(super) fn not_from_the_future(
    claims: &Claims,
    now: Timestamp,
    skew: SignedDuration,
) -> Result<Option<Timestamp>, TokenFault> {
    let latest = now.saturating_add(skew).unwrap_or(Timestamp::MAX);
    let (issued_at, not_before) = (time(claims, "iat")?, time(claims, "nbf")?);
    if [issued_at, not_before].into_iter().flatten().any(|time| time > latest) {
        return Err(TokenFault::Future);
    }
    Ok(issued_at)
}

/// A text claim, when it is there.
pub(super) fn text<'c>(claims: &'c Claims, name: &'static str) -> Result<Option<&'c str>, TokenFault> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if (1..=255).contains(&text.len()) => Ok(Some(text)),
        Some(_) => Err(TokenFault::Claim(name)),
    }
}

/// A time: seconds since 1970, which may have a fraction (RFC 7519 §2, NumericDate).
fn time(claims: &Claims, name: &'static str) -> Result<Option<Timestamp>, TokenFault> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_f64().filter(|seconds| (0.0..1e11).contains(seconds));
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is checked, and the fraction does not count"
    )]
    let time = seconds.and_then(|seconds| Timestamp::from_second(seconds as i64).ok());
    time.map(Some).ok_or(TokenFault::Claim(name))
}
