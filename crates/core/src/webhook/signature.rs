//! Signatures over a body: HMAC-SHA256 (RFC 2104), as GitHub and Standard Webhooks write it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{LONGEST_MESSAGE_ID, Refused};
use crate::hexadecimal;

/// How far the time of a Standard Webhooks message may be from ours, either way.
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// What stands before the base64 of a Standard Webhooks secret.
const PREFIX: &str = "whsec_";

/// A secret with which bodies are signed: the key of an HMAC.
#[derive(Clone)]
pub struct SigningSecret(Zeroizing<Vec<u8>>);

/// Why a text is no secret of Standard Webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret of Standard Webhooks is `whsec_` and the base64 of 16 to 64 bytes")]
pub struct NotASigningSecret;

impl SigningSecret {
    /// The bytes of a text, as GitHub takes them.
    #[must_use]
    pub fn plain(text: &str) -> Self {
        Self(Zeroizing::new(text.as_bytes().to_vec()))
    }

    /// The bytes that `whsec_…` stands for; the prefix may be missing. The specification asks for 24 to 64 bytes; some
    /// senders make secrets of 16.
    ///
    /// # Errors
    /// [`NotASigningSecret`].
    pub fn standard(text: &str) -> Result<Self, NotASigningSecret> {
        let text = text.trim();
        let encoded = text.strip_prefix(PREFIX).unwrap_or(text);
        let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| NotASigningSecret)?);
        if (16..=64).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(NotASigningSecret) }
    }

    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        // An HMAC takes a key of any length; none of these errors can come.
        let mac = Hmac::<Sha256>::new_from_slice(&self.0);
        let mut mac = mac.unwrap_or_else(|_| Hmac::new(&Default::default()));
        parts.iter().for_each(|part| mac.update(part));
        mac
    }
}

impl std::fmt::Debug for SigningSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SigningSecret(…)")
    }
}

/// The value of `webhook-signature` for a message (Standard Webhooks, *Signature scheme*).
#[must_use]
pub fn sign(secret: &SigningSecret, id: &str, at: Timestamp, body: &[u8]) -> String {
    let time = at.as_second().to_string();
    let mac = secret.mac(&[id.as_bytes(), b".", time.as_bytes(), b".", body]);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// Judges `X-Hub-Signature-256`: `sha256=` and the hexadecimal HMAC of the body (GitHub, *Validating webhook
/// deliveries*).
pub(super) fn judge_github(secrets: &[SigningSecret], signature: &str, body: &[u8]) -> Result<(), Refused> {
    let mut bytes = [0; 32];
    let digits = signature.trim().strip_prefix("sha256=");
    let read = digits.and_then(|digits| hexadecimal::read(digits, &mut bytes));
    read.ok_or(Refused::Malformed("x-hub-signature-256"))?;
    let is_right = |secret: &SigningSecret| secret.mac(&[body]).verify_slice(&bytes).is_ok();
    if secrets.iter().any(is_right) { Ok(()) } else { Err(Refused::Wrong) }
}

/// Judges the three headers of Standard Webhooks. One of several signatures, separated by blanks, is enough; those of
/// other versions than `v1` are passed over.
pub(super) fn judge_standard(
    secrets: &[SigningSecret],
    (id, timestamp, signatures): (&str, &str, &str),
    body: &[u8],
    now: Timestamp,
) -> Result<(), Refused> {
    // By a longer one a repetition would not be known.
    if id.is_empty() || id.len() > LONGEST_MESSAGE_ID {
        return Err(Refused::Malformed("webhook-id"));
    }
    let is_number = timestamp.bytes().all(|digit| digit.is_ascii_digit());
    let seconds = timestamp.parse::<i64>().ok().filter(|_| is_number);
    let at = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    let at = at.ok_or(Refused::Malformed("webhook-timestamp"))?;
    let decoded: Vec<_> = signatures
        .split_ascii_whitespace()
        .filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok())
        .collect();
    if decoded.is_empty() {
        return Err(Refused::Malformed("webhook-signature"));
    }
    let is_right = |secret: &SigningSecret| {
        let mac = secret.mac(&[id.as_bytes(), b".", timestamp.as_bytes(), b".", body]);
        decoded.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
    };
    if !secrets.iter().any(is_right) {
        return Err(Refused::Wrong);
    }
    // Said only to who holds the secret.
    if now.duration_since(at).abs() > TOLERANCE {
        return Err(Refused::Stale);
    }
    Ok(())
}
